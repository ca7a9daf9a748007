// The global run queue: where a P's overflow, and goroutines without a P, wait.
//
// Guarded by sched.lock. Every 61st tick a P takes one goroutine from its head
// before looking at its own queue, so that local work cannot starve it.
#pragma once

#include <cstdint>

#include "runtime/core/sched.h"

namespace mn {

// A P looks at the global queue first on every 61st tick. A prime, as Go's, so
// that it does not fall into step with a program's own periods.
inline constexpr std::uint32_t kGlobalQueueTick = 61;

// Something waits for p, or for any P. A glance: it may be gone by the time p
// gets to it.
inline bool WorkWaits(const P* p) {
  return !RunqEmpty(p->runq) || sched.runqsize.load(memory_order_relaxed) != 0;
}

// REQUIRES: sched.lock. Tail.
void GlobrunqPut(G* gp);

// REQUIRES: sched.lock. One from the head, or null.
G* GlobrunqGet();

// REQUIRES: sched.lock. Takes this P's share, at most half a ring: returns the
// first and puts the rest on p's queue. Null if the queue is empty.
G* GlobrunqGetBatch(P* p);

}  // namespace mn
