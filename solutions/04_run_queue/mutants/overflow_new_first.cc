// Mutant overflow_new_first: must die of RQ-3
//
// The batch begins with the new goroutine: it overtakes the 128 oldest.

#include "runtime/plug/run_queue.h"

namespace mn {

bool RunqPutSlow(RunQueue& q, G* gp, std::uint32_t head, std::uint32_t tail) {
  constexpr std::uint32_t kHalf = kRunqSize / 2;
  (void)tail;  // full: tail - head == kRunqSize
  G* batch[kHalf + 1];
  for (std::uint32_t i = 0; i < kHalf; i++) {
    batch[i + 1] = q.ring[(head + i) % kRunqSize].load(memory_order_relaxed);
  }
  // release: pairs with the acquire of head in RunqPut and in thieves; the
  // slots are read before anyone may refill them.
  if (!q.head.compare_exchange_strong(head, head + kHalf, memory_order_release,
                                      memory_order_relaxed)) {
    return false;
  }
  batch[0] = gp;
  GlobrunqPutBatch(batch, kHalf + 1);  // RQ-3
  return true;
}

void RunqPut(RunQueue& q, G* gp, bool next) {
  if (next) {
    G* old = q.runnext.load(memory_order_relaxed);
    // release: pairs with the acquire of the thief that takes runnext.
    while (!q.runnext.compare_exchange_weak(old, gp, memory_order_release,
                                            memory_order_relaxed)) {
    }
    if (old == nullptr) return;
    gp = old;  // RQ-2: the displaced goroutine goes to the tail
  }
  for (;;) {
    // acquire: pairs with the release of head by whoever consumed the slots.
    std::uint32_t head = q.head.load(memory_order_acquire);
    std::uint32_t tail = q.tail.load(memory_order_relaxed);  // ours alone
    if (tail - head < kRunqSize) {                           // RQ-6: wraps
      q.ring[tail % kRunqSize].store(gp, memory_order_relaxed);
      // release: pairs with the acquire of tail in thieves.
      q.tail.store(tail + 1, memory_order_release);
      return;
    }
    if (RunqPutSlow(q, gp, head, tail)) return;
  }
}

G* RunqGet(RunQueue& q) {
  std::uint32_t head = q.head.load(memory_order_acquire);  // as in RunqPut
  const std::uint32_t tail = q.tail.load(memory_order_relaxed);
  G* next = q.runnext.load(memory_order_relaxed);
  if (next != nullptr) {
    // RQ-7: a chain of runnext hand-overs is one slice, and a slice ends.
    const bool others_wait = tail != head;
    if (!others_wait || q.runnext_streak < kRunnextBudget) {
      // A thief may win this; then the ring is next. acquire: pairs with the
      // release in RunqPut (a no-op for the owner; named for the explorer).
      if (q.runnext.compare_exchange_strong(next, nullptr, memory_order_acquire,
                                            memory_order_relaxed)) {
        q.runnext_streak = others_wait ? q.runnext_streak + 1 : 0;
        return next;
      }
    }
  }
  q.runnext_streak = 0;
  while (tail != head) {
    G* gp = q.ring[head % kRunqSize].load(memory_order_relaxed);
    // release: pairs with the acquire of head in RunqPut.
    if (q.head.compare_exchange_weak(head, head + 1, memory_order_release,
                                     memory_order_acquire)) {
      return gp;
    }
  }
  // The ring emptied under us while a runnext was being held back.
  next = q.runnext.exchange(nullptr, memory_order_acquire);  // as above
  return next;
}

}  // namespace mn
