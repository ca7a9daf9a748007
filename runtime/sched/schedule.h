// The scheduler's loop, on a thread's own stack (g0), and the short way past
// the loop.
//
// The loop finds a goroutine, runs the goroutine until it switches back, and
// begins again. A switch to g0 and back costs twice as much as a switch from
// one goroutine straight to the next. So a goroutine that leaves its thread
// calls PickLocal first. PickLocal answers only when nothing but the P's own
// queue decides who is next. Everything else is left to the loop.
#pragma once

#include "runtime/core/nanotime.h"
#include "runtime/core/sched.h"
#include "runtime/sched/globrunq.h"

namespace mn {

// Runs goroutines on m for ever. Ends the thread when a goroutine that was
// pinned to the thread has ended.
// REQUIRES: m has a P.
// Called by m's thread, in the runtime, on g0.
// Mirrors: schedule
[[noreturn]] void Schedule(M* m);

// Runs goroutines on m until the goroutine that is pinned to m has ended.
// Returns without a P. A borrowed thread calls this function, because such a
// thread goes back to its owner.
// REQUIRES: m has a P, or a goroutine is pinned to m.
// Called by m's thread, in the runtime, on g0.
void ScheduleUntilEnded(M* m);

// Begins the slice of gp, which is about to run on p.
// REQUIRES: gp is runnable and on no queue any more.
// Called by the M that holds p, on any stack. Takes no lock.
// Mirrors: execute
inline void StartSlice(P* p, G* gp) {
  // A goroutine from runnext ticks too. Otherwise two goroutines that ready
  // each other would never reach the 61st tick, and the global queue would
  // starve.
  p->schedtick.store(p->schedtick.load(memory_order_relaxed) + 1,
                     memory_order_relaxed);
  SetStatus(gp, GStatus::kRunnable, GStatus::kRunning);
}

// Takes the next goroutine off p's own queue. Returns null if the queue is
// empty, or if the scheduler has something else to do first. This may be a
// preempt request, a world to stop, a turn of the global queue, or a due timer.
// Called by the thread that holds p, on any stack. Takes no lock.
inline G* TakeLocal(P* p) {
  // Somebody wants this P. Whoever stops the world would wait for ever if
  // goroutines went on from one to the next here.
  if (p->preempt.load(memory_order_relaxed)) [[unlikely]]
    return nullptr;
  // MN-5. Local work alone must not keep the global queue waiting.
  const std::uint32_t tick = p->schedtick.load(memory_order_relaxed);
  if (tick % kGlobalQueueTick == 0 &&
      sched.runqsize.load(memory_order_relaxed) != 0) {
    return nullptr;
  }
  // A timer runs its function on g0, before the next goroutine.
  const std::int64_t when = p->timers.NextWhen();
  if (when != 0 && when <= Nanotime()) return nullptr;
  return RunqGet(p->runq);
}

// The short way. Takes the next goroutine of m's P and starts its slice.
// Returns null if there is more to decide (TakeLocal), or if m or the next
// goroutine is pinned. Then the caller switches to g0, which finds in m->picked
// what was taken already.
// REQUIRES: m has a P.
// Called by m's thread, on any stack. Takes no lock.
inline G* PickLocal(M* m) {
  // LOT-3. No other goroutine may run on a pinned thread.
  if (m->lockedg != nullptr) [[unlikely]]
    return nullptr;
  G* gp = TakeLocal(m->p);
  if (gp == nullptr) return nullptr;
  if (gp->lockedm != nullptr) [[unlikely]] {
    // gp must run on its own thread. To hand the P off this thread has to
    // sleep, and only g0 may sleep.
    m->picked = gp;
    return nullptr;
  }
  StartSlice(m->p, gp);
  return gp;
}

}  // namespace mn
