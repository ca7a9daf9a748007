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
// An early wake-up no sooner than this after the last one.
constexpr std::int64_t kWakePauseNs = 1'000'000;

std::int64_t SliceFromGodebug() {
  const std::int64_t ns = GodebugNs("preemptslice", 1000, 0);
  return ns > 0 ? std::max(ns, kSysmonMinNs) : kSliceNs;
}

void Look(SysmonView& view) {
  const AllPs& all = Allp();
  view.ps.resize(static_cast<std::size_t>(all.n));
  for (std::int32_t i = 0; i < all.n; i++) {
    const P* p = all.p[i];
    const PStatus status = p->status.load(memory_order_relaxed);
    view.ps[static_cast<std::size_t>(i)] = {
        // In a stopped world what ran on it is about to go on.
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
  view.urgent = sched.urgent.exchange(0, memory_order_relaxed);
  view.detached = sched.ndetached.load(memory_order_relaxed) != 0 &&
                  CurrentPreemptMode() == PreemptMode::kStop;
  view.last_poll = sched.lastpoll.load(memory_order_relaxed);
}

void CarryOut(const SysmonActions& actions) {
  const AllPs& all = Allp();
  for (std::int32_t i : actions.retake) {
    P* p = all.p[i];
    if (RetakeP(p, PStatus::kRunning)) HandoffP(p);
  }
  for (std::int32_t i : actions.preempt) PreemptOne(all.p[i]);
  if (actions.stop_detached) {
    RtLock lock(sched.lock);
    for (M* m = sched.allm; m != nullptr; m = m->alllink) {
      // acquire: pairs with the release in SetDetached (detach.cc).
      if (m->detached.load(memory_order_acquire)) PreemptDetached(m);
    }
  }
}

// Sleeps as told; true if woken early.
bool Sleep(std::int64_t ns, std::int64_t now, bool may_wake) {
  if (ns == kSysmonForever) {
    std::int64_t limit = -1;
    {
      RtLock lock(sched.lock);
      if (sched.npidle.load(memory_order_relaxed) != Gomaxprocs() ||
          sched.needm.load(memory_order_relaxed) != nullptr) {
        return true;
      }
      if (CheckDead()) limit = kSecond;
      sched.sysmon_until.store(kSysmonForever, memory_order_relaxed);
    }
    if (limit < 0 && ThreadsMayBeReaped()) limit = IdleNs();
    const bool woken = limit < 0 ? (sched.sysmonnote.Sleep(), true)
                                 : sched.sysmonnote.SleepFor(limit);
    sched.sysmon_until.store(0, memory_order_relaxed);
    if (woken) sched.sysmonnote.Clear();
    return woken;
  }
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
  MInit(m);
  SysmonView view;
  SysmonState state;
  state.slice = SliceFromGodebug();
  SysmonActions actions;
  Schedtrace schedtrace;
  std::int64_t woken_at = 0;
  std::int64_t last_second = Nanotime();
  for (;;) {
    if (ServeNeedM()) view.woken = true;
    const std::int64_t now = Nanotime();
    if (view.woken) woken_at = now;
    Look(view);
    SysmonStep(now, view, state, actions);
    CarryOut(actions);
    ReportHogs();
    const std::int64_t trace_due = schedtrace.PrintIfDue(now);
    std::int64_t sleep = actions.sleep;
    if (now - last_second >= kSecond) {
      last_second = now;
      ReapIdleMs(now);
      if (view.idle_ps != Gomaxprocs()) UpdateGomaxprocs();
    }
    if (trace_due != 0 &&
        (sleep == kSysmonForever || trace_due - now < sleep)) {
      if (sleep == kSysmonForever) {  // which would have asked
        RtLock lock(sched.lock);
        CheckDead();
      }
      sleep = trace_due > now ? trace_due - now : 1;
    }
    const bool may_wake = now - woken_at >= kWakePauseNs;
    if (!may_wake && sleep > kWakePauseNs && sleep != kSysmonForever) {
      sleep = kWakePauseNs;  // as long as nobody may wake us
    }
    view.woken = Sleep(sleep, now, may_wake);
  }
}

}  // namespace

void internal::WakeSysmon() {
  // Once is enough.
  if (sched.sysmon_slow.exchange(false, memory_order_relaxed)) {
    sched.sysmonnote.Wakeup();
  }
}

void StartSysmon() {
  M* m = AllocM(/*foreign=*/false);
  {
    RtLock lock(sched.lock);
    sched.nmsys++;
  }
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, std::size_t{1} << 20);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  if (pthread_create(&thread, &attr, Sysmon, m) != 0) {
    Throw("cannot create the monitor thread", "newosproc");
  }
  pthread_attr_destroy(&attr);
}

}  // namespace mn
