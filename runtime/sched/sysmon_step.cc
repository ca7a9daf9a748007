#include "runtime/sched/sysmon_step.h"

#include <algorithm>

namespace mn {

namespace {

// Returns whether a goroutine could use the P, if sysmon took p.
bool SomebodyWaits(const SysmonView& view, const SysmonPView& p) {
  return p.has_work || view.global_work;
}

bool TimerOverdue(std::int64_t now, const SysmonPView& p) {
  return p.next_timer != 0 && now >= OverdueAt(p.next_timer);
}

// MON-2, MON-3. Returns whether to take p from a system call that sysmon sees
// for the second time at least.
bool ShouldRetake(std::int64_t now, const SysmonView& view,
                  const SysmonPView& p, const SysmonState::Sighting& seen) {
  const std::int64_t since = now - seen.syscall_since;
  // An early wake-up may bring the second look too soon. Most calls would end
  // by themselves.
  if (since < kSysmonMinNs) return false;
  if (SomebodyWaits(view, p) || TimerOverdue(now, p)) return true;
  // No P is idle and no M spins, so work that comes now would wait. A taken P
  // would idle or spin for this work.
  if (view.idle_ps + view.spinning_ms == 0) return true;
  // Nothing needs p, so a retake would only cost the thread its fast way back.
  // After 10 ms this cost no longer matters.
  return since >= kSliceNs;
}

}  // namespace

void SysmonStep(std::int64_t now, const SysmonView& view, SysmonState& state,
                SysmonActions& actions) {
  actions = {};
  const std::size_t n = view.ps.size();
  state.ps.resize(n);
  // A slice that tests have made shorter makes the pause shorter too.
  const std::int64_t pause = std::min(kUrgentPauseNs, state.slice);
  // The goroutines that came back are on the global queue. If the queue is
  // empty, all of them have found a P.
  state.urgent = view.global_work ? state.urgent + view.urgent : 0;

  // The earliest time at which there is something to do, whatever the delay
  // says.
  std::int64_t due = kSysmonForever;
  // The P whose goroutine has run longest, for `urgent`. -1 if there is none.
  std::int64_t longest = -1;
  for (std::size_t i = 0; i < n; i++) {
    const SysmonPView& p = view.ps[i];
    SysmonState::Sighting& seen = state.ps[i];
    const auto id = static_cast<std::int32_t>(i);
    if (p.in_syscall) {
      if (!seen.in_syscall || seen.syscalltick != p.syscalltick) {
        seen.in_syscall = true;
        seen.syscalltick = p.syscalltick;
        // The call began between the last look and this look. Counted from now,
        // the call seems shorter than it is, so no P is taken too early.
        seen.syscall_since = now;
        // The first sighting. The second look comes soon if somebody waits for
        // this P. Otherwise the regular look will do, because most calls are
        // short, and some call is always under way.
        if (SomebodyWaits(view, p)) due = std::min(due, now + kSysmonMinNs);
        if (p.next_timer != 0 && view.idle_ps == 0) {
          due = std::min(due,
                         std::max(OverdueAt(p.next_timer), now + kSysmonMinNs));
        }
        // The same call as at the last look.
      } else if (ShouldRetake(now, view, p, seen)) {
        actions.retake.push_back(id);
        seen.in_syscall = false;
      } else {
        due = std::min(due, seen.syscall_since + kSliceNs);
      }
      continue;
    }
    seen.in_syscall = false;
    // An idle P, or a P on its way to a thread.
    if (!p.running) continue;
    if (seen.schedtick != p.schedtick || seen.sched_since == 0) {
      seen.schedtick = p.schedtick;
      seen.sched_since = now;
    }
    const std::int64_t ran = now - seen.sched_since;
    // A goroutine that was asked and has not given way is in the runtime or in
    // a library. A pause, so that signals do not eat up its time.
    const bool may_ask = now - seen.asked >= pause;
    const bool slice_over =
        ran >= state.slice && SomebodyWaits(view, p);  // MON-4
    const bool timer_waits =
        TimerOverdue(now, p) && ran >= kUrgentSliceNs;  // MON-7
    if ((slice_over || timer_waits) && may_ask) {
      seen.asked = now;
      actions.preempt.push_back(id);
      // A candidate for `urgent`. In a stopped world nothing runs, so to ask
      // would be of no use.
    } else if (may_ask && !p.stopped && ran >= kUrgentSliceNs &&
               (longest < 0 ||
                seen.sched_since <
                    state.ps[static_cast<std::size_t>(longest)].sched_since)) {
      longest = id;
    }
    // The first look at a new goroutine tells when its slice ends. After the
    // slice there is nothing to wait for until another goroutine wants the P.
    const std::int64_t slice_end =
        std::max(seen.sched_since + state.slice, seen.asked + pause);
    if (slice_end > now) due = std::min(due, slice_end);
    if (p.next_timer != 0 && view.idle_ps == 0) {
      due = std::min(due, std::max({OverdueAt(p.next_timer), seen.asked + pause,
                                    seen.sched_since + kUrgentSliceNs}));
    }
  }

  if (state.urgent > 0 && view.idle_ps == 0) {  // MON-7
    // One request for each look. The goroutine that gives way serves one of
    // those that came back.
    if (longest >= 0) {
      state.ps[static_cast<std::size_t>(longest)].asked = now;
      actions.preempt.push_back(static_cast<std::int32_t>(longest));
      state.urgent--;
    }
    // More goroutines came back than were asked to give way, or none has run
    // for 200 us yet.
    if (state.urgent > 0) due = std::min(due, now + kUrgentSliceNs);
  }
  if (view.detached) {
    // A detached goroutine runs beside the GOMAXPROCS others, until a signal
    // finds it in the program's own text.
    if (now - state.detached_asked >= pause) {
      actions.stop_detached = true;
      state.detached_asked = now;
    }
    due = std::min(due, state.detached_asked + pause);
  }
  // Goroutines wait for the network, and no M has polled for 10 ms.
  actions.netpoll = view.net_waiters > 0 && view.last_poll != 0 &&
                    now - view.last_poll >= kSysmonMaxNs;

  // MON-1. A retake shows that calls last, so the next may be near. A wake-up
  // by others shows less, and keeps the short sleeps only for a few looks.
  if (!actions.retake.empty()) {
    state.idle_looks = 0;
  } else if (view.woken) {
    state.idle_looks =
        std::min(state.idle_looks, kSysmonIdleLooks - kSysmonLooksWhenWoken);
  } else {
    state.idle_looks++;
  }
  if (state.idle_looks <= kSysmonIdleLooks) {
    state.delay = kSysmonMinNs;
  } else {
    state.delay = std::min(2 * state.delay, kSysmonMaxNs);
  }
  actions.sleep = state.delay;
  // `due` only shortens a sleep, and never below 20 us.
  if (due != kSysmonForever && state.delay > kSysmonMinNs) {
    actions.sleep = std::clamp(due - now, kSysmonMinNs,
                               std::max(state.delay, kSysmonMinNs));
  }

  // Every P is idle, so there is nothing to take and nobody to ask. PidleGet
  // wakes sysmon when an M takes a P. The deep sleep begins ten looks later, so
  // that a program with short pauses does not pay for this wake-up.
  const bool all_idle = view.idle_ps == static_cast<std::int32_t>(n);
  state.deep_looks =
      all_idle && state.delay == kSysmonMaxNs ? state.deep_looks + 1 : 0;
  if (state.deep_looks > kSysmonDeepLooks) {
    state.deep_looks = 0;
    actions.sleep = kSysmonForever;
  }
}

}  // namespace mn
