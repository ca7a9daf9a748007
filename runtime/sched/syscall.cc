// System calls. The thread blocks, and its P goes on (document, section 4).
// This is the runtime's own version of the piece of lesson 07.
//
// What: the contract is runtime/plug/syscall_handoff.h.
//
// Why this is hard. Most calls return in less time than the hand-off of a P
// takes (a futex call, 5 us). But a call that lasts must not keep the
// goroutines behind it waiting. Nobody knows beforehand which of the two a call
// will be.
//
// Protocol. EnterSyscall leaves the P in the call, in state kSyscall. A thread
// that moves the P from this state by compare-and-swap has the P. The following
// threads may do so.
//   - The thread itself, when it comes back (to kRunning). This is the fast
//     path, without a lock.
//   - sysmon, at the second sighting (to kRunning). sysmon then calls HandoffP.
//   - A thread that stops the world (to kGcstop).
//   - Another thread that had this P when it went into its own call.
// A goroutine that comes back and finds its P gone takes an idle P. If no P is
// idle, the goroutine joins the global queue, and its thread sleeps.
//
// The state may become kSyscall again for another thread's call while our call
// lasts. Then our compare-and-swap succeeds, and takes a P which was left just
// as ours was. So this is no ABA problem.
//
// Expectation. A call that was slow once will be slow again, because a reader
// waits for every message. So a goroutine remembers the place of a call that
// lost its P. When the goroutine calls from the same place again, EnterSyscall
// hands the P off at once, if something waits for the P and no M spins. This
// ends with the first such call that returns sooner than a thread wakes. So the
// goroutines behind do not wait for two looks of sysmon, which take 20 to 40 us
// and more. A wrong guess costs one needless hand-off. The place matters
// because a goroutine with slow reads also writes, and its writes are short.
// There are two limits. A goroutine knows only the place of its last slow call,
// and the ends of all Callbacks are the same place. Go does not do this.
//
// We rejected handing the P off at every entry, because each getpid would cost
// two thread switches. We rejected handing off a P that nothing waits for,
// because a thread would wake and find nothing. We rejected an ownership word
// for each call, because the state is enough.
//
// Invariants, with those of the contract:
//   SYS-8 a call that is made again from where the last one lost its P hands
//         the P off at once to those who wait.
#include "runtime/core/nanotime.h"
#include "runtime/plug/syscall_handoff.h"
#include "runtime/sched/find_runnable.h"
#include "runtime/sched/spinning.h"

