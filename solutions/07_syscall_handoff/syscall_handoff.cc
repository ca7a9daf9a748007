// A syscall hand-off in the plainest form that keeps the contract. The
// runtime's own (runtime/sched/syscall.cc) keeps the same invariants and is
// faster in two ways, which README.md in this folder explains.
//
// Protocol: a P that is left in a call is in state kSyscall and belongs to
// nobody. Whoever moves it from that state by compare-and-swap has it:
//   the thread itself, coming back (to kRunning);
//   sysmon, at its second sighting (to kRunning, then HandoffP);
//   whoever stops the world (to kGcstop);
//   another thread that had this P when it went into a call of its own.
#include "runtime/plug/syscall_handoff.h"

#include "runtime/sched/spinning.h"

namespace mn {

namespace {

// The goroutine is in a call from now on. `frame` and `pc` are where a dump
// begins to read its stack.
void BeginCall(M* m, void* frame, void* pc) {
  G* gp = m->curg;
  gp->fp = frame;
  gp->syscallpc = pc;
  SetStatus(gp, GStatus::kRunning, GStatus::kSyscall);
  Bump(m->p->syscalltick);
}

// On g0, without a P. gp's registers are saved, so gp may be published.
void QueueGlobally(G* gp, void*) {
  M* m = getm();
  SetStatus(gp, GStatus::kSyscall, GStatus::kRunnable);
  P* p = nullptr;
  {
    RtLock lock(sched.lock);
    GlobrunqPut(gp);
    // A P may have become idle since we looked.
    if (!sched.gcwaiting.load(memory_order_relaxed)) p = PidleGet();
  }
  if (p != nullptr) return AcquireP(m, p);
  CameBackWithoutP();
  StopM(m);
}

}  // namespace

void internal::EnterSyscall() {
  const ParkingCall call("mn::Syscall");
  M* m = call.m();
  P* p = m->p;
  // sysmon may sleep for 10 ms, and something waits behind this call.
  if (SysmonMissesSyscall(p)) WakeSysmon();
  BeginCall(m, __builtin_frame_address(0), __builtin_return_address(0));
  m->oldp = p;
  m->p = nullptr;
  // release: pairs with the acquire of whoever takes p (ExitSyscall, RetakeP).
  p->status.store(PStatus::kSyscall, memory_order_release);
}

void internal::EnterSyscallBlock() {
  const ParkingCall call("mn::BlockingCall");
  M* m = call.m();
  BeginCall(m, __builtin_frame_address(0), __builtin_return_address(0));
  m->oldp = nullptr;
  HandoffP(ReleaseP(m));
}

void internal::ExitSyscall() {
  const InRuntimeScope scope;
  M* m = getm();
  G* gp = m->curg;
  P* p = m->oldp;
  PStatus left = PStatus::kSyscall;
  // SYS-3. acquire: pairs with the release in EnterSyscall, ours or another's.
  if (p != nullptr && p->status.compare_exchange_strong(left, PStatus::kRunning,
                                                        memory_order_acquire,
                                                        memory_order_relaxed)) {
    p->m.store(m, memory_order_release);  // as in AcquireP
    m->p = p;
    SetStatus(gp, GStatus::kSyscall, GStatus::kRunning);
    return;
  }
  if (m->lockedg != nullptr) return WaitForP(m, gp);  // pinned to this thread
  {
    RtLock lock(sched.lock);
    p = sched.gcwaiting.load(memory_order_relaxed) ? nullptr : PidleGet();
  }
  if (p != nullptr) {
    AcquireP(m, p);
    SetStatus(gp, GStatus::kSyscall, GStatus::kRunning);
    return;
  }
  SwitchTo(gp, &m->g0, QueueGlobally, nullptr);  // SYS-4
}

bool RetakeP(P* p, PStatus to) {
  PStatus left = PStatus::kSyscall;
  // SYS-5. acquire: pairs with the release in EnterSyscall.
  if (!p->status.compare_exchange_strong(left, to, memory_order_acquire,
                                         memory_order_relaxed)) {
    return false;
  }
  p->m.store(nullptr, memory_order_relaxed);
  return true;
}

void HandoffP(P* p) {
  if (sched.gcwaiting.load(memory_order_relaxed) && GcstopP(p)) return;
  if (WorkWaits(p)) return StartM(p, false);
  // Nothing waits. A thread that looks for work finds out what the timers and
  // the network want, and puts the P on the idle list itself if that is
  // nothing.
  CountSpinning();
  StartM(p, true);
}

void Semacquire(Semaphore& s) {
  s.lock.Lock();
  if (s.permits > 0) {
    s.permits--;
    s.lock.Unlock();
    return;
  }
  Semaphore::Waiter self = {getg(), nullptr};
  (s.first == nullptr ? s.first : s.last->next) = &self;
  s.last = &self;
  GoparkUnlock(&s.lock, WaitReason::kSemacquire);
}

void Semrelease(Semaphore& s) {
  s.lock.Lock();
  Semaphore::Waiter* waiter = s.first;
  // The waiter is gone as soon as its goroutine runs.
  G* gp = waiter == nullptr ? nullptr : waiter->g;
  if (waiter != nullptr) s.first = waiter->next;
  // Granted, never free in between: a goroutine that comes now waits behind
  // those who came before (SYS-7).
  if (gp == nullptr) s.permits++;
  s.lock.Unlock();
  if (gp != nullptr) Goready(gp);
}

}  // namespace mn
