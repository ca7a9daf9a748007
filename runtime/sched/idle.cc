#include "runtime/sched/idle.h"

#include <errno.h>
#include <string.h>

#include "runtime/core/getg.h"
#include "runtime/ctx/stack.h"
#include "runtime/ctx/switch.h"
#include "runtime/sched/deadlock.h"
#include "runtime/sched/schedule.h"
#include "runtime/sched/spinning.h"

namespace mn {

namespace {

// The scheduler's own stack; find_runnable and reports need little, sanitizers
// and libbacktrace more.
constexpr std::size_t kThreadStackSize = 1 << 20;

bool RunqEmpty(const P* p) {
  // Order matters not: only the owner adds, and the owner is the caller or
  // gone.
  return p->runq.head.load(memory_order_relaxed) ==
             p->runq.tail.load(memory_order_relaxed) &&
         p->runq.runnext.load(memory_order_relaxed) == nullptr;
}

}  // namespace

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
  sched.npidle.fetch_sub(1, memory_order_relaxed);
  return p;
}

void AcquireP(M* m, P* p) {
  MN_DCHECK(m->p == nullptr && p->m == nullptr, "MN-2");
  m->p = p;
  p->m = m;
  p->status.store(PStatus::kRunning, memory_order_relaxed);
}

P* ReleaseP(M* m) {
  P* p = m->p;
  MN_DCHECK(p != nullptr && p->m == m, "MN-2");
  m->p = nullptr;
  p->m = nullptr;
  return p;
}

void NewM(P* p, bool spinning) {
  M* m = new M;
  m->nextp = p;
  m->spinning = spinning;
  {
    RtLock lock(sched.lock);
    m->id = sched.mcount++;
  }
  m->rand = 0x9E3779B97F4A7C15u * static_cast<std::uint64_t>(m->id + 1);
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, kThreadStackSize);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  const int err = pthread_create(&m->thread, &attr, MStart, m);
  pthread_attr_destroy(&attr);
  if (err != 0) {
    FatalText text;
    text << "runtime: failed to create new OS thread (have " << m->id
         << " already; errno=" << err << ")\n";
    if (err == EAGAIN) {
      text << "runtime: may need to increase max user processes (ulimit -u) or "
              "the cgroup's pids.max\n";
    }
    text.Print();
    Throw("newosproc");
  }
}

void* MStart(void* arg) {
  M* m = static_cast<M*>(arg);
  tls_m = m;
  InitThreadStack(m);
  InstallSignalStack();
  P* p = m->nextp;
  m->nextp = nullptr;
  AcquireP(m, p);
  Schedule(m);
}

void StartM(P* p, bool spinning) {
  sched.lock.Lock();
  M* m = sched.midle;
  if (m != nullptr) {
    sched.midle = m->schedlink;
    sched.nmidle--;
  }
  sched.lock.Unlock();
  if (m == nullptr) return NewM(p, spinning);
  m->spinning = spinning;
  m->nextp = p;
  m->park.Wakeup();
}

void StopM(M* m) {
  {
    RtLock lock(sched.lock);
    m->park.Clear();
    m->schedlink = sched.midle;
    sched.midle = m;
    sched.nmidle++;
    CheckDead();
  }
  m->park.Sleep();
  P* p = m->nextp;
  m->nextp = nullptr;
  AcquireP(m, p);
}

void HandoffP(P* p) {
  // Anything to run there, or anywhere: another M must take it now.
  if (!RunqEmpty(p) || sched.runqsize.load(memory_order_relaxed) != 0) {
    return StartM(p, false);
  }
  // No work, but nobody is looking for any either: be the one who looks.
  std::int32_t none = 0;
  if (sched.nmspinning.load(memory_order_relaxed) == 0 &&
      sched.npidle.load(memory_order_relaxed) == 0 &&
      sched.nmspinning.compare_exchange_strong(none, 1, memory_order_seq_cst)) {
    sched.needspinning.store(0, memory_order_relaxed);
    return StartM(p, true);
  }
  sched.lock.Lock();
  const bool last_running =
      sched.npidle.load(memory_order_relaxed) == sched.gomaxprocs - 1;
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

}  // namespace mn
