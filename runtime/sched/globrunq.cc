// The global queue and its size.
//
// The size stands apart from the queue, because Ms without work look at the
// size without the lock.
#include "runtime/sched/globrunq.h"

#include <algorithm>

namespace mn {

void GlobrunqPut(G* gp) {
  sched.runq.PushBack(gp);
  // A load and a store are enough, since every writer holds sched.lock.
  sched.runqsize.store(sched.runqsize.load(memory_order_relaxed) + 1,
                       memory_order_relaxed);
}

G* GlobrunqGet() {
  G* gp = sched.runq.Pop();
  if (gp != nullptr) {
    sched.runqsize.store(sched.runqsize.load(memory_order_relaxed) - 1,
                         memory_order_relaxed);
  }
  return gp;
}

G* GlobrunqGetBatch(P* p) {
  const std::int32_t size = sched.runqsize.load(memory_order_relaxed);
  if (size == 0) return nullptr;
  // A fair share, so that the other Ps find work as well. No more than half of
  // a ring, or RunqPut below would spill back into this queue and take the
  // lock, which the caller holds.
  const std::int32_t n = std::min({size, size / Gomaxprocs() + 1,
                                   static_cast<std::int32_t>(kRunqSize / 2)});
  G* first = sched.runq.Pop();
  for (std::int32_t i = 1; i < n; i++) {
    G* gp = sched.runq.Pop();
    // These goroutines have waited and are in nobody's cache. Fetched all at
    // once they cost a fraction of what each would cost when its turn comes.
    __builtin_prefetch(gp);
    __builtin_prefetch(&gp->status);
    RunqPut(p->runq, gp, false);
  }
  sched.runqsize.store(size - n, memory_order_relaxed);
  return first;
}

// The host's side of the run queue's contract (plug/run_queue.h). Called when a
// P's ring overflows. The lock must be free then.
void GlobrunqPutBatch(G* const* batch, std::uint32_t n) {
  RtLock lock(sched.lock);
  for (std::uint32_t i = 0; i < n; i++) GlobrunqPut(batch[i]);
}

}  // namespace mn
