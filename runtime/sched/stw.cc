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

constexpr std::int64_t kAskAgainNs = 100'000;  // as Go

// REQUIRES: sched.lock.
void Stopped(P* p) {
  p->preempt.store(false, memory_order_relaxed);
  p->status.store(PStatus::kGcstop, memory_order_relaxed);
  if (--sched.stopwait == 0) sched.stopnote.Wakeup();
}

// Takes every P that nobody runs. REQUIRES: sched.lock.
void TakeStandingPs() {
  while (P* p = PidleGet()) Stopped(p);
  P* list = sched.needm.load(memory_order_relaxed);
  sched.needm.store(nullptr, memory_order_relaxed);
  while (list != nullptr) {
    P* p = list;
    list = p->link;
    p->link = nullptr;
    if (p->needm_spinning) {
      // seq_cst: as the decrement in LookAgain (find_runnable.cc).
      sched.nmspinning.fetch_sub(1, memory_order_seq_cst);
    }
    Stopped(p);
  }
  for (P* p : Allp()) {
    if (RetakeP(p, PStatus::kGcstop)) {
      if (--sched.stopwait == 0) sched.stopnote.Wakeup();
    }
  }
}

void Stop(M* m) {
  {
    RtLock lock(sched.lock);
    sched.stopwait = Gomaxprocs();
    sched.stopnote.Clear();
    sched.gcwaiting.store(true, memory_order_relaxed);
    if (m != nullptr) {
      m->oldp = ReleaseP(m);
      Stopped(m->oldp);
    }
    TakeStandingPs();
    if (sched.stopwait == 0) return;
  }
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
  while (!sched.worldlock.TryLock()) YieldNow();
  Stop(getm());
}

void StartTheWorld(M* m) {
  const AllPs& all = Allp();
  // Somebody must look for work again and wait for timers: m, on the P that it
  // had if there is that one still, or else an M that is started for P 0.
  P* mine = all.p[0];
  if (m != nullptr && m->oldp->id < all.n) mine = m->oldp;
  // Its time was up meanwhile: sysmon finds its P standing as often as not.
  const bool preempted =
      m != nullptr && mine->preempt.load(memory_order_relaxed);
  P* busy = nullptr;
  {
    RtLock lock(sched.lock);
    // Highest first: the idle list is LIFO.
    for (std::int32_t i = all.n - 1; i >= 0; i--) {
      P* p = all.p[i];
      p->preempt.store(false, memory_order_relaxed);
      if (p == mine) continue;
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
  sched.worldlock.Unlock();
  while (busy != nullptr) {
    P* p = busy;
    busy = p->link;
    p->link = nullptr;
    if (!HandoffPToPinned(p)) StartM(p, false);
  }
  if (m != nullptr) {
    AcquireP(m, mine);
    // Not the P that it had: what was stopped in place there is overtaken.
    if (mine != m->oldp) Bump(mine->schedtick);
    if (preempted) SetPreemptPending(true);
  } else {
    mine->status.store(PStatus::kRunning, memory_order_relaxed);
    StartM(mine, false);
  }
  // What was queued meanwhile, and timers that fell due on a P that idles,
  // found no P to be run on.
  Wakep();
}

bool GcstopP(P* p) {
  RtLock lock(sched.lock);
  if (!sched.gcwaiting.load(memory_order_relaxed)) return false;
  Stopped(p);
  return true;
}

void Gcstopm(M* m) {
  if (m->spinning) {
    m->spinning = false;
    // seq_cst: as the decrement in LookAgain (find_runnable.cc).
    sched.nmspinning.fetch_sub(1, memory_order_seq_cst);
  }
  P* p = ReleaseP(m);
  if (!GcstopP(p)) return AcquireP(m, p);
  StopM(m);
}

}  // namespace mn
