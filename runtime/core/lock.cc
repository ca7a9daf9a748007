#include "runtime/core/lock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

#include "runtime/core/fatal.h"
#include "runtime/core/nanotime.h"

namespace mn {

namespace {
// Picked, not measured. Long enough for another M to leave a critical section
// of a few dozen instructions, and short beside a futex call, which costs the
// waker 5 us.
#ifdef MN_SIM
// In the explorer every look is a step, and more steps show nothing new.
constexpr int kSpins = 1;
constexpr int kLooks = 1;
#else
constexpr int kSpins = 100;
constexpr int kLooks = 50;  // at a note, between two looks at the clock
#endif

}  // namespace

// The explorer has futexes of its own (sim/host/primitives.cc).
#ifndef MN_SIM

// The kernel compares and falls asleep in one step, so a wake-up after a change
// of the word is not lost.
void FutexWait(mn::atomic<std::uint32_t>* word, std::uint32_t expected,
               std::int64_t ns) {
  timespec limit = {};  // relative, by CLOCK_MONOTONIC
  if (ns >= 0) {
    limit.tv_sec = ns / 1'000'000'000;
    limit.tv_nsec = ns % 1'000'000'000;
  }
  // The result says nothing of use. After a wake-up, a signal, the time limit
  // or another value in the word, the caller looks at the word again.
  ::syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
            ns < 0 ? nullptr : &limit, nullptr, 0);
}

void FutexWake(mn::atomic<std::uint32_t>* word, int n) {
  // PRIVATE, here and above: all sleepers are threads of this process, which
  // saves the kernel a look at the page.
  ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, nullptr, nullptr, 0);
}

#endif

// Spins for a while, then sleeps until the lock is free.
void RtMutex::LockSlow() {
  for (int i = 0; i < kSpins; i++) {
    // A load first, since each compare-and-swap would take the cache line away
    // from the holder, who needs the line to unlock.
    if (word_.load(memory_order_relaxed) == 0 && TryAcquire()) return;
    CpuRelax();
  }
  // LCK-2. acquire: pairs with the release in Unlock.
  // This thread cannot know whether others sleep too, so it takes the lock with
  // 2. If nobody sleeps, the unlock makes a futex call for nothing.
  while (word_.exchange(2, memory_order_acquire) != 0) FutexWait(&word_, 2);
}

#if !defined(NDEBUG) && !MN_SIM

namespace {
// More than a thread ever holds at once, which is one of each rank and a second
// P's timers.
constexpr int kMaxHeld = 16;
struct HeldLocks {
  int n = 0;
  LockRank rank[kMaxHeld];
};
// A switch leaves the list with the thread. So the functions below are not
// inline, and each of them looks the address up anew.
thread_local HeldLocks held_locks;
}  // namespace

// Throws if `rank` is not above what the thread holds (LCK-3).
__attribute__((noinline)) void internal::NoteLocked(LockRank rank) {
  HeldLocks& held = held_locks;
  MN_CHECK(held.n < kMaxHeld, "LCK-3");
  if (held.n > 0) {
    const LockRank top = held.rank[held.n - 1];
    // Two Ps' timers may be held at once, since then the world is stopped.
    MN_CHECK(rank > top || (rank == top && rank == LockRank::kTimers), "LCK-3");
  }
  // The ranks rise from the bottom, so it was enough to compare with the top.
  held.rank[held.n++] = rank;
}

// Locks need not be given up in the reverse order, so the gap is closed.
__attribute__((noinline)) void internal::NoteUnlocked(LockRank rank) {
  HeldLocks& held = held_locks;
  // From the end, because the last lock taken is usually the first given up.
  int i = held.n - 1;
  while (i >= 0 && held.rank[i] != rank) i--;
  MN_CHECK(i >= 0, "LCK-3");
  held.n--;
  for (; i < held.n; i++) held.rank[i] = held.rank[i + 1];
}

__attribute__((noinline)) bool HoldsOnlyObjectLocks() {
  // At most one can be of that rank, since ranks go up (LCK-3).
  const HeldLocks& held = held_locks;
  for (int i = 0; i < held.n; i++) {
    if (held.rank[i] != LockRank::kObject) return false;
  }
  return true;
}

#endif

// One is enough. The woken thread sets the word to 2 again, so that its own
// unlock wakes the next.
void RtMutex::WakeOne() { FutexWake(&word_, 1); }

void Note::Sleep(std::int64_t spin_ns) {
  // Threads that wake each other in turn pay no futex call while they watch.
  if (spin_ns > 0) {
    const std::int64_t until = Nanotime() + spin_ns;
    do {
      for (int i = 0; i < kLooks; i++) {
        // State 1 is never left but by Clear, so the answer cannot get old.
        // acquire: pairs with the release in Wakeup.
        if (word_.load(memory_order_acquire) == 1) return;
        CpuRelax();
      }
    } while (Nanotime() < until);
  }
  // Says that this thread may be in the kernel, unless the wake-up was first.
  std::uint32_t cleared = 0;
  // acquire (on failure): pairs with the release in Wakeup.
  if (!word_.compare_exchange_strong(cleared, 2, memory_order_acquire,
                                     memory_order_acquire)) {
    return;
  }
  // In a loop, since a futex may return without a wake-up.
  // acquire: as above.
  while (word_.load(memory_order_acquire) != 1) FutexWait(&word_, 2);
}

// As Sleep does, but the note is taken back if nobody comes.
bool Note::SleepFor(std::int64_t ns) {
  std::uint32_t cleared = 0;
  // acquire, here and below: pairs with the release in Wakeup.
  if (!word_.compare_exchange_strong(cleared, 2, memory_order_acquire,
                                     memory_order_acquire)) {
    return true;
  }
  // A deadline, so that early returns of the futex do not add up.
  const std::int64_t until = Nanotime() + ns;
  while (ns > 0 && word_.load(memory_order_acquire) != 1) {
    FutexWait(&word_, 2, ns);
    ns = until - Nanotime();
  }
  // The time is over. If a wake-up comes at this very moment, one of the two
  // operations wins, and the wake-up is either seen here or kept for later.
  std::uint32_t sleeping = 2;
  return !word_.compare_exchange_strong(sleeping, 0, memory_order_acquire,
                                        memory_order_acquire);
}

void Note::Wakeup() {
  // The exchange tells whether a sleeper needs the kernel. Most do not.
  // release: pairs with the acquire in Sleep, SleepFor and Clear.
  if (word_.exchange(1, memory_order_release) == 2) FutexWake(&word_, 1);
}

}  // namespace mn
