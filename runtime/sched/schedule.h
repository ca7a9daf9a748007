// One round of the scheduler, on a thread's own stack (g0), for ever.
#pragma once

#include "runtime/core/nanotime.h"
#include "runtime/core/sched.h"
#include "runtime/sched/globrunq.h"

namespace mn {

// Finds a goroutine, runs it until it switches back here, repeats; ends the
// thread when a goroutine has ended that was pinned to it. Stack: g0.
[[noreturn]] void Schedule(M* m);

// Schedule for a borrowed thread: returns, without a P, when the goroutine that
// is pinned here has ended.
void ScheduleUntilEnded(M* m);

// gp is about to run on p: a tick, and its status. What comes by runnext ticks
// too: chains of it share the 1/61 rule.
inline void StartSlice(P* p, G* gp) {
  p->schedtick.store(p->schedtick.load(memory_order_relaxed) + 1,
                     memory_order_relaxed);
  SetStatus(gp, GStatus::kRunnable, GStatus::kRunning);
}

// The next goroutine of p's own queue, if that is all there is to decide. Null:
// the queue is empty, or there is a global tick, a due timer or a world to stop
// first. Caller: the M that holds p. Any stack. Takes no lock.
inline G* TakeLocal(P* p) {
  if (p->preempt.load(memory_order_relaxed)) [[unlikely]]
    return nullptr;
  const std::uint32_t tick = p->schedtick.load(memory_order_relaxed);
  if (tick % kGlobalQueueTick == 0 &&
      sched.runqsize.load(memory_order_relaxed) != 0) {
    return nullptr;
  }
  const std::int64_t when = p->timers.NextWhen();
  if (when != 0 && when <= Nanotime()) return nullptr;
  return RunqGet(p->runq);
}

// The short way: starts the slice of the next goroutine of m's P. Null if there
// is more to decide (TakeLocal) or a goroutine is pinned on either side: the
// business of g0, which finds in m->picked what was taken already. Any stack.
// Takes no lock.
inline G* PickLocal(M* m) {
  if (m->lockedg != nullptr) [[unlikely]]
    return nullptr;
  G* gp = TakeLocal(m->p);
  if (gp == nullptr) return nullptr;
  if (gp->lockedm != nullptr) [[unlikely]] {
    m->picked = gp;  // not ours to run: g0 sees to it
    return nullptr;
  }
  StartSlice(m->p, gp);
  return gp;
}

}  // namespace mn
