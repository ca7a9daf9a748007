// The runtime's own run queue, which is the piece of lesson 04.
//
// What: the contract is runtime/plug/run_queue.h (invariants RQ-1 to RQ-7).
//
// Why this is hard. A put or a get happens at every switch, so a lock would
// cost more than the switch. And a thief on another thread may empty the ring
// at any moment. All depends on two rules. A slot is free again only when
// `head` has passed the slot. And the thread that moves `head` owns the
// goroutines in the slots that `head` has passed.
//
// We rejected a Chase-Lev deque, because its owner takes the youngest goroutine
// first, and the oldest may wait for ever. We rejected a linked list, which
// costs a cache miss for each goroutine, and a lock for each queue.
//
// Protocol.
//   put  reads head with acquire, so thieves have finished with the slots that
//        head has passed. Writes the slot. Publishes the slot by tail, with
//        release.
//   get  reads the slot at head, and claims the slot by a compare-and-swap of
//        head.
//
// This text is compiled in two ways. The contract header includes the text, so
// the functions are inline in the runtime. The judge of lesson 04 compiles the
// text as a file of its own, where the text is the solution.

#include "runtime/plug/run_queue.h"

namespace mn {

bool RunqPutSlow(RunQueue& q, G* gp, std::uint32_t head, std::uint32_t tail) {
  constexpr std::uint32_t kHalf = kRunqSize / 2;
  (void)tail;  // full: tail - head == kRunqSize
  // A copy, because a thief may claim the same slots before the swap below.
  G* batch[kHalf + 1];
  for (std::uint32_t i = 0; i < kHalf; i++) {
    batch[i] = q.ring[(head + i) % kRunqSize].load(memory_order_relaxed);
  }
  // release: pairs with the acquire of head in RunqPut and in thieves. So the
  // slots are read before anybody may fill them again. A failure means that a
  // thief has made room, and RunqPut tries the short way once more.
  if (!q.head.compare_exchange_strong(head, head + kHalf, memory_order_release,
                                      memory_order_relaxed)) {
    return false;
  }
  batch[kHalf] = gp;
  // One batch, so the lock of the global queue is taken once for 129
  // goroutines.
  GlobrunqPutBatch(batch, kHalf + 1);  // RQ-3
  return true;
}

void RunqPut(RunQueue& q, G* gp, bool next) {
  if (next) {
    // A loop, because a thief may take runnext between the load and the swap.
    G* old = q.runnext.load(memory_order_relaxed);
    // release: pairs with the acquire of the thief that takes runnext.
    while (!q.runnext.compare_exchange_weak(old, gp, memory_order_release,
                                            memory_order_relaxed)) {
    }
    if (old == nullptr) return;
    gp = old;  // RQ-2: the displaced goroutine goes to the tail
  }
  for (;;) {
    // acquire: pairs with the release of head by the thread that has taken from
    // the slots.
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
    // RQ-7. Goroutines that follow each other by runnext share one slice, and a
    // slice must end, or the ring would starve.
    const bool others_wait = tail != head;
    if (!others_wait || q.runnext_streak < kRunnextBudget) {
      // A thief may win this swap. Then the ring is next. acquire: pairs with
      // the release in RunqPut. The owner itself made this release, so the
      // acquire matters only to the explorer. release: pairs with the acquire
      // in RunqEmpty, which then sees the tail that this owner stored before.
      if (q.runnext.compare_exchange_strong(next, nullptr, memory_order_acq_rel,
                                            memory_order_relaxed)) {
        q.runnext_streak = others_wait ? q.runnext_streak + 1 : 0;
        return next;
      }
    }
  }
  // The ring has its turn now, so the count of RQ-7 begins anew.
  q.runnext_streak = 0;
  // Only the owner moves tail, so one look at tail is enough. A failed swap
  // loads head anew.
  while (tail != head) {
    G* gp = q.ring[head % kRunqSize].load(memory_order_relaxed);
    // release: pairs with the acquire of head in RunqPut. acquire, for the case
    // that a thief was quicker: pairs with the thief's release of head.
    if (q.head.compare_exchange_weak(head, head + 1, memory_order_release,
                                     memory_order_acquire)) {
      return gp;
    }
  }
  // Thieves have emptied the ring while runnext was held back for RQ-7. Without
  // this look the owner would call its queue empty with a goroutine in runnext.
  next = q.runnext.exchange(nullptr, memory_order_acq_rel);  // as above
  return next;
}

}  // namespace mn
