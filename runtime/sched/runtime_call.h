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
// The slow way in: gets the P back, or ends the process.
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
  explicit RuntimeCall(const char* function) : was_(EnterRuntime()) {
    CheckCaller(function);
  }
  ~RuntimeCall() { LeaveRuntime(was_); }
  RuntimeCall(const RuntimeCall&) = delete;
  RuntimeCall& operator=(const RuntimeCall&) = delete;

  // The calling goroutine.
  G* g() const { return getg(); }

 private:
  static void CheckCaller(const char* function) {
    M* m = getm();
    if (m == nullptr || m->p == nullptr || m->curg == &m->g0) [[unlikely]] {
      internal::EnterWithoutP(function);
    }
  }

  const bool was_;
};

// For functions that may park: they give way to a preemption that had to wait
// because it met the thread inside the runtime (PRE-2).
class ParkingCall : public RuntimeCall {
 public:
  explicit ParkingCall(const char* function) : RuntimeCall(function) {
    if (PreemptPending() || getp()->attention.load(memory_order_relaxed))
        [[unlikely]]
      internal::YieldToPreemption();
  }
};

}  // namespace mn
