#include "runtime/core/lock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

#include "runtime/core/fatal.h"
#include "runtime/core/nanotime.h"

namespace mn {

namespace {
// Picked, not measured: long enough for another M to leave a critical section
// of a few dozen instructions, short next to a futex call (5 us for the waker).
#ifdef MN_SIM
constexpr int kSpins = 1;
constexpr int kLooks = 1;
#else
constexpr int kSpins = 100;
constexpr int kLooks = 50;  // at a note between looks at the clock
#endif

}  // namespace

#ifndef MN_SIM  // the explorer has its own (sim/host/primitives.cc)

void FutexWait(mn::atomic<std::uint32_t>* word, std::uint32_t expected,
               std::int64_t ns) {
  timespec limit = {};
  if (ns >= 0) {
    limit.tv_sec = ns / 1'000'000'000;
    limit.tv_nsec = ns % 1'000'000'000;
  }
  ::syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
            ns < 0 ? nullptr : &limit, nullptr, 0);
}

void FutexWake(mn::atomic<std::uint32_t>* word, int n) {
  ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, nullptr, nullptr, 0);
}

#endif

void RtMutex::LockSlow() {
  for (int i = 0; i < kSpins; i++) {
    if (word_.load(memory_order_relaxed) == 0 && TryAcquire()) return;
    CpuRelax();
  }
  // LCK-2. acquire: pairs with the release in Unlock. Taking the lock with 2
  // though nobody may sleep costs one needless wake-up, never a lost one.
  while (word_.exchange(2, memory_order_acquire) != 0) FutexWait(&word_, 2);
}

#if !defined(NDEBUG) && !MN_SIM

namespace {
constexpr int kMaxHeld = 16;
struct HeldLocks {
  int n = 0;
  LockRank rank[kMaxHeld];
};
// Never used across a switch: each function below looks it up anew.
thread_local HeldLocks held_locks;
}  // namespace

__attribute__((noinline)) void internal::NoteLocked(LockRank rank) {
  HeldLocks& held = held_locks;
  MN_CHECK(held.n < kMaxHeld, "LCK-3");
  if (held.n > 0) {
    const LockRank top = held.rank[held.n - 1];
    MN_CHECK(rank > top || (rank == top && rank == LockRank::kTimers), "LCK-3");
  }
  held.rank[held.n++] = rank;
}

__attribute__((noinline)) void internal::NoteUnlocked(LockRank rank) {
  HeldLocks& held = held_locks;
  // Usually the last one.
  int i = held.n - 1;
  while (i >= 0 && held.rank[i] != rank) i--;
  MN_CHECK(i >= 0, "LCK-3");
  held.n--;
  for (; i < held.n; i++) held.rank[i] = held.rank[i + 1];
}

__attribute__((noinline)) bool HoldsOnlyObjectLocks() {
  const HeldLocks& held = held_locks;
  for (int i = 0; i < held.n; i++) {
    if (held.rank[i] != LockRank::kObject) return false;
  }
  return true;
}

#endif

void RtMutex::WakeOne() { FutexWake(&word_, 1); }

void Note::Sleep(std::int64_t spin_ns) {
  if (spin_ns > 0) {
    const std::int64_t until = Nanotime() + spin_ns;
    do {
      for (int i = 0; i < kLooks; i++) {
        // acquire: pairs with the release in Wakeup.
        if (word_.load(memory_order_acquire) == 1) return;
        CpuRelax();
      }
    } while (Nanotime() < until);
  }
  std::uint32_t cleared = 0;
  // acquire (on failure): pairs with the release in Wakeup.
  if (!word_.compare_exchange_strong(cleared, 2, memory_order_acquire,
                                     memory_order_acquire)) {
    return;
  }
  // acquire: as above.
  while (word_.load(memory_order_acquire) != 1) FutexWait(&word_, 2);
}

bool Note::SleepFor(std::int64_t ns) {
  std::uint32_t cleared = 0;
  // acquire, here and below: pairs with the release in Wakeup.
  if (!word_.compare_exchange_strong(cleared, 2, memory_order_acquire,
                                     memory_order_acquire)) {
    return true;
  }
  const std::int64_t until = Nanotime() + ns;
  while (ns > 0 && word_.load(memory_order_acquire) != 1) {
    FutexWait(&word_, 2, ns);
    ns = until - Nanotime();
  }
  std::uint32_t sleeping = 2;
  return !word_.compare_exchange_strong(sleeping, 0, memory_order_acquire,
                                        memory_order_acquire);
}

void Note::Wakeup() {
  // release: pairs with the acquire in Sleep.
  if (word_.exchange(1, memory_order_release) == 2) FutexWake(&word_, 1);
}

}  // namespace mn
