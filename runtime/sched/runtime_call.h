// RuntimeCall: the way into the runtime, for every public function that touches
// a G, an M or a P.
//
// On construction: the thread is in the runtime (core/in_runtime.h), the caller
// is a goroutine on an M with a P (or the process ends with a message that says
// what to do instead), and a P that preemption took meanwhile is back. On
// destruction the thread is as before. A goroutine may leave on another thread
// than it entered on (PRE-1).
#pragma once

#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/core/p.h"

namespace mn {

namespace internal {
// The slow way in: nothing, gets the P back, or ends the process.
void EnterWithoutP(const char* function);
// Ends the process: `function` was called where no goroutine is.
[[noreturn]] void NotOnGoroutine(const char* function);
// errno of the thread that the call runs on, whatever the compiler remembers.
int GetErrno();
void SetErrno(int value);
// The calling goroutine goes to the end of the global queue, as Go's preempted
// ones do.
void YieldToPreemption();
}  // namespace internal

// For functions that never park.
class RuntimeCall {
 public:
  // `function`: the public name, for the message.
  explicit RuntimeCall(const char* function)
      : was_(EnterRuntime()), m_(getm()) {
    // was_: inside another call, or on g0, where no goroutine is.
    if (was_ || m_ == nullptr || m_->p == nullptr) [[unlikely]] {
      internal::EnterWithoutP(function);
    }
  }
  ~RuntimeCall() { LeaveRuntime(was_); }
  RuntimeCall(const RuntimeCall&) = delete;
  RuntimeCall& operator=(const RuntimeCall&) = delete;

  // The calling goroutine, and the M that it is on until it parks.
  G* g() const { return m_->curg; }
  M* m() const { return m_; }

 protected:
  const bool was_;
  M* m_;
};

// For functions that may park: they give way to a preemption that had to wait
// because it met the thread inside the runtime (PRE-2).
class ParkingCall : public RuntimeCall {
 public:
  explicit ParkingCall(const char* function) : RuntimeCall(function) {
    if (PreemptPending()) [[unlikely]] {
      internal::YieldToPreemption();
      m_ = getm();
    }
  }
};

}  // namespace mn
