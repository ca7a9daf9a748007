// Pinned goroutines, and threads that wait in place for a P (lockedm.h).
//
// A thread that waits for its own goroutine sleeps on its note and is on no
// list. nmidlelocked counts such threads, so CheckDead knows that they are
// asleep. A thread that wakes a sleeper takes the sleeper off the count first,
// or takes its place in the count.
#include "runtime/sched/lockedm.h"

#include <cstdint>

#include "runtime/core/in_runtime.h"
#include "runtime/plug/syscall_handoff.h"
#include "runtime/sched/deadlock.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/schedule.h"
#include "runtime/sched/sysmon.h"
#if !MN_SIM
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/panic.h"
#include "runtime/thread.h"
#endif

namespace mn {

namespace {
// How long to watch for a P. Watching helps only while another CPU runs the
// thread which hands the P back.
std::int64_t SpinNs() { return sched.ncpu > 1 ? kHandoffSpinNs : 0; }

// Hands p off to one thread, which sleeps in SleepUntilHandoff or is about to.
void HandoffPTo(M* sleeper, P* p) {
  // Before the wake-up. The thread takes its P as soon as the note wakes it.
  sleeper->nextp = p;
  sleeper->park.Wakeup();
}

// Sleeps until HandoffPTo, and takes the P. The caller has counted itself in
// nmidlelocked.
void SleepUntilHandoff(M* m, std::int64_t spin_ns) {
  m->park.Sleep(spin_ns);
  m->park.Clear();
  P* p = m->nextp;
  m->nextp = nullptr;
  AcquireP(m, p);
}

}  // namespace

void StopLockedM(M* m) {
  // The goroutine was published when it parked. So another thread may hand m a
  // P already, even before m has handed off its own. The note keeps that
  // wake-up.
  if (m->p != nullptr) {  // LOT-8
    G* next = TakeLocal(m->p);
    // The goroutine was made ready meanwhile, and m still has the P for it.
    if (next == m->lockedg) return;
    if (next != nullptr && next->lockedm != nullptr) {
      // Straight to the thread of next. An M in between would cost a second
      // wake-up. nmidlelocked stays, since m joins the sleepers as the other
      // thread leaves them.
      HandoffPTo(next->lockedm, ReleaseP(m));
      return SleepUntilHandoff(m, SpinNs());
    }
    // Another M will run next. Meanwhile next keeps its place in the queue.
    if (next != nullptr) RunqPut(m->p->runq, next, true);
    HandoffP(ReleaseP(m));
  }
  {
    RtLock lock(sched.lock);
    sched.nmidlelocked++;
    // This thread may have been the last thread alive.
    CheckDead();
  }
  SleepUntilHandoff(m, SpinNs());
}

void StartLockedM(M* m, G* gp) {
  M* owner = gp->lockedm;
  MN_DCHECK(owner != m, "LOT-3");
  {
    // On behalf of the owner, and before m goes to sleep below. Else CheckDead
    // in StopM could find everybody asleep.
    RtLock lock(sched.lock);
    sched.nmidlelocked--;
  }
  HandoffPTo(owner, ReleaseP(m));
  // The owner often hands the P back soon, so m watches for a P before
  // sleeping.
  StopM(m, SpinNs());
}

bool HandoffPToPinned(P* p) {
  G* next = TakeLocal(p);
  if (next == nullptr) return false;
  if (next->lockedm == nullptr) {
    // Any M may run next, so next goes back to the front of the queue.
    RunqPut(p->runq, next, true);
    return false;
  }
  {
    // On behalf of the thread, as in StartLockedM.
    RtLock lock(sched.lock);
    sched.nmidlelocked--;
  }
  HandoffPTo(next->lockedm, p);
  return true;
}

void WaitForP(M* m, G* gp) {
  // The program may have pinned gp. The end of this wait must not undo the pin.
  M* const pinned = gp->lockedm;
  const GStatus was = gp->status.load(memory_order_relaxed);
  P* p = nullptr;
  {
    // One lock for the look and for the queue. A P that becomes idle after the
    // look is idled by an M that sees gp in the queue.
    RtLock lock(sched.lock);
    // While the world stops, idle Ps belong to whoever stops the world.
    if (!sched.gcwaiting.load(memory_order_relaxed)) p = PidleGet();
    if (p == nullptr) {
      // Pinned before anybody can see gp. gp's frames are on this thread.
      gp->lockedm = m;
      SetStatus(gp, was, GStatus::kRunnable);
      sched.nmidlelocked++;
      GlobrunqPut(gp);
    }
  }
  if (p != nullptr) {
    // From kRunning there is no step to kRunning (PARK-3).
    if (was != GStatus::kRunning) SetStatus(gp, was, GStatus::kRunning);
    AcquireP(m, p);
    // A slice begins, as in StartSlice.
    Bump(p->schedtick);
    return;
  }
  // A goroutine that is back from a system call goes before goroutines that
  // compute (MON-7). A goroutine that was interrupted waits for its turn.
  if (was == GStatus::kSyscall) CameBackWithoutP();
  // Without watching, since the wait may be long and needs no CPU.
  SleepUntilHandoff(m, 0);
  gp->lockedm = pinned;
  StartSlice(m->p, gp);
}

void StopInPlace(M* m, G* gp) {
  M* const pinned = gp->lockedm;
  P* const p = m->p;
  // Tells whether anybody else ran on p meanwhile.
  const std::uint32_t tick = p->schedtick.load(memory_order_relaxed);
  // Pinned and counted before gp is in the queue, as in WaitForP.
  gp->lockedm = m;
  {
    RtLock lock(sched.lock);
    sched.nmidlelocked++;
  }
  SetStatus(gp, GStatus::kRunning, GStatus::kRunnable);
  // The queue first. Whoever gets the P must find gp there. From here on a
  // thief may take gp, and hand its P to m before m sleeps.
  RunqPut(p->runq, gp, true);
  HandoffP(ReleaseP(m));
  // A stop is short, so m watches for its P and keeps its CPU. With more Ps
  // than CPUs, the thread that stops the world needs this CPU.
  SleepUntilHandoff(m, Gomaxprocs() <= sched.ncpu ? kStopSpinNs : 0);
  gp->lockedm = pinned;
  if (m->p != p || p->schedtick.load(memory_order_relaxed) != tick) {
    return StartSlice(m->p, gp);
  }
  // Nobody ran meanwhile, so the old slice goes on (GMP-2). A new slice at
  // every stop would let the goroutines behind gp wait for ever.
  SetStatus(gp, GStatus::kRunnable, GStatus::kRunning);
}

#if !MN_SIM

void LockOSThread() {
  RuntimeCall call("mn::LockOSThread");
  M* m = getm();
  if (m->locked_ext == UINT32_MAX) {
    throw Panic("LockOSThread nesting overflow");
  }
  // No lock. Only the thread itself changes these while gp runs on m.
  m->locked_ext++;
  m->lockedg = call.g();
  call.g()->lockedm = m;
}

void UnlockOSThread() {
  RuntimeCall call("mn::UnlockOSThread");
  M* m = getm();
  if (m->locked_ext == 0) return;  // LOT-6
  m->locked_ext--;
  // LOT-1. A callback in progress keeps its pin as well (locked_int).
  if (m->locked_ext != 0 || m->locked_int != 0) return;
  m->lockedg = nullptr;
  call.g()->lockedm = nullptr;
}

// Asks the kernel each time, since the goroutine may be on another thread at
// the next call.
__attribute__((noinline)) int Gettid() {
  return static_cast<int>(::syscall(SYS_gettid));
}

#endif

}  // namespace mn
