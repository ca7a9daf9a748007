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
    // PickLocal may have taken a goroutine already, which must run on another
    // thread.
    G* gp = m->picked;
    m->picked = nullptr;
    // Only the pinned goroutine may run here, so this thread looks for no
    // other. The thread sleeps until its goroutine is to run.
    if (m->lockedg != nullptr) {  // LOT-3
      StopLockedM(m);
      gp = m->lockedg;
    } else {
      if (gp == nullptr) gp = FindRunnable(m);
      // S3. Now, because gp may run for long, and there may be more work in the
      // place where gp was found.
      if (m->spinning) ResetSpinning(m);
      if (gp->lockedm != nullptr) {
        // gp runs on another thread only. The P goes there, and this thread
        // sleeps until there is another P.
        StartLockedM(m, gp);
        continue;
      }
    }
    StartSlice(m->p, gp);
    // Comes back when a goroutine leaves this thread and PickLocal knows no
    // next one.
    SwitchTo(&m->g0, gp, nullptr, nullptr);
  }
  // LOT-4. The goroutine that was pinned here has ended. Its thread ends too,
  // or goes back to its owner. Either way the thread needs no P any more.
  HandoffP(ReleaseP(m));
}

void Schedule(M* m) {
  ScheduleUntilEnded(m);
  MExit(m);
}

}  // namespace mn
