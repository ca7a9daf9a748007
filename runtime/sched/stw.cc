#include "runtime/sched/stw.h"

#include "runtime/core/getg.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/park.h"
#include "runtime/sched/preempt.h"
#include "runtime/sched/spinning.h"
#include "runtime/sched/syscall.h"

namespace mn {

namespace {

constexpr std::int64_t kAskAgainNs = 100'000;  // as Go

// REQUIRES: sched.lock.
void Stopped(P* p) {
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
      sched.nmspinning.fetch_sub(1, memory_order_seq_cst);
    }
    Stopped(p);
  }
  for (P* p : Allp()) {
    if (TakePFromSyscall(p, PStatus::kGcstop)) {
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
    if (m != nullptr) Stopped(ReleaseP(m));
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
  P* mine = nullptr;
  P* busy = nullptr;
  {
    RtLock lock(sched.lock);
    const AllPs& all = Allp();
    // Highest first: the idle list is LIFO.
    for (std::int32_t i = all.n - 1; i >= 0; i--) {
      P* p = all.p[i];
      p->attention.store(false, memory_order_relaxed);
      // Somebody must look for work again and wait for timers: with nobody of
      // ours to do it, an M is started for P 0.
      if (i == 0) {
        mine = p;
      } else if (!RunqEmpty(p->runq)) {
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
    StartM(p, false);
  }
  if (m != nullptr) {
    AcquireP(m, mine);
    Wakep();
  } else {
    mine->status.store(PStatus::kRunning, memory_order_relaxed);
    StartM(mine, false);
  }
}

bool GiveToStopTheWorld(P* p) {
  RtLock lock(sched.lock);
  if (!sched.gcwaiting.load(memory_order_relaxed)) return false;
  Stopped(p);
  return true;
}

void Gcstopm(M* m) {
  if (m->spinning) {
    m->spinning = false;
    sched.nmspinning.fetch_sub(1, memory_order_seq_cst);
  }
  P* p = ReleaseP(m);
  if (!GiveToStopTheWorld(p)) return AcquireP(m, p);
  StopM(m);
}

}  // namespace mn
