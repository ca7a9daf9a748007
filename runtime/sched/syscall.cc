// System calls: the thread blocks, its P need not (document, section 4). The
// runtime's own version of the piece of lesson 07.
//
// What: see the contract, runtime/plug/syscall_handoff.h.
//
// Why it is hard: most calls return in less time than it takes to hand a P off
// (a futex call, 5 us), but one that does not must not keep the goroutines
// behind it waiting, and nobody knows beforehand.
//
// So Enter only says so: the P is left in the call, in state kSyscall.
// Whoever moves it from that state by compare-and-swap has it:
//   the thread itself, coming back (to kRunning): the fast path, no lock;
//   sysmon, at its second sighting (to kRunning, in its hands, then HandoffP);
//   whoever stops the world (to kGcstop);
//   another thread that had this P when it went into its own call.
//
// What was that slow once will be again: a reader waits for every message. So a
// goroutine whose call lost its P hands the P off when it next calls from the
// same place, if something waits for it and nobody is looking for work, until
// such a call returns sooner than a thread wakes. That saves the others what
// sysmon needs for two looks, 20 to 40 us and more, each time; a wrong guess
// costs what the call before it cost. By place, because whoever reads writes
// too, and that is short; but only the place of the last one is known, and the
// way back out of any Callback is one place. (Go does not do this.)
//
// The ways back: the same P; an idle one; none, then the goroutine joins the
// global queue and the thread sleeps.
//
// The state word may return to kSyscall for somebody else's call between our
// leaving and our coming back. Then our compare-and-swap succeeds all the same,
// and takes a P that was left just as ours was: no ABA problem.
//
// Rejected: handing the P off at every entry (two thread switches for a
// getpid); with nothing waiting (a thread wakes to find nothing); an ownership
// word per call (the state is enough).
//
// Invariants, with SYS-1 to SYS-7 of the contract:
//   SYS-8 a call that is made again from where the last one lost its P hands
//         the P off at once to those who wait.
#include "runtime/core/nanotime.h"
#include "runtime/plug/syscall_handoff.h"
#include "runtime/sched/find_runnable.h"
#include "runtime/sched/spinning.h"

namespace mn {

namespace {

// What waking a thread costs, about: for a call that takes as long nothing is
// lost, for the others had that much more time.
constexpr std::int64_t kWakeNs = 5'000;

// Where the call comes from.
struct Place {
  void* fp;  // the goroutine's trace begins here
  void* pc;
};

inline void BeginSyscall(M* m, Place from) {
  G* gp = m->curg;
  gp->fp = from.fp;
  gp->syscallpc = from.pc;
  SetStatus(gp, GStatus::kRunning, GStatus::kSyscall);
  Bump(m->p->syscalltick);
}

inline void LeavePInSyscall(M* m, Place from) {
  BeginSyscall(m, from);
  P* p = m->p;
  m->oldp = p;
  m->p = nullptr;
  // release: pairs with the acquire of whoever takes p (ExitSyscall, RetakeP).
  p->status.store(PStatus::kSyscall, memory_order_release);
}

void HandoffAtEntry(M* m, Place from) {
  BeginSyscall(m, from);
  m->oldp = nullptr;
  HandoffP(ReleaseP(m));
}

// exiting: an exit handler's call, which had better stay where it is.
__attribute__((noinline)) void EnterSyscallSlow(Place from, bool exiting) {
  ParkingCall call("mn::Syscall");
  M* m = call.m();
  if (m->curg->slowpc == from.pc && !exiting && WorkWaits(m->p) &&
      sched.nmspinning.load(memory_order_relaxed) == 0) {
    HandoffAtEntry(m, from);
    m->handoff_at = Nanotime();  // waking a thread is not part of the call
    return;
  }
  if (SysmonMissesSyscall(m->p)) internal::WakeSysmon();
  LeavePInSyscall(m, from);
}

// SYS-8. gp is back, and its P was gone.
void ExpectOfNext(M* m, G* gp) {
  if (m->oldp != nullptr) {
    // By sysmon, or by whoever stopped the world: then the guess may be wrong.
    gp->slowpc = gp->syscallpc;
  } else if (m->handoff_at != 0) {
    if (Nanotime() - m->handoff_at < kWakeNs) gp->slowpc = nullptr;
    m->handoff_at = 0;
  }
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
  ExpectOfNext(getm(), gp);
  GetPBack(gp);
  LeaveRuntime(was);
}

}  // namespace

bool RetakeP(P* p, PStatus to) {
  PStatus syscall = PStatus::kSyscall;
  // acquire: pairs with the release in LeavePInSyscall.
  if (!p->status.compare_exchange_strong(syscall, to, memory_order_acquire,
                                         memory_order_relaxed)) {
    return false;
  }
  p->m.store(nullptr, memory_order_relaxed);
  return true;
}

void HandoffP(P* p) {
  if (sched.gcwaiting.load(memory_order_relaxed) && GcstopP(p)) {
    return;
  }
  // Anything to run there, or anywhere: another M must take it now.
  if (WorkWaits(p)) return StartM(p, false);
  // No work, but nobody is looking for any either: be the one who looks.
  // seq_cst: as in Wakep.
  std::int32_t none = 0;
  if (sched.nmspinning.load(memory_order_relaxed) == 0 &&
      sched.npidle.load(memory_order_relaxed) == 0 &&
      sched.nmspinning.compare_exchange_strong(none, 1, memory_order_seq_cst)) {
    sched.needspinning.store(0, memory_order_relaxed);
    return StartM(p, true);
  }
  sched.lock.Lock();
  if (sched.gcwaiting.load(memory_order_relaxed)) {
    sched.lock.Unlock();
    return HandoffP(p);
  }
  const bool last_running =
      sched.npidle.load(memory_order_relaxed) == Gomaxprocs() - 1;
  const bool nobody_polls = sched.lastpoll.load(memory_order_relaxed) != 0;
  if (sched.runqsize.load(memory_order_relaxed) != 0 ||
      (last_running && nobody_polls)) {
    sched.lock.Unlock();
    return StartM(p, false);
  }
  const std::int64_t when = p->timers.NextWhen();
  const bool idled = IdleP(p, false);
  if (!idled) CountSpinning();
  sched.lock.Unlock();
  if (!idled) return StartM(p, true);
  if (when != 0) WakeNetPoller(when);
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

// Here and in ExitSyscall the way that is nearly always taken saves no
// register: the compare-and-swap waits until all stores before it are in the
// cache, a quarter of a nanosecond each.
void internal::EnterSyscall() {
  const Place from{__builtin_frame_address(0), __builtin_return_address(0)};
  const bool was = EnterRuntime();
  M* m = getm();
  if (was || m == nullptr || m->p == nullptr || PreemptPending() ||
      m->curg->slowpc == from.pc || SysmonMissesSyscall(m->p)) [[unlikely]] {
    LeaveRuntime(was);
    return EnterSyscallSlow(from, was);
  }
  LeavePInSyscall(m, from);
  LeaveRuntime();
}

void internal::EnterSyscallBlock() {
  ParkingCall call("mn::BlockingCall");
  HandoffAtEntry(call.m(),
                 {__builtin_frame_address(0), __builtin_return_address(0)});
}

void internal::ExitSyscall() {
  const bool was = EnterRuntime();  // true: an exit handler's call
  M* m = getm();
  G* gp = m->curg;
  P* p = m->oldp;
  PStatus syscall = PStatus::kSyscall;
  // SYS-3. acquire: pairs with the release in LeavePInSyscall, ours or
  // another's.
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
