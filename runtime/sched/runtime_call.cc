#include "runtime/sched/runtime_call.h"

#include <errno.h>

#include "runtime/sched/detach.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/park.h"

namespace mn {

__attribute__((noinline)) int internal::GetErrno() { return errno; }
__attribute__((noinline)) void internal::SetErrno(int value) { errno = value; }

void internal::NotOnGoroutine(const char* function) {
  const M* m = getm();
  const bool blocking = m != nullptr && m->p == nullptr && m->curg != &m->g0;
  FatalText text;
  text << "runtime: " << function
       << (blocking
               ? " was called inside mn::Syscall, mn::BlockingCall or "
                 "mn::Foreign, where the thread has no P; call it before or "
                 "after, or through mn::Callback\n"
               : " was called outside a goroutine; call it from inside "
                 "mn::Main or a function started with mn::Go, or through "
                 "mn::Callback\n");
  text.Print();
  Throw("not on a goroutine");
}

void internal::EnterWithoutP(const char* function) {
  M* m = getm();
  if (m == nullptr || m->curg == &m->g0) NotOnGoroutine(function);
  if (m->p != nullptr) return;  // a call inside another one
  if (m->curg->status.load(memory_order_relaxed) == GStatus::kDetached) {
    return Reattach(m, m->curg);
  }
  NotOnGoroutine(function);
}

void internal::YieldToPreemption() {
  SetPreemptPending(false);
  G* gp = getg();
  SwitchAway(
      gp,
      [](G* g, void*) {
        getp()->preempt.store(sched.gcwaiting.load(memory_order_relaxed),
                              memory_order_relaxed);
        SetStatus(g, GStatus::kRunning, GStatus::kRunnable);
        InjectGlobal(g);
      },
      nullptr);
}

}  // namespace mn
