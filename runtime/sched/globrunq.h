// The global run queue, where a P's overflow and goroutines without a P wait.
//
// Guarded by sched.lock. Every 61st tick a P takes one goroutine from the head
// before the P looks at its own queue. So local work cannot starve this queue
// (MN-5).
#pragma once

#include <cstdint>

#include "runtime/core/sched.h"

namespace mn {

// A P looks at the global queue first on every 61st tick. 61 is a prime, as in
// Go, and so does not fall into step with a program's own periods.
inline constexpr std::uint32_t kGlobalQueueTick = 61;

// Returns whether something waits for p, or for any P.
// A glance without a lock. The goroutine may be gone when p comes for it.
// Callable from any thread. Does not park.
inline bool WorkWaits(const P* p) {
  return !RunqEmpty(p->runq) || sched.runqsize.load(memory_order_relaxed) != 0;
}

// Appends gp to the global queue.
// REQUIRES: sched.lock is held. gp is kRunnable and on no other queue.
// Wakes nobody. Does not park. Async-signal-safe.
// Mirrors: runtime.globrunqput.
void GlobrunqPut(G* gp);

// Takes one goroutine from the head of the global queue. Null if the queue is
// empty.
// REQUIRES: sched.lock is held.
// Does not park.
// Mirrors: runtime.globrunqget.
G* GlobrunqGet();

// Takes the share of p, which is at most half of a ring. Returns the first
// goroutine of the share, and puts the others on p's queue. Null if the global
// queue is empty.
// REQUIRES: sched.lock is held. The caller is the M that holds p. p's ring has
// room for half of a ring, since an overflow would take sched.lock again.
// Does not park.
// Mirrors: runtime.globrunqgetbatch.
G* GlobrunqGetBatch(P* p);

}  // namespace mn
