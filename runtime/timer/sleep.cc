// Sleep: a timer on the goroutine's own stack and a park.
//
// The timer is added by the park's commit, after the goroutine is kWaiting: one
// that fired earlier would find it running.
#include "runtime/core/getg.h"
#include "runtime/sched/find_runnable.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/sysmon.h"
#include "runtime/time.h"

namespace mn {

namespace {

void WakeSleeper(void* gp) { Goready(static_cast<G*>(gp)); }

bool StartSleep(G*, void* arg) {
  Timer* t = static_cast<Timer*>(arg);
  // The timer may fire on another M as soon as it is in the heap, and is gone
  // then.
  const std::int64_t when = t->when;
  if (getp()->timers.Add(t)) {
    WakeNetPoller(when);
    NoticeTimer(when);
  }
  return true;
}

}  // namespace

void Sleep(std::chrono::nanoseconds d) {
  ParkingCall call("mn::Sleep");
  if (d.count() <= 0) return;
  const std::int64_t now = Nanotime();
  Timer t;
  // Far deadlines saturate instead of wrapping into the past.
  t.when = d.count() > INT64_MAX - now ? INT64_MAX : now + d.count();
  t.fn = WakeSleeper;
  t.arg = call.g();
  Gopark(StartSleep, &t, WaitReason::kSleep);
}

}  // namespace mn
