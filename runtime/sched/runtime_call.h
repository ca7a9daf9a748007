// The way into the runtime, for every public function that touches a G, an M or
// a P.
//
// Such a function begins with a RuntimeCall, or with a ParkingCall if the
// function may park. From there to the end of the scope three things hold.
//   the thread is in the runtime, so no preemption comes (core/in_runtime.h);
//   the caller is a goroutine, on an M that has a P;
//   if preemption took the P before, the thread has got a P back.
// A call from outside a goroutine ends the process. The message says what to do
// instead.
//
// Why this is hard. A goroutine may leave the scope on another thread than the
// one where it entered. So the destructor does not restore the state of a
// thread. The destructor puts back the value that the constructor found, and
// this value lies on the goroutine's stack (PRE-1).
#pragma once

#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/core/p.h"

namespace mn {

namespace internal {
// The slow way in. Returns at once if the call comes from inside another one.
// Gets a P for a goroutine that preemption has detached. Ends the process if
// the caller is no goroutine. `function` is the public name, for the message.
// Any thread, in the runtime. May block the thread until a P is free.
void EnterWithoutP(const char* function);
// Ends the process. The message says where `function` must be called.
// Any thread.
[[noreturn]] void NotOnGoroutine(const char* function);
// Reads or writes the errno of the thread that runs the call. A compiler may
// keep the address of errno across a switch, and then `errno` is the variable
// of the thread before. These functions are never inlined, so they compute the
// address anew.
// Any thread. Async-signal-safe.
int GetErrno();
void SetErrno(int value);
// Answers a preempt request. The calling goroutine goes to the end of the
// global queue, and the call returns when the goroutine runs again.
// Called by a goroutine, in the runtime. May return on another thread.
// Mirrors: gopreempt_m
void YieldToPreemption();
}  // namespace internal

// For functions that never park. Does not give way to a preempt request.
// Used by a goroutine. RuntimeCalls nest.
class RuntimeCall {
 public:
  // `function` is the public name, for the message of NotOnGoroutine.
  explicit RuntimeCall(const char* function)
      : was_(EnterRuntime()), m_(getm()) {
    // One branch for all rare cases. `was_` is true inside another call, and on
    // g0, where no goroutine is.
    if (was_ || m_ == nullptr || m_->p == nullptr) [[unlikely]] {
      internal::EnterWithoutP(function);
    }
  }
  ~RuntimeCall() { LeaveRuntime(was_); }
  RuntimeCall(const RuntimeCall&) = delete;
  RuntimeCall& operator=(const RuntimeCall&) = delete;

  // The calling goroutine, and its M. Both are valid until the goroutine parks
  // or yields. Afterwards the goroutine may be on another M.
  G* g() const { return m_->curg; }
  M* m() const { return m_; }

 protected:
  const bool was_;
  M* m_;
};

// For functions that may park. First gives way to a preempt request that met
// the thread in the runtime and had to wait (PRE-2). So a goroutine that calls
// the runtime all the time gives way too.
// Used by a goroutine. The constructor may yield, and the goroutine may be on
// another thread afterwards.
class ParkingCall : public RuntimeCall {
 public:
  explicit ParkingCall(const char* function) : RuntimeCall(function) {
    if (PreemptPending()) [[unlikely]] {
      internal::YieldToPreemption();
      m_ = getm();  // the goroutine may be on another thread now
    }
  }
};

}  // namespace mn
