#include "runtime/sched/threads.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

#include "runtime/core/getg.h"
#include "runtime/core/godebug.h"
#include "runtime/core/in_runtime.h"
#include "runtime/core/profile.h"
#include "runtime/ctx/stack.h"
#include "runtime/ctx/switch.h"
#include "runtime/sched/deadlock.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/schedule.h"
#include "runtime/thread.h"

namespace mn {

namespace {

// The scheduler's own stack; find_runnable and reports need little, sanitizers
// and libbacktrace more.
constexpr std::size_t kThreadStackSize = 1 << 20;

// Idle threads that are kept for good.
std::int32_t PoolSize() { return Gomaxprocs() + 4; }

// Ms whose threads have ended. Never freed: sysmon may still look at one.
M* free_ms = nullptr;  // guarded by sched.lock

// As good as new.
void Reset(M* m) {
  m->p = m->oldp = m->nextp = nullptr;
  m->curg = m->picked = m->lockedg = nullptr;
  m->locked_ext = m->locked_int = 0;
  m->handoff_at = 0;
  m->spinning = m->in_handler = m->ending = m->exit = false;
  m->preempt_request.store(0, memory_order_relaxed);
  m->detached.store(false, memory_order_relaxed);
  m->g0.ctx = Gobuf{};
  m->park.Clear();
}

// The body of every thread but the first.
void* MStart(void* arg) {
  M* m = static_cast<M*>(arg);
  MInit(m);
  P* p = m->nextp;
  m->nextp = nullptr;
  AcquireP(m, p);
  Schedule(m);
}

// REQUIRES: sched.lock, both.
void AddM(M* m) {
  m->id = sched.mnext++;
  m->rand = 0x9E3779B97F4A7C15u * static_cast<std::uint64_t>(m->id + 1);
  m->alllink = sched.allm;
  sched.allm = m;
  if (m->foreign) {
    sched.nforeign++;
  } else {
    sched.mcount.store(sched.mcount.load(memory_order_relaxed) + 1,
                       memory_order_relaxed);
  }
}

void RemoveM(M* m) {
  M** link = &sched.allm;
  while (*link != m) link = &(*link)->alllink;
  *link = m->alllink;
  if (m->foreign) {
    sched.nforeign--;
  } else {
    sched.mcount.store(sched.mcount.load(memory_order_relaxed) - 1,
                       memory_order_relaxed);
  }
}

[[noreturn]] void ThreadExhaustion(std::int32_t limit) {
  FatalText text;
  text << "runtime: program exceeds " << limit << "-thread limit\n";
  text.Print();
  Throw("thread exhaustion");
}

[[noreturn]] void NewOsProcFailed(int have, int err) {
  FatalText text;
  text << "runtime: failed to create new OS thread (have " << have
       << " already; errno=" << err << ")\n";
  if (err == EAGAIN) {
    text << "runtime: may need to increase max user processes (ulimit -u), the "
            "cgroup's pids.max or kernel.threads-max\n";
  }
  text.Print();
  Throw("newosproc");
}

}  // namespace

std::int64_t IdleNs() {
  static const std::int64_t ns = [] {
    const std::int64_t ns = GodebugNs("idlethreadms", 1'000'000, -1);
    return ns < 0 ? 5'000'000'000 : ns;
  }();
  return ns;
}

void MInit(M* m) {
  EnterRuntime();
  tls_m = m;
  m->thread = pthread_self();
  m->preempt_pending.store(PreemptPendingNote(), memory_order_relaxed);
  m->tid.store(static_cast<std::int32_t>(::syscall(SYS_gettid)),
               memory_order_relaxed);
  InitThreadStack(m);
  m->signal_stack = InstallSignalStack(/*keep=*/m->foreign);
  // The default slack of 50 us would be added to every timed wait in netpoll.
  if (!m->foreign) ::prctl(PR_SET_TIMERSLACK, 1);
}

bool MayCreateThread() {
  const M* m = getm();
  if (m == nullptr) return false;
  // THR-3. `ending`: pinned until a moment ago, and nobody undid what it did.
  return !m->in_handler && m->lockedg == nullptr && !m->ending && !m->foreign;
}

M* AllocM(bool foreign) {
  std::int32_t count;
  std::int32_t limit;
  M* m;
  {
    RtLock lock(sched.lock);
    m = free_ms;
    if (m != nullptr) {
      free_ms = m->schedlink;
      Reset(m);
    }
  }
  if (m == nullptr) m = new M;
  m->foreign = foreign;
  {
    RtLock lock(sched.lock);
    AddM(m);
    count = sched.mcount.load(memory_order_relaxed);
    limit = sched.maxmcount;
  }
  if (count > limit) ThreadExhaustion(limit);  // THR-1
  return m;
}

void NewM(P* p, bool spinning) {
  M* m = AllocM(/*foreign=*/false);
  m->nextp = p;
  m->spinning = spinning;
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, kThreadStackSize);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const int err = pthread_create(&thread, &attr, MStart, m);
  pthread_attr_destroy(&attr);
  if (err != 0) NewOsProcFailed(NumThreads() - 1, err);
}

