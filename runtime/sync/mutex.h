// Mutex: mutual exclusion that parks the goroutine, not the thread.
//
// Why it is hard: whoever arrives while the lock is free should get it without
// a thought (a woken goroutine needs microseconds to run: leaving the lock idle
// meanwhile costs more than fairness is worth), yet nobody may wait for ever.
// Two modes, Go's:
//   normal      a woken waiter competes with new arrivals; if it loses it goes
//               back to the *front* of the queue;
//   starvation  once a waiter that lost has waited for more than 1 ms: Unlock
//               grants the lock to the queue's head, new arrivals neither try
//               nor spin but queue up. It ends when the owner is the last in
//               the queue or has waited for less than 1 ms.
//
// Thread-safety: every function, any goroutine. Lock and Unlock need not be
// called by the same goroutine, and the goroutine may change threads in
// between. Not recursive. A Mutex may be destroyed as soon as it is unlocked
// and nobody is inside Lock; the Unlock that made it so need not have returned.
//
// Invariants:
//   MU-1 whoever sets kLocked owns the lock; only the owner clears it or leaves
//        it set for the goroutine that it grants the lock to.
//   MU-2 kQueued is set iff the list is not empty; both change under list lock.
//   MU-3 kWoken is set iff one goroutine is on its way to compete (woken, or
//        spinning and announced). Only that goroutine clears it.
//   MU-4 no lost wake-up: kQueued without kLocked implies kWoken.
//   MU-5 kStarving implies kLocked and not kWoken.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/core/lock.h"
#include "runtime/sync/wait_list.h"

namespace mn {

class Mutex {
 public:
  constexpr Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  // May park (`sync.Mutex.Lock`). Mirrors sync.Mutex.Lock.
  void Lock() {
    std::uint32_t free = 0;
    // acquire: pairs with the release in Unlock and UnlockSlow.
    if (!state_.compare_exchange_strong(free, kLocked, memory_order_acquire,
                                        memory_order_relaxed)) [[unlikely]] {
      LockSlow();
    }
  }

  // Locks if that is possible at once. Never parks, never fails spuriously.
  // Mirrors sync.Mutex.TryLock.
  [[nodiscard]] bool TryLock() {
    std::uint32_t s = state_.load(memory_order_relaxed);
    while ((s & kLocked) == 0) {
      // acquire: as in Lock.
      if (state_.compare_exchange_weak(s, s | kLocked, memory_order_acquire,
                                       memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  // REQUIRES: locked, else `fatal error: sync: unlock of unlocked mutex`, which
  // cannot be caught. In starvation mode it yields to the new owner and may
  // continue on another thread. Mirrors sync.Mutex.Unlock.
  void Unlock() {
    std::uint32_t held = kLocked;
    // release: pairs with the acquire in Lock, LockSlow and TryLock.
    if (!state_.compare_exchange_strong(held, 0, memory_order_release,
                                        memory_order_relaxed)) [[unlikely]] {
      UnlockSlow();
    }
  }

  // The standard's spelling, for std::lock_guard and std::unique_lock.
  void lock() { Lock(); }
  [[nodiscard]] bool try_lock() { return TryLock(); }
  void unlock() { Unlock(); }

 private:
  static constexpr std::uint32_t kLocked = 1;
  static constexpr std::uint32_t kWoken = 2;
  static constexpr std::uint32_t kStarving = 4;
  static constexpr std::uint32_t kQueued = 8;

  // What LockSlow knows about its own goroutine.
  struct Attempt;

  void LockSlow();
  bool Park(Attempt& a);
  void UnlockSlow();
  void Grant();
  bool WakeOne();

  mn::atomic<std::uint32_t> state_{0};
  RtMutex list_lock_{LockRank::kObject};
  internal::WaitList waiters_;  // guarded by list_lock_
};

}  // namespace mn
