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

// The size of the scheduler's own stack. FindRunnable and reports need little,
// but sanitizers and libbacktrace need more.
constexpr std::size_t kThreadStackSize = 1 << 20;

// So many idle threads are kept for good. A burst of work needs a thread for
// each P, and a few more for system calls.
std::int32_t PoolSize() { return Gomaxprocs() + 4; }

// Ms whose threads have ended. An M is never freed, because sysmon may still
// look at an M that it has read from a P. Guarded by sched.lock.
M* free_ms = nullptr;

// Makes m as good as new. AllocM sets id, rand and foreign, and MInit sets the
// rest.
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
  // NewM has left the P here. To acquire a P is up to the thread itself (MN-2).
  P* p = m->nextp;
  m->nextp = nullptr;
  AcquireP(m, p);
  // Does not return.
  Schedule(m);
}

// Puts m on allm and counts it. The counterpart is RemoveM.
// REQUIRES: sched.lock is held, for both.
void AddM(M* m) {
  m->id = sched.mnext++;
  // Any seed but 0 will do for xorshift. The factor spreads the ids over all
  // bits.
  m->rand = 0x9E3779B97F4A7C15u * static_cast<std::uint64_t>(m->id + 1);
  // Dumps and sysmon walk over this list.
  m->alllink = sched.allm;
  sched.allm = m;
  if (m->foreign) {
    // The limit of THR-1 is for threads that the runtime makes.
    sched.nforeign++;
  } else {
    sched.mcount.store(sched.mcount.load(memory_order_relaxed) + 1,
                       memory_order_relaxed);
  }
}

void RemoveM(M* m) {
  // A walk over all Ms. Threads end seldom, so a list with one link is enough.
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

// Go's texts, because people grep for them.
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
  // EAGAIN stands for three different limits, and errno alone leads nobody to
  // them.
  if (err == EAGAIN) {
    text << "runtime: may need to increase max user processes (ulimit -u), the "
            "cgroup's pids.max or kernel.threads-max\n";
  }
  text.Print();
  Throw("newosproc");
}

}  // namespace

std::int64_t IdleNs() {
  // Read once, because GODEBUG does not change.
  static const std::int64_t ns = [] {
    const std::int64_t ns = GodebugNs("idlethreadms", 1'000'000, -1);
    return ns < 0 ? 5'000'000'000 : ns;
  }();
  return ns;
}

void MInit(M* m) {
  EnterRuntime();
  // After EnterRuntime, because a signal handler that finds an M relies on the
  // byte which EnterRuntime has set (PRE-2).
  tls_m = m;
  m->thread = pthread_self();
  // With signals switched off, those who ask set this byte themselves (AskP).
  m->preempt_pending.store(PreemptPendingNote(), memory_order_relaxed);
  m->tid.store(static_cast<std::int32_t>(::syscall(SYS_gettid)),
               memory_order_relaxed);
  InitThreadStack(m);
  // A foreign thread may have a signal stack already, which it keeps.
  m->signal_stack = InstallSignalStack(/*keep=*/m->foreign);
  // The kernel adds the slack to every timed wait, and the default is 50 us. A
  // foreign thread keeps its own slack, because the thread belongs to others.
  if (!m->foreign) ::prctl(PR_SET_TIMERSLACK, 1);
}

bool MayCreateThread() {
  const M* m = getm();
  // A thread that the runtime does not know. Its state may be anything.
  if (m == nullptr) return false;
  // THR-3. `ending` says that the thread was pinned until a moment ago. Nobody
  // has undone the changes of its goroutine.
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
      // The M of an ended thread serves again. So a program whose threads come
      // and go does not collect Ms.
      free_ms = m->schedlink;
      Reset(m);
    }
  }
  // Not under the lock, because a thread that was interrupted inside malloc may
  // want sched.lock.
  if (m == nullptr) m = new M;
  // Before AddM, which counts m accordingly.
  m->foreign = foreign;
  {
    RtLock lock(sched.lock);
    AddM(m);
    count = sched.mcount.load(memory_order_relaxed);
    // Both under the same lock, so that SetMaxThreads and this thread cannot
    // miss each other.
    limit = sched.maxmcount;
  }
  if (count > limit) ThreadExhaustion(limit);  // THR-1
  return m;
}

