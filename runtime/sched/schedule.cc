#include "runtime/sched/schedule.h"

#include "runtime/core/getg.h"
#include "runtime/ctx/switch.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/spinning.h"
#include "runtime/time.h"

namespace mn {

void Schedule(M* m) {
  for (;;) {
    G* gp = FindRunnable(m);
    if (m->spinning) ResetSpinning(m);
    Bump(m->p->schedtick);
    SetStatus(gp, GStatus::kRunnable, GStatus::kRunning);
    SwitchTo(&m->g0, gp, nullptr, nullptr);
  }
}

G* PickLocal(P* p) {
  const std::uint32_t tick = p->schedtick.load(memory_order_relaxed);
  if (tick % kGlobalQueueTick == 0 &&
      sched.runqsize.load(memory_order_relaxed) != 0) {
    return nullptr;
  }
  const std::int64_t when = p->timers.NextWhen();
  if (when != 0 && when <= Nanotime()) return nullptr;
  G* gp = RunqGet(p->runq);
  if (gp != nullptr) {
    // runnext hand-overs tick too: they share the 1/61 rule.
    p->schedtick.store(tick + 1, memory_order_relaxed);
    SetStatus(gp, GStatus::kRunnable, GStatus::kRunning);
  }
  return gp;
}

}  // namespace mn