void NeedM(P* p, bool spinning) {
  {
    RtLock lock(sched.lock);
    p->needm_spinning = spinning;
    p->link = sched.needm.load(memory_order_relaxed);
    sched.needm.store(p, memory_order_relaxed);
  }
  sched.sysmonnote.Wakeup();
}

bool ServeNeedM() {
  if (sched.needm.load(memory_order_relaxed) == nullptr) return false;
  P* list;
  {
    RtLock lock(sched.lock);
    list = sched.needm.load(memory_order_relaxed);
    sched.needm.store(nullptr, memory_order_relaxed);
  }
  const bool any = list != nullptr;
  while (list != nullptr) {
    P* p = list;
    list = p->link;
    p->link = nullptr;
    StartM(p, p->needm_spinning);
  }
  return any;
}

void FreeM(M* m) {
  RtLock lock(sched.lock);
  RemoveM(m);
  m->schedlink = free_ms;
  free_ms = m;
  CheckDead();
}

void MExit(M* m) {
  if (m == sched.m0) {
    {
      RtLock lock(sched.lock);
      sched.nmidlelocked++;
      CheckDead();
    }
    for (;;) {
      m->park.Sleep();
      m->park.Clear();
    }  // its end would be the end of the process
  }
  tls_m = nullptr;
  LeaveThreadStack(m);
  RemoveSignalStack(m->signal_stack);
  FreeM(m);
  pthread_exit(nullptr);
}

bool ThreadsMayBeReaped() {
  if (CurrentProfile() == Profile::kGo) return false;
  RtLock lock(sched.lock);
  return sched.nmidle > PoolSize();
}

int ReapIdleMs(std::int64_t now) {
  if (CurrentProfile() == Profile::kGo) return 0;
  const std::int64_t idle_ns = IdleNs();
  // Read once: GOMAXPROCS may change meanwhile.
  const std::int32_t keep = PoolSize();
  M* end = nullptr;
  int reaped = 0;
  {
    RtLock lock(sched.lock);
    if (sched.nmidle <= keep) return 0;
    // midle is LIFO: the longest idle are at its end.
    M** link = &sched.midle;
    for (std::int32_t kept = 0; kept < keep; kept++) {
      link = &(*link)->schedlink;
    }
    while (M* m = *link) {
      if (m == sched.m0 || now - m->idle_since < idle_ns) {
        link = &m->schedlink;
        continue;
      }
      *link = m->schedlink;
      sched.nmidle--;
      m->schedlink = end;
      end = m;
      reaped++;
    }
  }
  while (end != nullptr) {
    M* m = end;
    end = m->schedlink;  // before it ends
    m->exit = true;
    m->park.Wakeup();
  }
  return reaped;
}

int SetMaxThreads(int threads) {
  InRuntimeScope scope;  // a thread that holds sched.lock must not be stopped
  const std::int32_t limit = threads < 0 ? 0 : threads;
  std::int32_t before;
  std::int32_t count;
  {
    RtLock lock(sched.lock);
    before = sched.maxmcount;
    sched.maxmcount = limit;
    count = sched.mcount.load(memory_order_relaxed);
  }
  if (count > limit) ThreadExhaustion(limit);
  return before;
}

int NumThreads() { return sched.mcount.load(memory_order_relaxed); }

}  // namespace mn