void NewM(P* p, bool spinning) {
  M* m = AllocM(/*foreign=*/false);
  // Before the thread exists. pthread_create publishes both to it.
  m->nextp = p;
  m->spinning = spinning;
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, kThreadStackSize);
  // Nobody joins a thread of ours.
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const int err = pthread_create(&thread, &attr, MStart, m);
  pthread_attr_destroy(&attr);
  // Without this thread its P would be lost, and there is nobody to return an
  // error to. NumThreads counts the new M already.
  if (err != 0) NewOsProcFailed(NumThreads() - 1, err);
}

void NeedM(P* p, bool spinning) {
  {
    RtLock lock(sched.lock);
    p->needm_spinning = spinning;
    p->link = sched.needm.load(memory_order_relaxed);
    sched.needm.store(p, memory_order_relaxed);
  }
  // Outside the lock, so that sysmon does not wake only to wait for the lock.
  sched.sysmonnote.Wakeup();
}

bool ServeNeedM() {
  // A look without the lock, because sysmon comes by at every look. A P that is
  // missed here has woken sysmon, which comes by once more.
  if (sched.needm.load(memory_order_relaxed) == nullptr) return false;
  P* list;
  {
    RtLock lock(sched.lock);
    list = sched.needm.load(memory_order_relaxed);
    sched.needm.store(nullptr, memory_order_relaxed);
  }
  // Null if a thread that stops the world was quicker (TakeStandingPs).
  const bool any = list != nullptr;
  while (list != nullptr) {
    P* p = list;
    // Before StartM, because p may be on another list then.
    list = p->link;
    p->link = nullptr;
    StartM(p, p->needm_spinning);
  }
  return any;
}

void FreeM(M* m) {
  RtLock lock(sched.lock);
  // The M may serve another thread as soon as the lock is free.
  RemoveM(m);
  // schedlink is free, because m is not on midle.
  m->schedlink = free_ms;
  free_ms = m;
  // One M less is alive, so this may be the moment of a deadlock.
  CheckDead();
}

void MExit(M* m) {
  // On Linux a process whose main thread has ended looks like a zombie, and
  // nobody can wait for the process. So the main thread sleeps for ever.
  if (m == sched.m0) {
    {
      RtLock lock(sched.lock);
      // For the deadlock report the main thread is idle from now on.
      sched.nmidlelocked++;
      CheckDead();
    }
    for (;;) {
      m->park.Sleep();
      m->park.Clear();
    }
  }
  // A signal may still come, and must find no M here.
  tls_m = nullptr;
  LeaveThreadStack(m);
  // Before FreeM, which gives m away.
  RemoveSignalStack(m->signal_stack);
  FreeM(m);
  pthread_exit(nullptr);
}

bool ThreadsMayBeReaped() {
  // Go never ends an idle thread.
  if (CurrentProfile() == Profile::kGo) return false;
  RtLock lock(sched.lock);
  return sched.nmidle > PoolSize();
}

int ReapIdleMs(std::int64_t now) {
  if (CurrentProfile() == Profile::kGo) return 0;
  const std::int64_t idle_ns = IdleNs();
  // Read once, because GOMAXPROCS may change meanwhile.
  const std::int32_t keep = PoolSize();
  M* end = nullptr;
  int reaped = 0;
  {
    RtLock lock(sched.lock);
    // Before the walk, which skips so many threads.
    if (sched.nmidle <= keep) return 0;
    // midle is last in, first out, so the threads at its end have idled
    // longest.
    M** link = &sched.midle;
    for (std::int32_t kept = 0; kept < keep; kept++) {
      link = &(*link)->schedlink;
    }
    while (M* m = *link) {
      // The main thread cannot end (MExit).
      if (m == sched.m0 || now - m->idle_since < idle_ns) {
        link = &m->schedlink;
        continue;
      }
      // Off the list, so StartM cannot take m. From here on only this function
      // may wake m (IDL-1).
      *link = m->schedlink;
      sched.nmidle--;
      m->schedlink = end;
      end = m;
      reaped++;
    }
  }
  while (end != nullptr) {
    M* m = end;
    // Before the wake-up. Once m has ended, AllocM may use m again.
    end = m->schedlink;
    // StopM reads `exit` when it wakes. The note publishes the store.
    m->exit = true;
    m->park.Wakeup();
  }
  return reaped;
}

int SetMaxThreads(int threads) {
  // Any thread may call this function, so a RuntimeCall would not do. But a
  // preemption must not stop a thread that holds sched.lock.
  InRuntimeScope scope;
  // A negative limit counts as 0, and ends the process below.
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
