// RtMutex and Note are how the runtime itself blocks a thread.
//
// Both block the M, and with it the P. So they guard only the short critical
// sections of the scheduler, of timers and of channels, and a goroutine's own
// code must not use them across a park.
//
// RtMutex protocol (states 0 free, 1 held, 2 held and somebody may sleep):
//   LCK-1 whoever moves the word from 0 holds the lock;
//   LCK-2 a sleeper has set the word to 2 before it sleeps, so the holder's
//         unlock (exchange to 0) sees 2 and wakes one;
//   LCK-3 a thread takes locks in the order of their ranks, so no two wait for
//         each other.
// Rejected: std::mutex, since a channel's lock is released on another stack
// than the stack that took the lock, which TSan's model of a mutex does not
// know. absl::Mutex, since the system's library is not instrumented and TSan
// reports races that are none.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"

namespace mn {

// The order in which a thread may take runtime locks. A thread takes a lock
// only if its rank is above the ranks of all locks that the thread holds. Debug
// builds check this (LCK-3).
enum class LockRank : std::uint8_t {
  kWorld,   // sched.worldlock
  kObject,  // a channel, a waiters' list, a pool; may be held across a switch
  kSched,   // sched.lock
  kTimers,  // a P's timers; of several Ps only with the world stopped
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

  // Takes the lock.
  // REQUIRES: the thread is in the runtime if it has a P. Its rank is above all
  // that the thread holds.
  // Any thread, any stack. Not recursive. Blocks the thread while the lock is
  // held elsewhere.
  void Lock() {
    std::uint32_t free = 0;
    // acquire: pairs with the release in Unlock.
    if (!word_.compare_exchange_strong(free, 1, memory_order_acquire,
                                       memory_order_relaxed)) [[unlikely]] {
      LockSlow();
    }
    MN_NOTE_LOCKED(rank_);
  }
  // Takes the lock if it is free now, and returns whether it did. Never blocks.
  // REQUIRES: as for Lock.
  bool TryLock() {
    if (!TryAcquire()) return false;
    MN_NOTE_LOCKED(rank_);
    return true;
  }
  // Gives the lock up and wakes one sleeper, if any.
  // REQUIRES: the lock is held by this thread. Another stack of the thread may
  // have taken it.
  void Unlock() {
    // Before the store. Afterwards the lock may be gone.
    MN_NOTE_UNLOCKED(rank_);
    // release: pairs with the acquire in Lock and LockSlow.
    // One operation, because a load and a store could miss a sleeper that marks
    // the word in between (LCK-2).
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

// A one-shot event. One thread sleeps and another wakes it, in either order.
// REQUIRES: before the note is used again, its sleeper calls Clear. The sleeper
// is awake then, and the next wake-up is not under way yet.
// Mirrors: runtime.note.
//
// States: 0 cleared, 1 woken, 2 the sleeper may be in the kernel. A waker pays
// for a system call only if it finds 2.
class Note {
 public:
  // Makes the note ready for the next event.
  // acquire: pairs with the release in Wakeup. If this overwrites a wake-up,
  // the sleeper sees in what it looks at next what the waker wrote before.
  void Clear() { word_.exchange(0, memory_order_acquire); }
  // Waits for Wakeup. For the first `spin_ns` nanoseconds the thread keeps its
  // CPU. Blocks the thread.
  // REQUIRES: the caller is the thread that owns the note.
  void Sleep(std::int64_t spin_ns = 0);
  // Waits as Sleep does, for about `ns` nanoseconds at most. Returns false if
  // no wake-up came in that time. The note is cleared then.
  bool SleepFor(std::int64_t ns);
  // Wakes the sleeper, or lets its next Sleep return at once.
  // REQUIRES: called at most once per Clear.
  // Any thread. Does not block. Async-signal-safe.
  void Wakeup();

 private:
  mn::atomic<std::uint32_t> word_{0};
};

// The futex system call, for the two classes above and for nobody else.
//
// FutexWait sleeps if *word is `expected`, until a wake-up or for `ns`
// nanoseconds. A negative `ns` sets no limit. It may return early, so the
// caller looks at the word again. FutexWake wakes up to n sleepers.
void FutexWait(mn::atomic<std::uint32_t>* word, std::uint32_t expected,
               std::int64_t ns = -1);
void FutexWake(mn::atomic<std::uint32_t>* word, int n);

}  // namespace mn
