#include "runtime/sched/runtime_call.h"

#include <errno.h>

#include "runtime/sched/detach.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/park.h"

namespace mn {

__attribute__((noinline)) int internal::GetErrno() { return errno; }
__attribute__((noinline)) void internal::SetErrno(int value) { errno = value; }

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
