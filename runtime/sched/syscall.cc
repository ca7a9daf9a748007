// BlockingCall: the thread blocks, its P does not (document, section 4).
//
// Enter: the P goes to another M at once, since the call is known to block.
// Exit, the ways back: any idle P; else the goroutine joins the tail of the
// global queue and the thread sleeps.
//
// Invariants: SYS-1 while goroutines block, others go on; SYS-4 no P free means
// global queue; SYS-5 the number of Ps stays. Lesson 07.
#include "runtime/syscall.h"

#include "runtime/core/getg.h"
#include "runtime/ctx/switch.h"
#include "runtime/sched/current.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/idle.h"

namespace mn {

namespace {

// On g0, without a P: gp's context is saved, so it may be published.
void QueueGlobally(G* gp, void*) {
  M* m = getm();
  SetStatus(gp, GStatus::kSyscall, GStatus::kRunnable);
  P* p;
  {
    RtLock lock(sched.lock);
    GlobrunqPut(gp);
    p = PidleGet();  // one may have become idle since we looked
  }
  if (p != nullptr) {
    AcquireP(m, p);
  } else {
    StopM(m);
  }
}

}  // namespace

void internal::EnterSyscallBlock() {
  G* gp = CurrentG("mn::BlockingCall");
  M* m = gp->m;
  SetStatus(gp, GStatus::kRunning, GStatus::kSyscall);
  HandoffP(ReleaseP(m));
}

void internal::ExitSyscall() {
  M* m = getm();
  G* gp = m->curg;
  P* p = nullptr;
  if (sched.npidle.load(memory_order_relaxed) != 0) {
    RtLock lock(sched.lock);
    p = PidleGet();
  }
  if (p != nullptr) {
    AcquireP(m, p);
    SetStatus(gp, GStatus::kSyscall, GStatus::kRunning);
    return;
  }
  SwitchTo(gp, &m->g0, QueueGlobally, nullptr);
}

}  // namespace mn
