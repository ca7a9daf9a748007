// RWMutex admits many readers or a single writer, and parks the goroutine.
//
//   mn::RWMutex mu;
//   std::map<int, int> squares;  // guarded by mu
//
//   bool Known(int n) {
//     std::shared_lock reading(mu);
//     return squares.contains(n);
//   }
//   void Learn(int n) {
//     std::unique_lock writing(mu);
//     squares[n] = n * n;
//   }
//
// Why it is hard: a reader should cost one atomic addition, so a reader cannot
// first look whether a writer waits. The reader adds itself and looks at the
// old value. Neither side may starve. A waiting writer keeps new readers out.
// An Unlock admits every reader that has come by then, before the next writer.
// So a goroutine must not call RLock twice. A writer that arrives in between
// would wait for the first RLock, and the second RLock for the writer.
//
// Thread-safety: any goroutine may call every function. As with Mutex, another
// goroutine than the locking goroutine may unlock. The object may be destroyed
// as soon as it is unlocked and nobody is inside Lock or RLock.
//
// Invariants (`readers` and the flags are parts of one word, state_):
//   RW-1 readers counts those inside plus those on their way in.
//   RW-2 kWriter is set while a writer is inside or pending (waits for readers
//        to leave). Only a reader that added itself while it was clear is
//        inside without further ado; the others need a grant or a pass.
//   RW-3 pending_ is the pending writer and departing_ the number of readers it
//        still waits for; both are set under list lock together.
//   RW-4 an Unlock admits exactly the readers counted at that moment: parked
//        ones by grant, those not parked yet by a pass. Which of them takes a
//        pass does not matter, only how many.
//   RW-5 kQueued is set iff writers_ is not empty; implies kWriter.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/core/lock.h"
#include "runtime/sync/wait_list.h"

namespace mn {

class RWMutex {
 public:
  constexpr RWMutex() = default;
  RWMutex(const RWMutex&) = delete;
  RWMutex& operator=(const RWMutex&) = delete;

  // Locks for reading, and waits until no writer is in the way.
  // REQUIRES: the caller is a goroutine, if there is a wait, and does not hold
  // this RWMutex.
  // May park (`sync.RWMutex.RLock`) and continue on another thread. What
  // happened before the last Unlock is visible afterwards.
  // Mirrors: sync.RWMutex.RLock.
  void RLock() {
    // acquire: pairs with the release in Unlock.
    const std::uint64_t was = state_.fetch_add(1, memory_order_acquire);
    if (was >= kWriter) [[unlikely]]
      RLockSlow();  // RW-2
  }

  // Locks for reading if that is possible at once, and returns whether it did.
  // Never parks. False means that a writer is inside or pending.
  // Mirrors: sync.RWMutex.TryRLock.
  [[nodiscard]] bool TryRLock() {
    std::uint64_t s = state_.load(memory_order_relaxed);
    while (s < kWriter) {
      // acquire: as in RLock.
      if (state_.compare_exchange_weak(s, s + 1, memory_order_acquire,
                                       memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  // Undoes an RLock.
  // REQUIRES: the RWMutex is locked for reading. Otherwise the process ends
  // with `fatal error: sync: RUnlock of unlocked RWMutex`.
  // Does not park. The caller is a goroutine, if a writer waits.
  // Mirrors: sync.RWMutex.RUnlock.
  void RUnlock() {
    // release: pairs with the acquire in Lock and LockSlow.
    const std::uint64_t was = state_.fetch_sub(1, memory_order_release);
    // A single comparison finds both rare cases. Without readers was - 1 wraps,
    // and with a writer in the word the difference is large too.
    if (was - 1 >= kWriter - 1) [[unlikely]]
      RUnlockSlow(was);
  }

  // Locks for writing, and waits until everybody else has left.
  // REQUIRES: the caller is a goroutine, if there is a wait, and does not hold
  // this RWMutex.
  // May park (`sync.RWMutex.Lock`) and continue on another thread. What
  // happened before the last Unlock and all RUnlocks is visible afterwards.
  // Mirrors: sync.RWMutex.Lock.
  void Lock() {
    std::uint64_t free = 0;
    // acquire: pairs with the release in Unlock and RUnlock.
    if (!state_.compare_exchange_strong(free, kWriter, memory_order_acquire,
                                        memory_order_relaxed)) [[unlikely]] {
      LockSlow();
    }
  }

  // Locks for writing if that is possible at once, and returns whether it did.
  // Never parks. False means that somebody is inside or waits.
  // Mirrors: sync.RWMutex.TryLock.
  [[nodiscard]] bool TryLock() {
    std::uint64_t free = 0;
    // acquire: as in Lock.
    return state_.compare_exchange_strong(free, kWriter, memory_order_acquire,
                                          memory_order_relaxed);
  }

  // Undoes a Lock.
  // REQUIRES: the RWMutex is locked for writing. Otherwise the process ends
  // with `fatal error: sync: Unlock of unlocked RWMutex`.
  // Does not park. The caller is a goroutine, if somebody waits.
  // Mirrors: sync.RWMutex.Unlock.
  void Unlock() {
    std::uint64_t held = kWriter;
    // release: pairs with the acquire in Lock and RLock.
    if (!state_.compare_exchange_strong(held, 0, memory_order_release,
                                        memory_order_relaxed)) [[unlikely]] {
      UnlockSlow();
    }
  }

  // The same functions in the standard's spelling, for std::unique_lock and
  // std::shared_lock.
  void lock() { Lock(); }
  [[nodiscard]] bool try_lock() { return TryLock(); }
  void unlock() { Unlock(); }
  void lock_shared() { RLock(); }
  [[nodiscard]] bool try_lock_shared() { return TryRLock(); }
  void unlock_shared() { RUnlock(); }

 private:
  // The number of readers stands in the bits below kWriter.
  static constexpr std::uint64_t kWriter = std::uint64_t{1} << 32;
  static constexpr std::uint64_t kQueued = std::uint64_t{1} << 33;
  static constexpr std::uint64_t kReaders = kWriter - 1;

  void RLockSlow();
  void RUnlockSlow(std::uint64_t was);
  void LockSlow();
  void UnlockSlow();
  internal::Sleeper* Admit(std::uint32_t readers);
  internal::Sleeper* PopWriter();

  mn::atomic<std::uint64_t> state_{0};
  RtMutex list_lock_{LockRank::kObject};
  // ---- guarded by list_lock_ -----------------------------------------------
  std::uint32_t departing_ = 0;           // RW-3
  std::uint32_t passes_ = 0;              // RW-4
  internal::Sleeper* pending_ = nullptr;  // RW-3
  internal::WaitList readers_;
  internal::WaitList writers_;  // behind the writer that is inside or pending
};

}  // namespace mn
