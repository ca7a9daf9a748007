// System calls: the thread blocks, its P need not (document, section 4).
//
// Why it is hard: most calls return in less time than it takes to give a P away
// (a futex call, 5 us), but one that does not must not keep the goroutines
// behind it waiting, and nobody knows beforehand.
//
// So Enter only says so: the P stays, in state kSyscall, *up for grabs*.
// Whoever moves it from that state by compare-and-swap has it:
//   the thread itself, coming back (to kRunning): the fast path, no lock;
//   sysmon, at its second sighting (to kRunning, in its hands, then HandoffP);
//   whoever stops the world (to kGcstop);
//   another thread that had this P when it went into its own call.
// The ways back: the same P; an idle one; none, then the goroutine joins the
// global queue and the thread sleeps.
//
// The state word may return to kSyscall for somebody else's call between our
// leaving and our coming back. Then our compare-and-swap succeeds all the same,
// and takes a P that is as much up for grabs as ours was: no ABA problem.
//
// Rejected: giving the P away at entry (two thread switches for a getpid); an
// ownership word per call (the state is enough).
//
// Invariants: SYS-1 while goroutines block, others go on; SYS-3 fast path: the
// same P, no lock; SYS-4 no P free means global queue; SYS-5 the number of Ps
// stays.
#include "runtime/syscall.h"

#include "runtime/core/getg.h"
#include "runtime/ctx/switch.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/lockedm.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/syscall.h"
#include "runtime/sched/sysmon.h"

namespace mn {

namespace {

// The frame at `fp` is where the goroutine's trace begins.
inline void PutUpForGrabs(M* m, void* fp) {
  G* gp = m->curg;
  P* p = m->p;
  gp->fp = fp;
  SetStatus(gp, GStatus::kRunning, GStatus::kSyscall);
  Bump(p->syscalltick);
  m->oldp = p;
  m->p = nullptr;
  // release: pairs with the acquire of whoever takes p (ExitSyscall,
  // TakePFromSyscall).
  p->status.store(PStatus::kSyscall, memory_order_release);
}

__attribute__((noinline)) void EnterSyscallSlow(void* fp) {
  ParkingCall call("mn::Syscall");
  if (SysmonMissesSyscall(call.m()->p)) internal::WakeSysmon();
  PutUpForGrabs(call.m(), fp);
}

// On g0, without a P: gp's context is saved, so it may be published.
void QueueGlobally(G* gp, void*) {
  M* m = getm();
  SetStatus(gp, GStatus::kSyscall, GStatus::kRunnable);
  P* p = nullptr;
  {
    RtLock lock(sched.lock);
    GlobrunqPut(gp);
    // One may have become idle since we looked.
    if (!sched.gcwaiting.load(memory_order_relaxed)) p = PidleGet();
  }
  if (p != nullptr) {
    AcquireP(m, p);
  } else {
    CameBackWithoutP();
    StopM(m);
  }
}

// gp may be on another M afterwards.
void GetPBack(G* gp) {
  M* m = getm();
  if (m->lockedg != nullptr) return WaitForP(m, gp);
  P* p = nullptr;
  if (sched.npidle.load(memory_order_relaxed) != 0) {
    RtLock lock(sched.lock);
    if (!sched.gcwaiting.load(memory_order_relaxed)) p = PidleGet();
  }
  if (p != nullptr) {
    AcquireP(m, p);
    SetStatus(gp, GStatus::kSyscall, GStatus::kRunning);
    return;
  }
  SwitchTo(gp, &m->g0, QueueGlobally, nullptr);
}

// The rest of ExitSyscall if the P is gone.
__attribute__((noinline)) void ExitSyscallSlow(G* gp, bool was) {
  GetPBack(gp);
  LeaveRuntime(was);
}

}  // namespace

bool TakePFromSyscall(P* p, PStatus to) {
  PStatus syscall = PStatus::kSyscall;
  // acquire: pairs with the release in PutUpForGrabs.
  if (!p->status.compare_exchange_strong(syscall, to, memory_order_acquire,
                                         memory_order_relaxed)) {
    return false;
  }
  p->m.store(nullptr, memory_order_relaxed);
  return true;
}

// Here and in ExitSyscall the way that is nearly always taken saves no
// register: the compare-and-swap waits until all stores before it are in the
// cache, a quarter of a nanosecond each.
void internal::EnterSyscall() {
  void* const fp = __builtin_frame_address(0);
  const bool was = EnterRuntime();
  M* m = getm();
  if (was || m == nullptr || m->p == nullptr || PreemptPending() ||
      SysmonMissesSyscall(m->p)) [[unlikely]] {
    LeaveRuntime(was);
    return EnterSyscallSlow(fp);
  }
  PutUpForGrabs(m, fp);
  LeaveRuntime();
}

void internal::EnterSyscallBlock() {
  ParkingCall call("mn::BlockingCall");
  M* m = call.m();
  G* gp = m->curg;
  gp->fp = __builtin_frame_address(0);
  SetStatus(gp, GStatus::kRunning, GStatus::kSyscall);
  Bump(m->p->syscalltick);
  m->oldp = nullptr;
  HandoffP(ReleaseP(m));
}

void internal::ExitSyscall() {
  const bool was = EnterRuntime();  // true: an exit handler's call
  M* m = getm();
  G* gp = m->curg;
  P* p = m->oldp;
  PStatus syscall = PStatus::kSyscall;
  // SYS-3. acquire: pairs with the release in PutUpForGrabs, ours or another's.
  if (p == nullptr || !p->status.compare_exchange_strong(
                          syscall, PStatus::kRunning, memory_order_acquire,
                          memory_order_relaxed)) [[unlikely]] {
    return ExitSyscallSlow(gp, was);
  }
  p->m.store(m, memory_order_release);  // as in AcquireP
  m->p = p;
  SetStatus(gp, GStatus::kSyscall, GStatus::kRunning);
  LeaveRuntime(was);
}

}  // namespace mn
