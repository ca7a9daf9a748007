#include "runtime/sched/schedule.h"

#include "runtime/core/getg.h"
#include "runtime/ctx/switch.h"
#include "runtime/plug/syscall_handoff.h"
#include "runtime/sched/find_runnable.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/lockedm.h"
#include "runtime/sched/spinning.h"
#include "runtime/sched/threads.h"

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

}  // namespace mn
