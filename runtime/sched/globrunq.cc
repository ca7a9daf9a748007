#include "runtime/sched/globrunq.h"

#include <algorithm>

namespace mn {

void GlobrunqPut(G* gp) {
  sched.runq.PushBack(gp);
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
  const std::int32_t n = std::min({size, size / Gomaxprocs() + 1,
                                   static_cast<std::int32_t>(kRunqSize / 2)});
  G* first = sched.runq.Pop();
  for (std::int32_t i = 1; i < n; i++) {
    G* gp = sched.runq.Pop();
    // They have waited, so they are in nobody's cache; fetched all at once they
    // cost a fraction of what each would when its turn comes.
    __builtin_prefetch(gp);
    __builtin_prefetch(&gp->status);
    RunqPut(p->runq, gp, false);
  }
  sched.runqsize.store(size - n, memory_order_relaxed);
  return first;
}

// The host's side of the run queue's contract (plug/run_queue.h).
void GlobrunqPutBatch(G* const* batch, std::uint32_t n) {
  RtLock lock(sched.lock);
  for (std::uint32_t i = 0; i < n; i++) GlobrunqPut(batch[i]);
}

}  // namespace mn
