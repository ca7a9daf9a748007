// Mutex is mutual exclusion that parks the goroutine and not the thread.
//
//   mn::Mutex mu;
//   int total = 0;  // guarded by mu
//
//   void Add(int n) {
//     std::lock_guard lock(mu);
//     total += n;
//   }
//
// Why it is hard: a goroutine that arrives while the lock is free should get
// the lock at once. A woken goroutine needs microseconds before it runs, and a
// lock that stands idle meanwhile costs more than fairness is worth. Yet nobody
// may wait for ever. So there are two modes, which are Go's:
//   normal      A woken waiter competes with new arrivals. If the waiter loses,
//               its new place is the front of the queue.
//   starvation  The mode begins when a waiter loses after more than 1 ms.
//               Unlock grants the lock to the head of the queue. New arrivals
//               neither try nor spin but queue up. The mode ends with an owner
//               who was the last in the queue or has waited for less than 1 ms.
//
// Thread-safety: any goroutine may call every function. Another goroutine than
// the one that called Lock may call Unlock, and a goroutine may change threads
// in between. Not recursive. A Mutex may be destroyed as soon as it is unlocked
// and nobody is inside Lock. The last Unlock need not have returned yet.
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

  // Locks, and waits until that is possible.
  // REQUIRES: the caller is a goroutine, if there is a wait. Otherwise the
  // process ends with `fatal error: not on a goroutine`.
  // May park (`sync.Mutex.Lock`) and continue on another thread. What happened
  // before the last Unlock is visible afterwards.
  // Mirrors: sync.Mutex.Lock.
  void Lock() {
    std::uint32_t free = 0;
    // acquire: pairs with the release in Unlock and UnlockSlow.
    if (!state_.compare_exchange_strong(free, kLocked, memory_order_acquire,
                                        memory_order_relaxed)) [[unlikely]] {
      LockSlow();
    }
  }

  // Locks if that is possible at once, and returns whether it did.
  // Never parks. False means that the Mutex was locked.
  // Mirrors: sync.Mutex.TryLock.
  [[nodiscard]] bool TryLock() {
    std::uint32_t s = state_.load(memory_order_relaxed);
    // A loop, because the other bits of the word may change meanwhile.
    while ((s & kLocked) == 0) {
      // acquire: as in Lock.
      if (state_.compare_exchange_weak(s, s | kLocked, memory_order_acquire,
                                       memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  // Unlocks.
  // REQUIRES: the Mutex is locked. Otherwise the process ends with `fatal
  // error: sync: unlock of unlocked mutex`, which cannot be caught. The caller
  // is a goroutine, if somebody waits.
  // Does not park. In starvation mode Unlock yields to the new owner and may
  // continue on another thread.
  // Mirrors: sync.Mutex.Unlock.
  void Unlock() {
    std::uint32_t held = kLocked;
    // release: pairs with the acquire in Lock, LockSlow and TryLock.
    if (!state_.compare_exchange_strong(held, 0, memory_order_release,
                                        memory_order_relaxed)) [[unlikely]] {
      UnlockSlow();
    }
  }

  // The same functions in the standard's spelling, for std::lock_guard and
  // std::unique_lock.
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
