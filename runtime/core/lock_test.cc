// The runtime's own two ways of blocking a thread.
#include "runtime/core/lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "runtime/testing/bare_program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

TEST(RtMutex, TryLockFailsWhileHeld) {
  RtMutex mu{LockRank::kObject};
  ASSERT_TRUE(mu.TryLock());
  EXPECT_FALSE(mu.TryLock());
  mu.Unlock();
  EXPECT_TRUE(mu.TryLock());
  mu.Unlock();
}

#ifndef NDEBUG
MN_BARE_PROGRAM(LocksOutOfOrder) {
  RtMutex sched(LockRank::kSched);
  RtMutex object(LockRank::kObject);
  object.Lock();
  sched.Lock();  // in order
  sched.Unlock();
  object.Unlock();
  sched.Lock();
  object.Lock();
  return 0;
}

TEST(RtMutex, Lck3_OutOfOrderIsFatal) {
  EXPECT_TRUE(test::Died(test::RunProgram("LocksOutOfOrder"),
                         "runtime: invariant LCK-3 broken"));
}
#endif

TEST(RtMutex, Lck1_OneHolderAtATime) {
  constexpr int kThreads = 4;
  const int kEach = 100'000 / test::kSlowdown;
  RtMutex mu{LockRank::kObject};
  int plain = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; t++) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; i++) {
        RtLock lock(mu);
        plain++;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(plain, kThreads * kEach);
}

// Held long enough for the others to sleep in the kernel.
TEST(RtMutex, Lck2_SleepersAreWoken) {
  test::Watchdog dog("a thread that sleeps on an RtMutex");
  constexpr int kThreads = 4;
  RtMutex mu{LockRank::kObject};
  int plain = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; t++) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; i++) {
        {
          RtLock lock(mu);
          plain++;
          ::usleep(200);
        }
        dog.Progress();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(plain, kThreads * 50);
}

TEST(Note, AWakeupBeforeTheSleepIsKept) {
  Note note;
  note.Wakeup();
  note.Sleep();
}

TEST(Note, PassesAPlainVariableBackAndForth) {
  test::Watchdog dog("two threads with a note each");
  const int n = 20'000 / test::kSlowdown;
  Note ping;
  Note pong;
  int plain = 0;
  std::thread other([&] {
    for (int i = 0; i < n; i++) {
      ping.Sleep();
      ping.Clear();
      plain++;
      pong.Wakeup();
    }
  });
  for (int i = 0; i < n; i++) {
    ping.Wakeup();
    pong.Sleep();
    pong.Clear();
    ASSERT_EQ(plain, i + 1);
    dog.Progress();
  }
  other.join();
}

}  // namespace
}  // namespace mn
