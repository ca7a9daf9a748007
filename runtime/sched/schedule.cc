#include "runtime/sched/schedule.h"

#include "runtime/core/getg.h"
#include "runtime/ctx/switch.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/lockedm.h"
#include "runtime/sched/spinning.h"
#include "runtime/sched/threads.h"
#include "runtime/time.h"

namespace mn {

void ScheduleUntilEnded(M* m) {
  while (!m->ending) {
    G* gp = m->picked;
    m->picked = nullptr;
    if (m->lockedg != nullptr) {  // LOT-3
      StopLockedM(m);
      gp = m->lockedg;
    } else {
      if (gp == nullptr) gp = FindRunnable(m);
      if (m->spinning) ResetSpinning(m);
      if (gp->lockedm != nullptr) {
        StartLockedM(m, gp);
        continue;
      }
    }
    StartSlice(m->p, gp);
    SwitchTo(&m->g0, gp, nullptr, nullptr);
  }
  // LOT-4: the goroutine that was pinned here has ended.
  HandoffP(ReleaseP(m));
}

void Schedule(M* m) {
  ScheduleUntilEnded(m);
  MExit(m);
}

G* PickLocal(M* m) {
  if (m->lockedg != nullptr) [[unlikely]]
    return nullptr;
  P* p = m->p;
  if (p->attention.load(memory_order_relaxed)) [[unlikely]]
    return nullptr;
  const std::uint32_t tick = p->schedtick.load(memory_order_relaxed);
  if (tick % kGlobalQueueTick == 0 &&
      sched.runqsize.load(memory_order_relaxed) != 0) {
    return nullptr;
  }
  const std::int64_t when = p->timers.NextWhen();
  if (when != 0 && when <= Nanotime()) return nullptr;
  G* gp = RunqGet(p->runq);
  if (gp == nullptr) return nullptr;
  if (gp->lockedm != nullptr) [[unlikely]] {
    m->picked = gp;  // not ours to run: g0 hands it over
    return nullptr;
  }
  StartSlice(p, gp);
  return gp;
}

}  // namespace mn
