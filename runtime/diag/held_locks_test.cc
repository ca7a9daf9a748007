// Parking while holding a thread's lock: HLD-1 to HLD-3 of held_locks.h.
#include "runtime/diag/held_locks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>

#include "runtime/mn.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using test::Exited;
using test::ProcessResult;
using test::RunProgram;
using testing::ContainsRegex;
using testing::HasSubstr;

#define MN_NEEDS_HELD_LOCKS() \
  if (!MN_HELD_LOCKS) GTEST_SKIP() << "not in optimised or sanitizer builds"

int Reports(const std::string& text) {
  int n = 0;
  const std::string what = "parks while holding a thread-level lock";
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + 1)) {
    n++;
  }
  return n;
}

// ---- what counts ------------------------------------------------------------

TEST(Held, EveryKindOfLockCounts) {
  MN_NEEDS_HELD_LOCKS();
  ASSERT_EQ(HeldThreadLocks(), 0);
  std::mutex mutex;
  std::timed_mutex timed;
  std::recursive_mutex recursive;
  std::shared_mutex shared;
  pthread_spinlock_t spin;
  pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
  mutex.lock();
  EXPECT_EQ(HeldThreadLocks(), 1);
  ASSERT_TRUE(timed.try_lock_for(std::chrono::seconds(1)));
  EXPECT_EQ(HeldThreadLocks(), 2);
  recursive.lock();
  recursive.lock();
  EXPECT_EQ(HeldThreadLocks(), 4);
  shared.lock_shared();
  EXPECT_EQ(HeldThreadLocks(), 5);
  pthread_spin_lock(&spin);
  EXPECT_EQ(HeldThreadLocks(), 6);
  mutex.unlock();  // in any order
  pthread_spin_unlock(&spin);
  shared.unlock_shared();
  recursive.unlock();
  recursive.unlock();
  timed.unlock();
  EXPECT_EQ(HeldThreadLocks(), 0);
}

TEST(Held, ATryThatFailsDoesNotCount) {
  MN_NEEDS_HELD_LOCKS();
  std::mutex mutex;
  mutex.lock();
  bool got = true;
  BlockingCall([&] {
    std::thread([&] { got = mutex.try_lock(); }).join();
    EXPECT_FALSE(mutex.try_lock());
  });
  EXPECT_FALSE(got);
  EXPECT_EQ(HeldThreadLocks(), 1);
  mutex.unlock();
  EXPECT_EQ(HeldThreadLocks(), 0);
}

TEST(Held, AWaitOnAConditionVariableStaysBalanced) {
  MN_NEEDS_HELD_LOCKS();
  std::mutex mutex;
  std::condition_variable cv;
  bool ready = false;
  std::thread waker([&] {
    const std::lock_guard<std::mutex> lock(mutex);
    ready = true;
    cv.notify_one();
  });
  {
    std::unique_lock<std::mutex> lock(mutex);
    cv.wait(lock, [&] { return ready; });
    EXPECT_EQ(HeldThreadLocks(), 1);
  }
  EXPECT_EQ(HeldThreadLocks(), 0);
  waker.join();
}

TEST(Held, Hld1_OtherThreadsDoNotCount) {
  MN_NEEDS_HELD_LOCKS();
  std::thread([] {
    std::mutex mutex;
    const std::lock_guard<std::mutex> lock(mutex);
    EXPECT_EQ(HeldThreadLocks(), 0) << "HLD-1";
  }).join();
}

TEST(Held, LocksInsideLibcDoNotCount) {
  MN_NEEDS_HELD_LOCKS();
  puts("");
  free(malloc(1 << 20));
  EXPECT_EQ(HeldThreadLocks(), 0);
}

// ---- the report

extern "C" __attribute__((noinline)) void LockIt(std::mutex* mutex) {
  mutex->lock();
  asm volatile("");
}

extern "C" __attribute__((noinline)) void ParkWithIt() {
  Gosched();
  asm volatile("");
}

MN_PROGRAM(ParksWithAMutex) {
  std::mutex mutex;
  for (int i = 0; i < 10; i++) {
    LockIt(&mutex);
    ParkWithIt();
    mutex.unlock();
  }
  return HeldThreadLocks();
}

TEST(Report, NamesTheGoroutineTheLockAndBothPlaces) {
  MN_NEEDS_HELD_LOCKS();
  const ProcessResult r =
      RunProgram("ParksWithAMutex", {.env = {{"GOMAXPROCS", "1"}}});
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_THAT(r.err,
              ContainsRegex("^runtime: goroutine 1 parks while holding a "
                            "thread-level lock [(]std::mutex[)]: [^\n]* use "
                            "mn::Mutex or unlock first\nlocked at\nLockIt"));
  EXPECT_THAT(r.err, HasSubstr("\ngoroutine 1 [running]:\n"));
  EXPECT_THAT(r.err, HasSubstr("\nParkWithIt(...)\n"));
}

TEST(Report, ComesOncePerPlace) {
  MN_NEEDS_HELD_LOCKS();
  EXPECT_EQ(Reports(RunProgram("ParksWithAMutex").err), 1);
}

MN_PROGRAM(ParksWithoutAnything) {
  std::mutex mutex;
  for (int i = 0; i < 10; i++) {
    LockIt(&mutex);
    mutex.unlock();
    ParkWithIt();
  }
  return 0;
}

TEST(Report, DoesNotComeWithoutReason) {
  MN_NEEDS_HELD_LOCKS();
  const ProcessResult r = RunProgram("ParksWithoutAnything");
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_EQ(r.err, "");
}

// The first parks with the lock; the others on its thread hold nothing.
MN_PROGRAM(OneOfManyParksWithAMutex) {
  static std::mutex mutex;
  Chan<int> ch(0);
  Go([ch]() mutable {
    LockIt(&mutex);
    ch.Recv();
    mutex.unlock();
  });
  for (int i = 0; i < 100; i++) ParkWithIt();
  ch.Send(1);
  for (int i = 0; i < 100; i++) ParkWithIt();
  return 0;
}

TEST(Report, Hld2_BlamesNobodyElse) {
  MN_NEEDS_HELD_LOCKS();
  const ProcessResult r =
      RunProgram("OneOfManyParksWithAMutex", {.env = {{"GOMAXPROCS", "1"}}});
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_EQ(Reports(r.err), 1) << "HLD-2: " << r.err;
  EXPECT_THAT(r.err, HasSubstr("LockIt"));
}

MN_PROGRAM(ParksPinned) {
  LockOSThread();
  std::mutex mutex;
  LockIt(&mutex);
  ParkWithIt();
  mutex.unlock();
  return 0;
}

TEST(Report, Hld3_DoesNotComeForAPinnedGoroutine) {
  MN_NEEDS_HELD_LOCKS();
  const ProcessResult r = RunProgram("ParksPinned");
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_EQ(Reports(r.err), 0) << "HLD-3: " << r.err;
}

}  // namespace
}  // namespace mn
