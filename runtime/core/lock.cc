#include "runtime/core/lock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

namespace mn {

namespace {
// Picked, not measured: long enough for another M to leave a critical section
// of a few dozen instructions, short next to a futex call (5 us for the waker).
constexpr int kSpins = 100;

}  // namespace

void FutexWait(mn::atomic<std::uint32_t>* word, std::uint32_t expected) {
  ::syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

void FutexWake(mn::atomic<std::uint32_t>* word, int n) {
  ::syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, nullptr, nullptr, 0);
}

void RtMutex::LockSlow() {
  for (int i = 0; i < kSpins; i++) {
    if (word_.load(memory_order_relaxed) == 0 && TryLock()) return;
    CpuRelax();
  }
  // LCK-2. acquire: pairs with the release in Unlock. Taking the lock with 2
  // though nobody may sleep costs one needless wake-up, never a lost one.
  while (word_.exchange(2, memory_order_acquire) != 0) FutexWait(&word_, 2);
}

void RtMutex::WakeOne() { FutexWake(&word_, 1); }

void Note::Sleep() {
  // acquire: pairs with the release in Wakeup.
  while (word_.load(memory_order_acquire) == 0) FutexWait(&word_, 0);
}

void Note::Wakeup() {
  // release: pairs with the acquire in Sleep.
  word_.store(1, memory_order_release);
  FutexWake(&word_, 1);
}

}  // namespace mn
