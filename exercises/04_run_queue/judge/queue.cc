// The host's half of the contract, and the thieves.
#include "exercises/04_run_queue/judge/queue.h"

#ifdef MN_CASE_PROCESS

namespace mn {

std::vector<std::vector<std::int64_t>> global_batches;

void GlobrunqPutBatch(G* const* batch, std::uint32_t n) {
  const judge::NotStepped host;
  std::vector<std::int64_t> ids;
  for (std::uint32_t i = 0; i < n; i++) ids.push_back(IdOf(batch[i]));
  global_batches.push_back(ids);
}

std::size_t Steal(RunQueue& q, std::int64_t* out) {
  for (;;) {
    // acquire: pairs with the release of head by whoever consumed slots.
    std::uint32_t head = q.head.load(memory_order_acquire);
    // acquire: pairs with the release of tail in RunqPut.
    const std::uint32_t tail = q.tail.load(memory_order_acquire);
    std::uint32_t n = tail - head;
    n -= n / 2;
    if (n == 0) return 0;
    if (n > kRunqSize / 2) continue;  // head and tail are not of one moment
    G* batch[kRunqSize / 2];
    for (std::uint32_t i = 0; i < n; i++) {
      batch[i] = q.ring[(head + i) % kRunqSize].load(memory_order_relaxed);
    }
    // release: pairs with the acquire of head in RunqPut.
    if (!q.head.compare_exchange_strong(head, head + n, memory_order_release,
                                        memory_order_relaxed)) {
      continue;
    }
    for (std::uint32_t i = 0; i < n; i++) out[i] = IdOf(batch[i]);
    return n;
  }
}

std::size_t StealRunnext(RunQueue& q, std::int64_t* out) {
  G* gp = q.runnext.load(memory_order_relaxed);
  // acquire: pairs with the release of runnext in RunqPut.
  if (gp == nullptr ||
      !q.runnext.compare_exchange_strong(gp, nullptr, memory_order_acquire,
                                         memory_order_relaxed)) {
    return 0;
  }
  *out = gp->id;
  return 1;
}

}  // namespace mn

#endif
