// RtMutex and Note: the two ways in which the runtime itself blocks a thread.
//
// These block the M, so goroutine code must never use them across a park; they
// guard the short critical sections in the scheduler, timers and channels.
//
// RtMutex protocol (states 0 free, 1 held, 2 held and somebody may sleep):
//   LCK-1 whoever moves the word from 0 holds the lock;
//   LCK-2 a sleeper has set the word to 2 before it sleeps, so the holder's
//         unlock (exchange to 0) sees 2 and wakes one;
//   LCK-3 a thread takes locks in the order of their ranks, so no two wait for
//         each other.
// Rejected: std::mutex (a channel's lock is released on another stack than it
// was taken on, which TSan's model of it does not know); absl::Mutex (the
// system's is not instrumented: false races).
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"

namespace mn {

// The order in which a thread may take runtime locks: each only above those
// that it holds. Debug builds check it (LCK-3).
enum class LockRank : std::uint8_t {
  kWorld,   // sched.worldlock
  kObject,  // a channel, a waiters' list, a pool: may be held across a switch
  kSched,   // sched.lock
  kTimers,  // a P's timers; of several at once only with the world stopped
  kFreeGs,  // the global list of free Gs
  kSlabs,   // where stacks come from
};

#if !defined(NDEBUG) && !MN_SIM
namespace internal {
void NoteLocked(LockRank rank);
void NoteUnlocked(LockRank rank);
}  // namespace internal
// True if the calling thread may switch stacks with the locks that it holds,
// which are of rank kObject then. Debug builds only.
bool HoldsOnlyObjectLocks();
#define MN_NOTE_LOCKED(rank) ::mn::internal::NoteLocked(rank)
#define MN_NOTE_UNLOCKED(rank) ::mn::internal::NoteUnlocked(rank)
#else
// Nothing is noted, so there is nothing to object to.
inline bool HoldsOnlyObjectLocks() { return true; }
#define MN_NOTE_LOCKED(rank) ((void)(rank))
#define MN_NOTE_UNLOCKED(rank) ((void)(rank))
#endif

class RtMutex {
 public:
  explicit constexpr RtMutex(LockRank rank = LockRank::kObject) : rank_(rank) {}
  RtMutex(const RtMutex&) = delete;
  RtMutex& operator=(const RtMutex&) = delete;

  // Any M. Blocks the thread.
  void Lock() {
    std::uint32_t free = 0;
    // acquire: pairs with the release in Unlock.
    if (!word_.compare_exchange_strong(free, 1, memory_order_acquire,
                                       memory_order_relaxed)) [[unlikely]] {
      LockSlow();
    }
    MN_NOTE_LOCKED(rank_);
  }
  bool TryLock() {
    if (!TryAcquire()) return false;
    MN_NOTE_LOCKED(rank_);
    return true;
  }
  void Unlock() {
    MN_NOTE_UNLOCKED(rank_);
    // release: pairs with the acquire in Lock and LockSlow.
    if (word_.exchange(0, memory_order_release) == 2) [[unlikely]]
      WakeOne();
  }

 private:
  bool TryAcquire() {
    std::uint32_t free = 0;
    // acquire: pairs with the release in Unlock.
    return word_.compare_exchange_strong(free, 1, memory_order_acquire,
                                         memory_order_relaxed);
  }
  void LockSlow();
  void WakeOne();

  mn::atomic<std::uint32_t> word_{0};
  LockRank rank_;
};

// Holds an RtMutex for a scope.
class RtLock {
 public:
  explicit RtLock(RtMutex& mu) : mu_(mu) { mu_.Lock(); }
  ~RtLock() { mu_.Unlock(); }
  RtLock(const RtLock&) = delete;
  RtLock& operator=(const RtLock&) = delete;

 private:
  RtMutex& mu_;
};

// A one-shot event: one thread sleeps, another wakes it, in either order.
// REQUIRES: Clear before reuse, by the sleeper once it is awake: before the
// next wake-up can be under way. Mirrors Go's note.
//
// States: 0 cleared, 1 woken, 2 the sleeper may be in the kernel. Whoever wakes
// pays for a system call only if it finds 2.
class Note {
 public:
  // acquire: pairs with the release in Wakeup, so that one that this overtakes
  // is seen in what the sleeper looks at next.
  void Clear() { word_.exchange(0, memory_order_acquire); }
  // Waits for Wakeup, first for `spin_ns` without giving the CPU away. Caller:
  // the one thread that owns the note.
  void Sleep(std::int64_t spin_ns = 0);
  // As Sleep, for at most `ns`. False: it was not woken in that time.
  bool SleepFor(std::int64_t ns);
  // Caller: any thread, once per Clear. Async-signal-safe.
  void Wakeup();

 private:
  mn::atomic<std::uint32_t> word_{0};
};

// The futex system call, for the two above and for nobody else. `ns` < 0: no
// limit.
void FutexWait(mn::atomic<std::uint32_t>* word, std::uint32_t expected,
               std::int64_t ns = -1);
void FutexWake(mn::atomic<std::uint32_t>* word, int n);

}  // namespace mn
