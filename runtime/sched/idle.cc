#include "runtime/sched/idle.h"

#include "runtime/core/getg.h"
#include "runtime/core/nanotime.h"
#include "runtime/sched/deadlock.h"
#include "runtime/sched/find_runnable.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/spinning.h"
#include "runtime/sched/stw.h"
#include "runtime/sched/sysmon.h"
#include "runtime/sched/threads.h"

namespace mn {

void PidlePut(P* p) {
  p->status.store(PStatus::kIdle, memory_order_relaxed);
  p->link = sched.pidle;
  sched.pidle = p;
  // seq_cst: pairs with the fence in Wakep: either the one who queues work sees
  // this idle P, or the one who idles it sees the work when it looks again.
  sched.npidle.fetch_add(1, memory_order_seq_cst);
}

P* PidleGet() {
  P* p = sched.pidle;
  if (p == nullptr) return nullptr;
  sched.pidle = p->link;
  p->link = nullptr;
  sched.npidle.fetch_sub(1, memory_order_relaxed);
  p->status.store(PStatus::kRunning, memory_order_relaxed);
  WakeSysmonFromDeepSleep();
  return p;
}

void AcquireP(M* m, P* p) {
  MN_DCHECK(m->p == nullptr, "MN-2");
  MN_DCHECK(p->m.load(memory_order_relaxed) == nullptr, "MN-2");
  p->status.store(PStatus::kRunning, memory_order_relaxed);
  // release: pairs with the acquire in AskP (preempt_signal.cc), which reads
  // m->tid.
  p->m.store(m, memory_order_release);
  m->p = p;
}

P* ReleaseP(M* m) {
  P* p = m->p;
  MN_DCHECK(p != nullptr && p->m.load(memory_order_relaxed) == m, "MN-2");
  m->p = nullptr;
  p->m.store(nullptr, memory_order_relaxed);
  return p;
}

void StartM(P* p, bool spinning) {
  sched.lock.Lock();
  M* m = sched.midle;
  if (m != nullptr) {
    sched.midle = m->schedlink;
    sched.nmidle--;
  }
  sched.lock.Unlock();
  if (m == nullptr) {
    return MayCreateThread() ? NewM(p, spinning) : NeedM(p, spinning);  // THR-2
  }
  m->spinning = spinning;
  m->nextp = p;
  m->park.Wakeup();
}

void StopM(M* m, std::int64_t spin_ns) {
  m->idle_since = Nanotime();
  {
    RtLock lock(sched.lock);
    m->schedlink = sched.midle;
    sched.midle = m;
    sched.nmidle++;
    CheckDead();
  }
  m->park.Sleep(spin_ns);
  m->park.Clear();
  if (m->exit) MExit(m);
  P* p = m->nextp;
  m->nextp = nullptr;
  AcquireP(m, p);
}

void InjectGlobal(G* gp) {
  P* p = nullptr;
  {
    RtLock lock(sched.lock);
    GlobrunqPut(gp);
    if (!sched.gcwaiting.load(memory_order_relaxed)) p = PidleGet();
  }
  if (p != nullptr) {
    StartM(p, false);
  } else {
    Wakep();
  }
}

}  // namespace mn
