#include "runtime/sched/sysmon_step.h"

#include <algorithm>

namespace mn {

namespace {

// Anything that could use a P, were it taken from p.
bool SomebodyWaits(const SysmonView& view, const SysmonPView& p) {
  return p.has_work || view.global_work;
}

bool TimerOverdue(std::int64_t now, const SysmonPView& p) {
  return p.next_timer != 0 && now >= OverdueAt(p.next_timer);
}

// MON-2, MON-3.
bool ShouldRetake(std::int64_t now, const SysmonView& view,
                  const SysmonPView& p, const SysmonState::Sighting& seen) {
  const std::int64_t since = now - seen.syscall_since;
  if (since < kSysmonMinNs) return false;
  if (SomebodyWaits(view, p) || TimerOverdue(now, p)) return true;
  if (view.idle_ps + view.spinning_ms == 0) return true;
  return since >= kSliceNs;
}

}  // namespace

void SysmonStep(std::int64_t now, const SysmonView& view, SysmonState& state,
                SysmonActions& actions) {
  actions = {};
  const std::size_t n = view.ps.size();
  state.ps.resize(n);
  const std::int64_t pause = std::min(kUrgentPauseNs, state.slice);
  state.urgent = view.global_work ? state.urgent + view.urgent : 0;

  // When something is next due, whatever the delay says.
  std::int64_t due = kSysmonForever;
  std::int64_t longest = -1;  // P whose goroutine has run longest, for `urgent`
  for (std::size_t i = 0; i < n; i++) {
    const SysmonPView& p = view.ps[i];
    SysmonState::Sighting& seen = state.ps[i];
    const auto id = static_cast<std::int32_t>(i);
    if (p.in_syscall) {
      if (!seen.in_syscall || seen.syscalltick != p.syscalltick) {
        seen.in_syscall = true;
        seen.syscalltick = p.syscalltick;
        seen.syscall_since = now;
        // The second look. With nobody to take it for, the regular one will do:
        // most calls are short, and one is always under way.
        if (SomebodyWaits(view, p)) due = std::min(due, now + kSysmonMinNs);
        if (p.next_timer != 0 && view.idle_ps == 0) {
          due = std::min(due,
                         std::max(OverdueAt(p.next_timer), now + kSysmonMinNs));
        }
      } else if (ShouldRetake(now, view, p, seen)) {
        actions.retake.push_back(id);
        seen.in_syscall = false;
      } else {
        due = std::min(due, seen.syscall_since + kSliceNs);
      }
      continue;
    }
    seen.in_syscall = false;
    if (!p.running) continue;
    if (seen.schedtick != p.schedtick || seen.sched_since == 0) {
      seen.schedtick = p.schedtick;
      seen.sched_since = now;
    }
    const std::int64_t ran = now - seen.sched_since;
    const bool may_ask = now - seen.asked >= pause;
    const bool slice_over =
        ran >= state.slice && SomebodyWaits(view, p);  // MON-4
    const bool timer_waits =
        TimerOverdue(now, p) && ran >= kUrgentSliceNs;  // MON-7
    if ((slice_over || timer_waits) && may_ask) {
      seen.asked = now;
      actions.preempt.push_back(id);
    } else if (may_ask && !p.stopped && ran >= kUrgentSliceNs &&
               (longest < 0 ||
                seen.sched_since <
                    state.ps[static_cast<std::size_t>(longest)].sched_since)) {
      longest = id;
    }
    // The first look at a new goroutine tells when its slice ends. Afterwards
    // there is nothing to wait for until somebody else wants the P.
    const std::int64_t slice_end =
        std::max(seen.sched_since + state.slice, seen.asked + pause);
    if (slice_end > now) due = std::min(due, slice_end);
    if (p.next_timer != 0 && view.idle_ps == 0) {
      due = std::min(due, std::max({OverdueAt(p.next_timer), seen.asked + pause,
                                    seen.sched_since + kUrgentSliceNs}));
    }
  }

  if (state.urgent > 0 && view.idle_ps == 0) {  // MON-7
    if (longest >= 0) {
      state.ps[static_cast<std::size_t>(longest)].asked = now;
      actions.preempt.push_back(static_cast<std::int32_t>(longest));
      state.urgent--;
    }
    if (state.urgent > 0) due = std::min(due, now + kUrgentSliceNs);
  }
  if (view.detached) {
    if (now - state.detached_asked >= pause) {
      actions.stop_detached = true;
      state.detached_asked = now;
    }
    due = std::min(due, state.detached_asked + pause);
  }
  actions.netpoll = view.net_waiters > 0 && view.last_poll != 0 &&
                    now - view.last_poll >= kSysmonMaxNs;

  // MON-1.
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
  if (due != kSysmonForever && state.delay > kSysmonMinNs) {
    actions.sleep = std::clamp(due - now, kSysmonMinNs,
                               std::max(state.delay, kSysmonMinNs));
  }

  const bool all_idle = view.idle_ps == static_cast<std::int32_t>(n);
  state.deep_looks =
      all_idle && state.delay == kSysmonMaxNs ? state.deep_looks + 1 : 0;
  if (state.deep_looks > kSysmonDeepLooks) {
    state.deep_looks = 0;
    actions.sleep = kSysmonForever;
  }
}

}  // namespace mn