namespace mn {

namespace {

// About the cost of waking a thread. If a call takes as long, a hand-off at its
// entry was no loss, because the others had at least so much time.
constexpr std::int64_t kWakeNs = 5'000;

// The place in the program that makes the call.
struct Place {
  void* fp;  // dumps begin the goroutine's trace here
  void* pc;
};

inline void BeginSyscall(M* m, Place from) {
  G* gp = m->curg;
  gp->fp = from.fp;
  gp->syscallpc = from.pc;
  SetStatus(gp, GStatus::kRunning, GStatus::kSyscall);
  // sysmon tells one call from the next by this counter (MON-2).
  Bump(m->p->syscalltick);
}

inline void LeavePInSyscall(M* m, Place from) {
  BeginSyscall(m, from);
  P* p = m->p;
  m->oldp = p;
  m->p = nullptr;
  // Last, because from here on p belongs to the first thread that takes p.
  // release: pairs with the acquire of the thread that takes p (ExitSyscall,
  // RetakeP).
  p->status.store(PStatus::kSyscall, memory_order_release);
}

void HandoffAtEntry(M* m, Place from) {
  BeginSyscall(m, from);
  // ExitSyscall must not try to take this P, which belongs to others from here
  // on.
  m->oldp = nullptr;
  HandoffP(ReleaseP(m));
}

// The entry for all rare cases. `exiting` says that the thread was in the
// runtime before, so the call comes from an exit handler. Such a call does not
// hand its P off, because an exit handler should come back on its own thread.
__attribute__((noinline)) void EnterSyscallSlow(Place from, bool exiting) {
  ParkingCall call("mn::Syscall");
  M* m = call.m();
  // SYS-8. Only if a goroutine waits and no M is looking for work. Otherwise
  // the hand-off wakes a thread for nothing.
  if (m->curg->slowpc == from.pc && !exiting && WorkWaits(m->p) &&
      sched.nmspinning.load(memory_order_relaxed) == 0) {
    HandoffAtEntry(m, from);
    m->handoff_at = Nanotime();  // waking a thread is not part of the call
    return;
  }
  // Something waits behind this call, and sysmon may sleep for 10 ms.
  if (SysmonMissesSyscall(m->p)) internal::WakeSysmon();
  LeavePInSyscall(m, from);
}

// SYS-8. gp is back, and its P was gone. Decides what to expect of the next
// call from the same place.
void ExpectOfNext(M* m, G* gp) {
  if (m->oldp != nullptr) {
    // sysmon took the P, or a thread that stopped the world. In the second case
    // the guess may be wrong, and costs one hand-off.
    gp->slowpc = gp->syscallpc;
  } else if (m->handoff_at != 0) {
    // The call was short. Next time the P stays in the call.
    if (Nanotime() - m->handoff_at < kWakeNs) gp->slowpc = nullptr;
    m->handoff_at = 0;
  }
}

// Runs on g0, without a P. gp's registers are saved now, so other threads may
// see gp (PARK-5).
void QueueGlobally(G* gp, void*) {
  M* m = getm();
  SetStatus(gp, GStatus::kSyscall, GStatus::kRunnable);
  P* p = nullptr;
  {
    RtLock lock(sched.lock);
    GlobrunqPut(gp);
    // A P may have become idle since GetPBack looked. Its M has looked at the
    // queue for the last time, so nobody else would run gp.
    if (!sched.gcwaiting.load(memory_order_relaxed)) p = PidleGet();
  }
  if (p != nullptr) {
    AcquireP(m, p);
  } else {
    // All Ps are busy. sysmon asks a goroutine to give way (MON-7).
    CameBackWithoutP();
    StopM(m);
  }
}

// Gets a P for gp (SYS-4). gp may be on another M afterwards.
void GetPBack(G* gp) {
  M* m = getm();
  // A pinned goroutine cannot go on another thread, so this thread waits in
  // place.
  if (m->lockedg != nullptr) return WaitForP(m, gp);
  P* p = nullptr;
  // A look without the lock first. When all Ps are busy, those who come back
  // must not queue for the lock.
  if (sched.npidle.load(memory_order_relaxed) != 0) {
    RtLock lock(sched.lock);
    if (!sched.gcwaiting.load(memory_order_relaxed)) p = PidleGet();
  }
  if (p != nullptr) {
    AcquireP(m, p);
    SetStatus(gp, GStatus::kSyscall, GStatus::kRunning);
    return;
  }
  // gp can be published only from another stack, and the thread can sleep only
  // on g0.
  SwitchTo(gp, &m->g0, QueueGlobally, nullptr);
}

// The rest of ExitSyscall, if the P is gone. noinline, so that the fast path
// saves no registers for this one.
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
  // sysmon must not send a preemption signal to the thread in the call.
  p->m.store(nullptr, memory_order_relaxed);
  return true;
}

void HandoffP(P* p) {
  // The thread that stops the world waits for p.
  if (sched.gcwaiting.load(memory_order_relaxed) && GcstopP(p)) {
    return;
  }
  // Something waits for p, or for any P. Another M must take p now.
  if (WorkWaits(p)) return StartM(p, false);
  // There is no work, but no M spins and no P is idle either. So work that
  // comes now would find nobody to run it, and p needs an M that spins (MN-3).
  // seq_cst: part of the dangerous pair, as the swap in WakepSlow is
  // (spinning.h).
  std::int32_t none = 0;
  if (sched.nmspinning.load(memory_order_relaxed) == 0 &&
      sched.npidle.load(memory_order_relaxed) == 0 &&
      sched.nmspinning.compare_exchange_strong(none, 1, memory_order_seq_cst)) {
    // The new M spins, and so answers the request of S5.
    sched.needspinning.store(0, memory_order_relaxed);
    return StartM(p, true);
  }
  sched.lock.Lock();
  if (sched.gcwaiting.load(memory_order_relaxed)) {
    sched.lock.Unlock();
    // Another thread has begun to stop the world since the look above.
    return HandoffP(p);
  }
  // All other Ps are idle. If no M waits in netpoll either, timers and the
  // network would wake nobody. So the last P gets an M, which goes to netpoll.
  const bool last_running =
      sched.npidle.load(memory_order_relaxed) == Gomaxprocs() - 1;
  const bool nobody_polls = sched.lastpoll.load(memory_order_relaxed) != 0;
  // Under the lock the global queue holds still. A goroutine may have come
  // since WorkWaits.
  if (sched.runqsize.load(memory_order_relaxed) != 0 ||
      (last_running && nobody_polls)) {
    sched.lock.Unlock();
    return StartM(p, false);
  }
  // Read before p is on the idle list, because another M may take p from there.
  const std::int64_t when = p->timers.NextWhen();
  const bool idled = IdleP(p, false);
  // An M asked for a spinning M in this moment (S5).
  if (!idled) CountSpinning();
  sched.lock.Unlock();
  if (!idled) return StartM(p, true);
  // The M in netpoll may not know the timers of p, and p has no M now.
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
  // The lock is released after gp is parked, so no permit comes before the park
  // (PARK-1).
  GoparkUnlock(&s.lock, WaitReason::kSemacquire);
}

void Semrelease(Semaphore& s) {
  s.lock.Lock();
  Semaphore::Waiter* waiter = s.first;
  // Read before Goready. The waiter lies on the goroutine's stack, and is gone
  // as soon as the goroutine runs.
  G* gp = waiter == nullptr ? nullptr : waiter->g;
  if (waiter != nullptr) s.first = waiter->next;
  // The permit goes to the waiter and is never free in between. So a goroutine
  // that comes now cannot overtake those that came before (SYS-7).
  if (gp == nullptr) s.permits++;
  s.lock.Unlock();
  if (gp != nullptr) Goready(gp);
}

// Nearly all calls take the fast path here and in ExitSyscall. Neither path
// saves a register. The compare-and-swap of ExitSyscall waits until all earlier
// stores are in the cache, and each store takes a quarter of a nanosecond.
void internal::EnterSyscall() {
  // mn::Syscall is a template in the program, so the return address is the
  // place of the call.
  const Place from{__builtin_frame_address(0), __builtin_return_address(0)};
  const bool was = EnterRuntime();
  M* m = getm();
  if (was || m == nullptr || m->p == nullptr || PreemptPending() ||
      m->curg->slowpc == from.pc || SysmonMissesSyscall(m->p)) [[unlikely]] {
    LeaveRuntime(was);
    // The slow way begins with a ParkingCall, which enters the runtime anew.
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
  const bool was = EnterRuntime();  // true if an exit handler makes the call
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
  // Stored before the thread leaves the runtime. From then on a signal may look
  // at m->p.
  m->p = p;
  SetStatus(gp, GStatus::kSyscall, GStatus::kRunning);
  LeaveRuntime(was);
}

}  // namespace mn
