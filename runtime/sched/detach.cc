#include "runtime/sched/detach.h"

#include "runtime/plug/syscall_handoff.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/lockedm.h"

namespace mn {

namespace {

void SetDetached(M* m, bool on) {
  // release: pairs with the acquire in CarryOut (sysmon.cc), which reads m->tid
  // next.
  m->detached.store(on, memory_order_release);
  sched.ndetached.fetch_add(on ? 1 : -1, memory_order_relaxed);
}

}  // namespace

void Detach(M* m, G* gp) {
  SetStatus(gp, GStatus::kRunning, GStatus::kDetached);
  SetDetached(m, true);
  // Last: from here on others may run what gp has locked out.
  HandoffP(ReleaseP(m));
}

void Reattach(M* m, G* gp) {
  SetDetached(m, false);
  WaitForP(m, gp);
}

}  // namespace mn
