#include "runtime/sched/stw.h"

#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/plug/syscall_handoff.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/lockedm.h"
#include "runtime/sched/park.h"
#include "runtime/sched/preempt_signal.h"
#include "runtime/sched/spinning.h"

namespace mn {

namespace {

// How long to wait before the next request, as in Go. The handler may have
// found a goroutine where the goroutine could not stop.
constexpr std::int64_t kAskAgainNs = 100'000;

// p, which no M runs any more, has stopped. The last P wakes the stopper.
// REQUIRES: sched.lock is held, and p belongs to no M.
void Stopped(P* p) {
  // The request has been answered. Left up, the flag would send the first
  // goroutine after the start to the scheduler.
  p->preempt.store(false, memory_order_relaxed);
  p->status.store(PStatus::kGcstop, memory_order_relaxed);
  if (--sched.stopwait == 0) sched.stopnote.Wakeup();
}

// Takes every P that no goroutine runs on.
// REQUIRES: sched.lock is held.
void TakeStandingPs() {
  while (P* p = PidleGet()) Stopped(p);
  P* list = sched.needm.load(memory_order_relaxed);
  // sysmon finds the list empty, and makes no thread.
  sched.needm.store(nullptr, memory_order_relaxed);
  while (list != nullptr) {
    P* p = list;
    list = p->link;
    p->link = nullptr;
    if (p->needm_spinning) {
      // The M for this P was counted, and sysmon will not make it now. seq_cst:
      // pairs with the fence in Wakep, as the decrement in LookAgain does.
      sched.nmspinning.fetch_sub(1, memory_order_seq_cst);
    }
    Stopped(p);
  }
  // A P in a system call needs no request. Its thread finds the P gone when the
  // thread comes back (GMP-4).
  for (P* p : Allp()) {
    if (RetakeP(p, PStatus::kGcstop)) {
      if (--sched.stopwait == 0) sched.stopnote.Wakeup();
    }
  }
}

void Stop(M* m) {
  {
    RtLock lock(sched.lock);
    // An M that sees gcwaiting waits for this lock in GcstopP. So no P stops
    // before the count is complete.
    sched.stopwait = Gomaxprocs();
    sched.stopnote.Clear();
    sched.gcwaiting.store(true, memory_order_relaxed);
    if (m != nullptr) {
      // The caller's own P first. StartTheWorld gives it back.
      m->oldp = ReleaseP(m);
      Stopped(m->oldp);
    }
    TakeStandingPs();
    if (sched.stopwait == 0) return;
  }
  // Without sched.lock, because PreemptAll takes this lock when signals are
  // switched off. The handlers on other threads need the lock too.
  PreemptAll();
  while (!sched.stopnote.SleepFor(kAskAgainNs)) {
    {
      RtLock lock(sched.lock);
      TakeStandingPs();
    }
    PreemptAll();
  }
}

}  // namespace

bool TryStopTheWorld() {
  if (!sched.worldlock.TryLock()) return false;
  Stop(nullptr);
  return true;
}

void StopTheWorld() {
  // Lock() would block the thread with its P, and the thread that stops the
  // world waits for this P.
  while (!sched.worldlock.TryLock()) YieldNow();
  Stop(getm());
}

void StartTheWorld(M* m) {
  const AllPs& all = Allp();
  // One M must look for work again and wait for timers. This is m, on the P
  // that m had if this P is still in use. Without m an M is started for P 0.
  P* mine = all.p[0];
  if (m != nullptr && m->oldp->id < all.n) mine = m->oldp;
  // sysmon may have asked m's goroutine to give way while the world was
  // stopped. The P had no M then, so the request reached nobody.
  const bool preempted =
      m != nullptr && mine->preempt.load(memory_order_relaxed);
  P* busy = nullptr;
  {
    RtLock lock(sched.lock);
    // From the highest to the lowest. The idle list is last in, first out, so
    // the lowest P is used first.
    for (std::int32_t i = all.n - 1; i >= 0; i--) {
      P* p = all.p[i];
      p->preempt.store(false, memory_order_relaxed);
      // m, or the M that is started below, takes this P.
      if (p == mine) continue;
      // A P with work gets an M now. An idle P would wait until somebody calls
      // Wakep.
      if (!RunqEmpty(p->runq)) {
        p->status.store(PStatus::kRunning, memory_order_relaxed);
        p->link = busy;
        busy = p;
      } else {
        PidlePut(p);
      }
    }
    sched.gcwaiting.store(false, memory_order_relaxed);
  }
  // Everything that another stopper needs is in place, although some Ps have no
  // M yet. Such a P reaches an M, and the M stops it.
  sched.worldlock.Unlock();
  while (busy != nullptr) {
    P* p = busy;
    busy = p->link;
    p->link = nullptr;
    // A goroutine that was stopped in place is first in its P's queue, and
    // waits on its own thread. To hand the P straight to this thread saves a
    // thread switch.
    if (!HandoffPToPinned(p)) StartM(p, false);
  }
  if (m != nullptr) {
    AcquireP(m, mine);
    // m takes another P than before, and overtakes a goroutine that was stopped
    // in place on this P. The goroutine learns this from the tick
    // (StopInPlace).
    if (mine != m->oldp) Bump(mine->schedtick);
    // The next call of this goroutine that may park gives way.
    if (preempted) SetPreemptPending(true);
  } else {
    mine->status.store(PStatus::kRunning, memory_order_relaxed);
    StartM(mine, false);
  }
  // Goroutines were queued meanwhile, and timers of idle Ps fell due. They
  // found no P, and those who queued them found nobody to wake.
  Wakep();
}

bool GcstopP(P* p) {
  RtLock lock(sched.lock);
  // Under the lock. The caller has looked without the lock, and the world may
  // have been started since.
  if (!sched.gcwaiting.load(memory_order_relaxed)) return false;
  Stopped(p);
  return true;
}

void Gcstopm(M* m) {
  if (m->spinning) {
    m->spinning = false;
    // Before the sleep, or other Ms would rely on a sleeping one. seq_cst:
    // pairs with the fence in Wakep, as the decrement in LookAgain does.
    sched.nmspinning.fetch_sub(1, memory_order_seq_cst);
  }
  P* p = ReleaseP(m);
  // The world goes on already, so this M goes on too.
  if (!GcstopP(p)) return AcquireP(m, p);
  // StartTheWorld or a later Wakep wakes this thread with a P.
  StopM(m);
}

}  // namespace mn
