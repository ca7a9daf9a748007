// Cond is a place where goroutines wait until a condition may have become true.
// A lock guards the condition.
//
//   mn::Mutex mu;
//   mn::Cond nonempty(mu);
//   std::deque<int> queue;  // guarded by mu
//
//   int Take() {
//     std::lock_guard lock(mu);
//     nonempty.Wait([] { return !queue.empty(); });
//     const int n = queue.front();
//     queue.pop_front();
//     return n;
//   }
//
// Why it is hard: a waiter cannot hold the lock in its park. A Signal between
// the unlocking and the park must not be lost. So the waiter joins the list
// before the unlocking. The park is the second step of two, and a Signal in
// between cancels the second step.
//
// Rejected: Go's tickets. With them Signal searches the list, and the object
// must outlive the waiter's second step.
//
// Thread-safety: any goroutine may call every function, and Signal and
// Broadcast do not require the lock. There are no spurious wake-ups, but the
// condition may be false again by the time Wait has the lock. The Cond may be
// destroyed once every waiter has been woken, even if some have not returned
// from Wait yet.
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
  // Makes a Cond whose condition `l` guards. `l` is a Mutex, an RWMutex or
  // anything else with Lock and Unlock.
  // REQUIRES: `l` outlives the Cond and every Wait.
  // Mirrors: sync.NewCond.
  template <class L>
  explicit Cond(L& l)
      : l_{&l, [](void* p) { static_cast<L*>(p)->Lock(); },
           [](void* p) { static_cast<L*>(p)->Unlock(); }} {}
  Cond(const Cond&) = delete;
  Cond& operator=(const Cond&) = delete;

  // Unlocks the lock, waits for a Signal or a Broadcast, and locks again.
  // REQUIRES: the caller is a goroutine and holds the lock.
  // Parks (`sync.Cond.Wait`) and may continue on another thread.
  // Mirrors: sync.Cond.Wait.
  void Wait();

  // Waits until condition() is true. This is the loop that Go writes out.
  // REQUIRES: the caller is a goroutine and holds the lock. condition() is
  // called with the lock held.
  // Parks only if condition() is false at first.
  template <class Condition>
  void Wait(Condition condition) {
    while (!condition()) Wait();
  }

  // Wakes the goroutine that has waited longest, if any waits.
  // REQUIRES: the caller is a goroutine, if any waits.
  // Does not park.
  // Mirrors: sync.Cond.Signal.
  void Signal();

  // Wakes all goroutines that wait now.
  // REQUIRES: the caller is a goroutine, if any waits.
  // Does not park.
  // Mirrors: sync.Cond.Broadcast.
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
    // Relaxed. If a Wait came before this call, the lock has shown its waiter
    // to the caller. A Wait at the same time may count as a later Wait.
    return waiting_.load(memory_order_relaxed) == 0;
  }

  const Lockable l_;
  RtMutex list_lock_{LockRank::kObject};
  // ---- guarded by list_lock_ -----------------------------------------------
  Waiter* head_ = nullptr;
  Waiter* tail_ = nullptr;
  // Also read without the lock, so that a Signal for nobody is cheap.
  mn::atomic<std::uint32_t> waiting_{0};
};

}  // namespace mn
