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
// Spinning helps only while whoever is to hand the P back runs on another CPU.
std::int64_t SpinNs() { return sched.ncpu > 1 ? kHandoffSpinNs : 0; }

// To one thread, which sleeps in SleepUntilHandoff.
void HandoffPTo(M* sleeper, P* p) {
  sleeper->nextp = p;
  sleeper->park.Wakeup();
}

// The caller has counted itself in nmidlelocked.
void SleepUntilHandoff(M* m, std::int64_t spin_ns) {
  m->park.Sleep(spin_ns);
  m->park.Clear();
  P* p = m->nextp;
  m->nextp = nullptr;
  AcquireP(m, p);
}

}  // namespace

void StopLockedM(M* m) {
  // The goroutine was published when it parked, so somebody may be handing us
  // a P already, even before we hand ours off: the note keeps that.
  if (m->p != nullptr) {  // LOT-8
    G* next = TakeLocal(m->p);
    if (next == m->lockedg) return;  // woken meanwhile
    if (next != nullptr && next->lockedm != nullptr) {
      // To its thread directly: with an M in between that would be two
      // wake-ups. One joins the sleepers in nmidlelocked as another leaves
      // them.
      HandoffPTo(next->lockedm, ReleaseP(m));
      return SleepUntilHandoff(m, SpinNs());
    }
    if (next != nullptr) RunqPut(m->p->runq, next, true);
    HandoffP(ReleaseP(m));
  }
  {
    RtLock lock(sched.lock);
    sched.nmidlelocked++;
    CheckDead();
  }
  SleepUntilHandoff(m, SpinNs());
}

void StartLockedM(M* m, G* gp) {
  M* owner = gp->lockedm;
  MN_DCHECK(owner != m, "LOT-3");
  {
    // On its behalf: it must not look idle once we go to sleep.
    RtLock lock(sched.lock);
    sched.nmidlelocked--;
  }
  HandoffPTo(owner, ReleaseP(m));
  StopM(m, SpinNs());
}

bool HandoffPToPinned(P* p) {
  G* next = TakeLocal(p);
  if (next == nullptr) return false;
  if (next->lockedm == nullptr) {
    RunqPut(p->runq, next, true);
    return false;
  }
  {
    RtLock lock(sched.lock);
    sched.nmidlelocked--;
  }
  HandoffPTo(next->lockedm, p);
  return true;
}

void WaitForP(M* m, G* gp) {
  M* const pinned = gp->lockedm;
  const GStatus was = gp->status.load(memory_order_relaxed);
  P* p = nullptr;
  {
    RtLock lock(sched.lock);
    if (!sched.gcwaiting.load(memory_order_relaxed)) p = PidleGet();
    if (p == nullptr) {
      gp->lockedm = m;
      SetStatus(gp, was, GStatus::kRunnable);
      sched.nmidlelocked++;
      GlobrunqPut(gp);
    }
  }
  if (p != nullptr) {
    if (was != GStatus::kRunning) SetStatus(gp, was, GStatus::kRunning);
    AcquireP(m, p);
    Bump(p->schedtick);
    return;
  }
  // One that was interrupted, with its P or detached from that, waits
  // for its turn; one that was in a system call goes before those that compute.
  if (was == GStatus::kSyscall) CameBackWithoutP();
  SleepUntilHandoff(m, 0);
  gp->lockedm = pinned;
  StartSlice(m->p, gp);
}

void StopInPlace(M* m, G* gp) {
  M* const pinned = gp->lockedm;
  P* const p = m->p;
  const std::uint32_t tick = p->schedtick.load(memory_order_relaxed);
  gp->lockedm = m;
  {
    RtLock lock(sched.lock);
    sched.nmidlelocked++;
  }
  SetStatus(gp, GStatus::kRunning, GStatus::kRunnable);
  // From here on a thief may have it, and hand us its P before we sleep.
  RunqPut(p->runq, gp, true);
  HandoffP(ReleaseP(m));
  // Ps beyond the CPUs: whoever stops the world needs this one.
  SleepUntilHandoff(m, Gomaxprocs() <= sched.ncpu ? kStopSpinNs : 0);
  gp->lockedm = pinned;
  if (m->p != p || p->schedtick.load(memory_order_relaxed) != tick) {
    return StartSlice(m->p, gp);
  }
  // Nobody ran meanwhile and the slice goes on: stopping the world again and
  // again must not make those behind it wait for ever.
  SetStatus(gp, GStatus::kRunnable, GStatus::kRunning);
}

#if !MN_SIM

void LockOSThread() {
  RuntimeCall call("mn::LockOSThread");
  M* m = getm();
  if (m->locked_ext == UINT32_MAX) {
    throw Panic("LockOSThread nesting overflow");
  }
  m->locked_ext++;
  m->lockedg = call.g();
  call.g()->lockedm = m;
}

void UnlockOSThread() {
  RuntimeCall call("mn::UnlockOSThread");
  M* m = getm();
  if (m->locked_ext == 0) return;  // LOT-6
  m->locked_ext--;
  if (m->locked_ext != 0 || m->locked_int != 0) return;  // LOT-1
  m->lockedg = nullptr;
  call.g()->lockedm = nullptr;
}

__attribute__((noinline)) int Gettid() {
  return static_cast<int>(::syscall(SYS_gettid));
}

#endif

}  // namespace mn
