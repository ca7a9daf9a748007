#include "runtime/sched/sysmon.h"

#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>

#include "runtime/core/getg.h"
#include "runtime/core/godebug.h"
#include "runtime/core/nanotime.h"
#include "runtime/ctx/stack.h"
#include "runtime/diag/schedtrace.h"
#include "runtime/plug/syscall_handoff.h"
#include "runtime/sched/deadlock.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/preempt_signal.h"
#include "runtime/sched/preempt_trace.h"
#include "runtime/sched/procresize.h"
#include "runtime/sched/threads.h"

namespace mn {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
// So much time lies between two early wake-ups. Otherwise a program with many
// short system calls would wake sysmon for each of them.
constexpr std::int64_t kWakePauseNs = 1'000'000;

// The slice, from GODEBUG=preemptslice=N in microseconds. sysmon cannot see a
// shorter time than its own shortest sleep.
std::int64_t SliceFromGodebug() {
  const std::int64_t ns = GodebugNs("preemptslice", 1000, 0);
  return ns > 0 ? std::max(ns, kSysmonMinNs) : kSliceNs;
}

// Collects what sysmon sees. The Ps go on meanwhile, so all loads are relaxed,
// and the view may be a little old. A wrong guess costs one needless request,
// or comes right at the next look.
void Look(SysmonView& view) {
  const AllPs& all = Allp();
  // The number of Ps may have changed since the last look.
  view.ps.resize(static_cast<std::size_t>(all.n));
  for (std::int32_t i = 0; i < all.n; i++) {
    const P* p = all.p[i];
    const PStatus status = p->status.load(memory_order_relaxed);
    view.ps[static_cast<std::size_t>(i)] = {
        // When the world is stopped, the goroutine of this P is about to go on,
        // and its slice goes on too (GMP-2).
        .running = status == PStatus::kGcstop ||
                   (status == PStatus::kRunning &&
                    p->m.load(memory_order_relaxed) != nullptr),
        .in_syscall = status == PStatus::kSyscall,
        .stopped = status == PStatus::kGcstop,
        .has_work = !RunqEmpty(p->runq),
        .schedtick = p->schedtick.load(memory_order_relaxed),
        .syscalltick = p->syscalltick.load(memory_order_relaxed),
        .next_timer = p->timers.NextWhen(),
    };
  }
  view.idle_ps = sched.npidle.load(memory_order_relaxed);
  view.spinning_ms = sched.nmspinning.load(memory_order_relaxed);
  view.global_work = sched.runqsize.load(memory_order_relaxed) != 0;
  // An exchange, so that no goroutine is counted twice or lost.
  view.urgent = sched.urgent.exchange(0, memory_order_relaxed);
  // In the other modes a detached goroutine runs on until its next call into
  // the runtime. To ask would be of no use.
  view.detached = sched.ndetached.load(memory_order_relaxed) != 0 &&
                  CurrentPreemptMode() == PreemptMode::kStop;
  view.last_poll = sched.lastpoll.load(memory_order_relaxed);
}

void CarryOut(const SysmonActions& actions) {
  const AllPs& all = Allp();
  for (std::int32_t i : actions.retake) {
    P* p = all.p[i];
    // The thread may have come back since the look. Then RetakeP fails, and all
    // is well.
    if (RetakeP(p, PStatus::kRunning)) HandoffP(p);
  }
  for (std::int32_t i : actions.preempt) PreemptOne(all.p[i]);
  if (actions.stop_detached) {
    RtLock lock(sched.lock);
    // A thread leaves allm under this lock before it ends. So the signal goes
    // to a thread that exists.
    for (M* m = sched.allm; m != nullptr; m = m->alllink) {
      // acquire: pairs with the release in SetDetached (detach.cc).
      if (m->detached.load(memory_order_acquire)) PreemptDetached(m);
    }
  }
}

// Sleeps for `ns`. Returns whether somebody has ended the sleep early.
// `may_wake` says whether those who know of something urgent may do so.
bool Sleep(std::int64_t ns, std::int64_t now, bool may_wake) {
  if (ns == kSysmonForever) {
    std::int64_t limit = -1;
    {
      RtLock lock(sched.lock);
      // Under the lock, which PidleGet needs too. PidleGet wakes sysmon only if
      // the sleep is announced. So no P may leave the idle list between this
      // look and the announcement below.
      if (sched.npidle.load(memory_order_relaxed) != Gomaxprocs() ||
          sched.needm.load(memory_order_relaxed) != nullptr) {
        return true;
      }
      // The process has threads that are not ours and may call in. When the
      // last of them ends, nobody tells sysmon, so sysmon asks again.
      if (CheckDead()) limit = kSecond;
      sched.sysmon_until.store(kSysmonForever, memory_order_relaxed);
    }
    // THR-4. After this time there are threads to end.
    if (limit < 0 && ThreadsMayBeReaped()) limit = IdleNs();
    const bool woken = limit < 0 ? (sched.sysmonnote.Sleep(), true)
                                 : sched.sysmonnote.SleepFor(limit);
    sched.sysmon_until.store(0, memory_order_relaxed);
    if (woken) sched.sysmonnote.Clear();
    return woken;
  }
  // relaxed, here and below. A thread that reads an old value may wake sysmon
  // for nothing. Or the thread does not wake sysmon, and the sleep ends after
  // 10 ms.
  sched.sysmon_until.store(now + ns, memory_order_relaxed);
  sched.sysmon_slow.store(may_wake && ns > kSysmonMinNs, memory_order_relaxed);
  const bool woken = sched.sysmonnote.SleepFor(ns);
  sched.sysmon_slow.store(false, memory_order_relaxed);
  sched.sysmon_until.store(0, memory_order_relaxed);
  if (woken) sched.sysmonnote.Clear();
  return woken;
}

void* Sysmon(void* arg) {
  M* m = static_cast<M*>(arg);
  // sysmon never runs a goroutine, so this thread is in the runtime for ever.
  MInit(m);
  SysmonView view;
  SysmonState state;
  state.slice = SliceFromGodebug();
  SysmonActions actions;
  Schedtrace schedtrace;
  std::int64_t woken_at = 0;
  std::int64_t last_second = Nanotime();
  for (;;) {
    // First, because goroutines wait for these threads.
    if (ServeNeedM()) view.woken = true;
    const std::int64_t now = Nanotime();
    if (view.woken) woken_at = now;
    Look(view);
    SysmonStep(now, view, state, actions);
    CarryOut(actions);
    // Here, because the signal handlers that collect these traces must not
    // allocate.
    ReportHogs();
    const std::int64_t trace_due = schedtrace.PrintIfDue(now);
    std::int64_t sleep = actions.sleep;
    if (now - last_second >= kSecond) {
      last_second = now;
      // Once a second, because these calls read much and seldom change
      // anything.
      ReapIdleMs(now);
      // An idle process needs no other number of Ps, and should not read files.
      if (view.idle_ps != Gomaxprocs()) UpdateGomaxprocs();
    }
    if (trace_due != 0 &&
        (sleep == kSysmonForever || trace_due - now < sleep)) {
      // The sleep without an end would have looked for a deadlock. The shorter
      // sleep until the next trace does not.
      if (sleep == kSysmonForever) {
        RtLock lock(sched.lock);
        CheckDead();
      }
      sleep = trace_due > now ? trace_due - now : 1;
    }
    const bool may_wake = now - woken_at >= kWakePauseNs;
    if (!may_wake && sleep > kWakePauseNs && sleep != kSysmonForever) {
      // Nobody may wake sysmon during this sleep, so it must be short.
      sleep = kWakePauseNs;
    }
    view.woken = Sleep(sleep, now, may_wake);
  }
}

}  // namespace

void internal::WakeSysmon() {
  // One wake-up is enough, and a wake-up is a system call. The exchange lets
  // only one of several threads through.
  if (sched.sysmon_slow.exchange(false, memory_order_relaxed)) {
    sched.sysmonnote.Wakeup();
  }
}

void StartSysmon() {
  M* m = AllocM(/*foreign=*/false);
  {
    RtLock lock(sched.lock);
    // CheckDead must not take sysmon for a thread that may still make a
    // goroutine runnable.
    sched.nmsys++;
  }
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  // 1 MiB, as for the other threads of the runtime.
  pthread_attr_setstacksize(&attr, std::size_t{1} << 20);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  if (pthread_create(&thread, &attr, Sysmon, m) != 0) {
    Throw("cannot create the monitor thread", "newosproc");
  }
  pthread_attr_destroy(&attr);
}

}  // namespace mn
