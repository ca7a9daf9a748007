// The runtime's own run queue: the piece of lesson 04.
//
// What: see the contract, runtime/plug/run_queue.h (invariants RQ-1..RQ-7).
//
// Why it is hard: a put or get happens at every switch, so a lock would cost
// more than the switch; yet a thief on another thread may empty the ring at any
// moment. Everything hinges on one rule: a slot is free again only once `head`
// has passed it, and whoever moves `head` owns what it passed.
//
// Rejected: a Chase-Lev deque (the owner pops the youngest: no fairness); a
// linked list (a cache miss per goroutine); a lock per queue.
//
// Protocol:
//   put  read head (acquire: thieves have finished reading the slots it
//        passed), write the slot, publish with tail (release).
//   get  read the slot at head, claim it by compare-and-swap of head.
// Lesson 04. This text is compiled twice: included by the contract header it is
// inline in the runtime; compiled as a file of its own it is the solution that
// the judge of lesson 04 runs.

#include "runtime/plug/run_queue.h"

namespace mn {

bool RunqPutSlow(RunQueue& q, G* gp, std::uint32_t head, std::uint32_t tail) {
  constexpr std::uint32_t kHalf = kRunqSize / 2;
  (void)tail;  // full: tail - head == kRunqSize
  G* batch[kHalf + 1];
  for (std::uint32_t i = 0; i < kHalf; i++) {
    batch[i] = q.ring[(head + i) % kRunqSize].load(memory_order_relaxed);
  }
  // release: pairs with the acquire of head in RunqPut and in thieves; the
  // slots are read before anyone may refill them.
  if (!q.head.compare_exchange_strong(head, head + kHalf, memory_order_release,
                                      memory_order_relaxed)) {
    return false;
  }
  batch[kHalf] = gp;
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
    // RQ-7: a chain of goroutines by runnext is one slice, and a slice ends.
    const bool others_wait = tail != head;
    if (!others_wait || q.runnext_streak < kRunnextBudget) {
      // A thief may win this; then the ring is next. acquire: pairs with the
      // release in RunqPut (a no-op for the owner; named for the explorer).
      // release: pairs with the acquire in RunqEmpty, which then sees the tail
      // that this owner stored before.
      if (q.runnext.compare_exchange_strong(next, nullptr, memory_order_acq_rel,
                                            memory_order_relaxed)) {
        q.runnext_streak = others_wait ? q.runnext_streak + 1 : 0;
        return next;
      }
    }
  }
  q.runnext_streak = 0;
  while (tail != head) {
    G* gp = q.ring[head % kRunqSize].load(memory_order_relaxed);
    // release: pairs with the acquire of head in RunqPut; acquire, if another
    // one was quicker: with its release of head.
    if (q.head.compare_exchange_weak(head, head + 1, memory_order_release,
                                     memory_order_acquire)) {
      return gp;
    }
  }
  // The ring emptied under us while a runnext was being held back.
  next = q.runnext.exchange(nullptr, memory_order_acq_rel);  // as above
  return next;
}

}  // namespace mn
