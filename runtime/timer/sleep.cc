// Sleep is a timer on the goroutine's own stack and a park.
//
// The park's commit adds the timer, when the goroutine is kWaiting. A timer
// that fired earlier would find the goroutine running, and that is fatal.
#include "runtime/core/getg.h"
#include "runtime/sched/find_runnable.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/sysmon.h"
#include "runtime/time.h"

namespace mn {

namespace {

// Runs on the M that looks at the heap next, with a P and without its lock.
void WakeSleeper(void* gp) { Goready(static_cast<G*>(gp)); }

// The commit. The goroutine waits and has left its stack, where `arg` still is.
bool StartSleep(G*, void* arg) {
  Timer* t = static_cast<Timer*>(arg);
  // Read before Add. As soon as the timer is in the heap it may fire on another
  // M, and the sleeper's stack, where the timer lies, runs on.
  const std::int64_t when = t->when;
  if (getp()->timers.Add(t)) {
    // The earliest of this P. An M that sleeps until a later deadline has to
    // wake (TIM-4), and sysmon has to know when the timer is overdue.
    WakeNetPoller(when);
    NoticeTimer(when);
  }
  return true;  // the park holds
}

}  // namespace

void Sleep(std::chrono::nanoseconds d) {
  ParkingCall call("mn::Sleep");
  if (d.count() <= 0) return;
  const std::int64_t now = Nanotime();
  Timer t;
  // A far deadline becomes the last moment of the clock. A sum that wrapped
  // would lie in the past.
  t.when = d.count() > INT64_MAX - now ? INT64_MAX : now + d.count();
  t.fn = WakeSleeper;
  t.arg = call.g();
  Gopark(StartSleep, &t, WaitReason::kSleep);
}

}  // namespace mn
