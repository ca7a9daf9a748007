// Leaving the P to others while the thread runs on, and coming back to a P.
//
// detach.h says why. The order of the steps is what matters here.
#include "runtime/sched/detach.h"

#include "runtime/plug/syscall_handoff.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/lockedm.h"

namespace mn {

namespace {

void SetDetached(M* m, bool on) {
  // release: pairs with the acquire in CarryOut (sysmon.cc), which reads m->tid
  // next. sysmon must not see the flag and an older tid.
  m->detached.store(on, memory_order_release);
  // sysmon walks the list of Ms only while this count is not zero.
  sched.ndetached.fetch_add(on ? 1 : -1, memory_order_relaxed);
}

}  // namespace

void Detach(M* m, G* gp) {
  SetStatus(gp, GStatus::kRunning, GStatus::kDetached);
  SetDetached(m, true);
  // Last. From here on other goroutines run with this P, so gp must not look
  // like a goroutine with a P any more.
  HandoffP(ReleaseP(m));
}

void Reattach(M* m, G* gp) {
  // First. A thread that waits for a P already needs no signal from sysmon.
  SetDetached(m, false);
  WaitForP(m, gp);
}

}  // namespace mn
