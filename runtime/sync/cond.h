// Cond: a place where goroutines wait until a condition, guarded by a lock, may
// have become true.
//
//   mn::Mutex mu;
//   mn::Cond nonempty(mu);
//   ...
//   mu.Lock();
//   while (queue.empty()) nonempty.Wait();
//
// Why it is hard: a Signal between the waiter's unlocking and its parking must
// not be lost, and the lock cannot be held while parking. So the waiter queues
// up while it still holds the lock, and parking is the second step of two; a
// Signal in between cancels it.
// Rejected: Go's tickets (Signal searches the list; the object must outlive the
// waiter's second step).
//
// Thread-safety: every function, any goroutine. Signal and Broadcast do not
// require the lock. There are no spurious wake-ups, but the condition may be
// false again by the time Wait has the lock. The Cond may be destroyed once
// every waiter has been woken, even if it has not returned from Wait yet.
//
// Invariants:
//   CV-1 first come, first woken, in the order in which Wait was called.
//   CV-2 a waiter is on the list from before it unlocks until it is woken, and
//        whoever takes it off wakes it, once.
//   CV-3 after it has been woken a waiter touches only the lock.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/core/lock.h"

namespace mn {

struct G;

class Cond {
 public:
  // `l` is a Mutex, an RWMutex or anything else with Lock and Unlock. Mirrors
  // sync.NewCond.
  template <class L>
  explicit Cond(L& l)
      : l_{&l, [](void* p) { static_cast<L*>(p)->Lock(); },
           [](void* p) { static_cast<L*>(p)->Unlock(); }} {}
  Cond(const Cond&) = delete;
  Cond& operator=(const Cond&) = delete;

  // REQUIRES: the lock is held. Unlocks it, parks (`sync.Cond.Wait`) until it
  // is woken, locks it again. Mirrors sync.Cond.Wait.
  void Wait();

  // while (!condition()) Wait(); the loop that Go writes out. May park.
  template <class Condition>
  void Wait(Condition condition) {
    while (!condition()) Wait();
  }

  // Wakes the goroutine that has waited longest, if any. Does not park. Mirrors
  // sync.Cond.Signal.
  void Signal();

  // Wakes all that wait now. Does not park. Mirrors sync.Cond.Broadcast.
  void Broadcast();

 private:
  struct Lockable {
    void* object;
    void (*lock)(void*);
    void (*unlock)(void*);
  };
  struct Waiter;

  static bool CommitPark(G* g, void* waiter);
  static void Wake(Waiter* w);
  bool NobodyWaits() const {
    // A waiter whose Wait happened before is seen: that came with the lock.
    return waiting_.load(memory_order_relaxed) == 0;
  }

  const Lockable l_;
  RtMutex list_lock_{LockRank::kObject};
  // ---- guarded by list_lock_ -----------------------------------------------
  Waiter* head_ = nullptr;
  Waiter* tail_ = nullptr;
  // atomic: also read without the lock, to make an idle Signal cheap.
  mn::atomic<std::uint32_t> waiting_{0};
};

}  // namespace mn
