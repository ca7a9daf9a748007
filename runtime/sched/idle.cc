// The lists of idle Ps and Ms, and the ways on and off them.
//
// Both lists are LIFO. The P and the M that idled last have the warmest caches.
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
  // Either the M that queues work sees this idle P, or the M that idles the P
  // sees the work when it looks again.
  // seq_cst: pairs with the fence in Wakep.
  sched.npidle.fetch_add(1, memory_order_seq_cst);
}

P* PidleGet() {
  P* p = sched.pidle;
  if (p == nullptr) return nullptr;
  sched.pidle = p->link;
  p->link = nullptr;
  sched.npidle.fetch_sub(1, memory_order_relaxed);
  // The P is on its way to an M (core/status.h). Nobody else may take p now.
  p->status.store(PStatus::kRunning, memory_order_relaxed);
  // sysmon sleeps without an end only while every P is idle.
  WakeSysmonFromDeepSleep();
  return p;
}

void AcquireP(M* m, P* p) {
  MN_DCHECK(m->p == nullptr, "MN-2");
  MN_DCHECK(p->m.load(memory_order_relaxed) == nullptr, "MN-2");
  p->status.store(PStatus::kRunning, memory_order_relaxed);
  // From here on the preemption signal for p goes to the thread of m.
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
  // Before the rest. NewM and NeedM take the lock themselves, and a wake-up may
  // enter the kernel.
  sched.lock.Unlock();
  if (m == nullptr) {
    // THR-2. A thread whose state must not be cloned leaves the work to sysmon.
    return MayCreateThread() ? NewM(p, spinning) : NeedM(p, spinning);
  }
  // IDL-1. The P is in place before the note wakes the M. The M is off the
  // list, so nobody else wakes the M.
  m->spinning = spinning;
  m->nextp = p;
  m->park.Wakeup();
}

void StopM(M* m, std::int64_t spin_ns) {
  // For ReapIdleMs (THR-4).
  m->idle_since = Nanotime();
  {
    RtLock lock(sched.lock);
    m->schedlink = sched.midle;
    sched.midle = m;
    sched.nmidle++;
    // Under the same lock as the list. The last M to go to sleep sees all
    // others asleep.
    CheckDead();
  }
  // A wake-up that comes before Sleep is kept by the note.
  m->park.Sleep(spin_ns);
  // At once. When this M is on the list again, the next wake-up may come.
  m->park.Clear();
  // ReapIdleMs has woken this M to end, and no P is in nextp.
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
    // While the world stops, idle Ps belong to whoever stops the world.
    if (!sched.gcwaiting.load(memory_order_relaxed)) p = PidleGet();
  }
  if (p != nullptr) {
    StartM(p, false);
  } else {
    // No P was to be had. Wakep looks once more, and asks the next M that would
    // idle its P to look for gp (S5).
    Wakep();
  }
}

}  // namespace mn
