// LockOSThread: a goroutine and its thread.
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <set>
#include <string>

#include "runtime/core/getg.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/testing/kernel_threads.h"
#include "runtime/testing/pinned.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using test::AllPsMeet;
using test::Exited;
using test::kCooperative;
using test::KernelTid;
using test::OnProcs;
using test::Pinned;
using test::PinnedCrowd;
using test::ProcessOptions;
using test::RunProgram;
using test::RunToItsEnd;
using test::ThreadLives;
using test::ThreadsThatRunGoroutines;
using test::Watchdog;

// ---- LOT-1, LOT-6: the counter ------------------------------------------

TEST(LockOSThread, Lot1_NLocksNeedNUnlocks) {
  RunToItsEnd([] {
    ASSERT_FALSE(Pinned());
    for (int i = 0; i < 5; i++) LockOSThread();
    for (int i = 0; i < 4; i++) {
      UnlockOSThread();
      EXPECT_TRUE(Pinned());
    }
    UnlockOSThread();
    EXPECT_FALSE(Pinned());
  });
}

TEST(LockOSThread, Lot1_TheCounterPanicsWhenItOverflows) {
  RunToItsEnd([] {
    LockOSThread();
    getm()->locked_ext = UINT32_MAX;
    std::string what;
    try {
      LockOSThread();
    } catch (const Panic& e) {
      what = e.what();
    }
    EXPECT_EQ(what, "LockOSThread nesting overflow");
    EXPECT_EQ(getm()->locked_ext, UINT32_MAX);
    getm()->locked_ext = 1;
    UnlockOSThread();
    EXPECT_FALSE(Pinned());
  });
}

TEST(LockOSThread, Lot6_AnUnlockTooManyDoesNothing) {
  RunToItsEnd([] {
    UnlockOSThread();
    UnlockOSThread();
    EXPECT_FALSE(Pinned());
    LockOSThread();
    EXPECT_TRUE(Pinned());
    UnlockOSThread();
    EXPECT_FALSE(Pinned());
  });
}

// go:LCK-06.
MN_PROGRAM(MainBegins) { return Gettid() == ::getpid() ? 6 : 0; }

TEST(LockOSThread, GoroutineOneBeginsOnTheMainThread) {
  EXPECT_TRUE(Exited(RunProgram("MainBegins", OnProcs(4, kCooperative)), 6));
}

// ---- LOT-2: the same thread ---------------------------------------------

// Pinned, f does not change the thread, `n` times.
void ExpectSameThread(int n, std::function<void()> f) {
  Watchdog dog("a pinned goroutine");
  RunToItsEnd([&] {
    LockOSThread();
    const int tid = Gettid();
    int wrong = 0;
    for (int i = 0; i < n; i++) {
      f();
      if (Gettid() != tid) wrong++;
      dog.Progress();
    }
    EXPECT_EQ(wrong, 0);
    UnlockOSThread();
  });
}

constexpr int kRepeat = MN_TSAN ? 200 : 1000;

// go:LCK-07, with those that follow.
TEST(LockOSThread, Lot2_SameThreadOverTenThousandParks) {
  constexpr int kParks = MN_TSAN ? 1000 : 10'000;
  Chan<int> ping(0), pong(0);
  int echoed = 0;
  Go([&, ping, pong]() mutable {
    for (;;) {
      auto v = ping.Next();
      if (!v) return;
      echoed++;
      pong.Send(*v);
    }
  });
  ExpectSameThread(kParks, [&] {
    ping.Send(1);
    pong.Recv();
  });
  ping.Close();
  EXPECT_EQ(echoed, kParks);
}

TEST(LockOSThread, Lot2_SameThreadAcrossGosched) {
  std::atomic<bool> stop{false};
  std::atomic<int> others{0};
  WaitGroup wg;
  for (int i = 0; i < 2 * GOMAXPROCS(); i++) {
    wg.Go([&] {
      while (!stop) {
        others++;
        Gosched();
      }
    });
  }
  ExpectSameThread(kRepeat, [] { Gosched(); });
  stop = true;
  wg.Wait();
  EXPECT_GT(others.load(), 0);
}

TEST(LockOSThread, Lot2_SameThreadAcrossSleep) {
  ExpectSameThread(kRepeat / 5, [] { Sleep(microseconds(10)); });
}

TEST(LockOSThread, Lot2_SameThreadAcrossSyscall) {
  ExpectSameThread(kRepeat, [] { Syscall([] { ::sched_yield(); }); });
}

TEST(LockOSThread, Lot2_SameThreadAcrossASyscallThatLosesItsP) {
  // Longer than a tick of sysmon, with somebody waiting.
  ExpectSameThread(kRepeat / 20, [] {
    Go([] {});
    Syscall([] { ::usleep(300); });
  });
}

TEST(LockOSThread, Lot2_SameThreadAcrossBlockingCall) {
  ExpectSameThread(kRepeat / 5, [] {
    Go([] {});
    BlockingCall([] { ::usleep(10); });
  });
}

TEST(LockOSThread, Lot2_SameThreadInsideAForeignCall) {
  int inside = 0;
  ExpectSameThread(kRepeat, [&] {
    const int tid = Gettid();
    Foreign([&] { inside = KernelTid(); });
    ASSERT_EQ(inside, tid);
  });
}

TEST(LockOSThread, Lot2_SameThreadAcrossMutexAndWaitGroup) {
  Mutex mu;
  ExpectSameThread(kRepeat / 5, [&] {
    mu.Lock();
    WaitGroup wg;
    wg.Go([&] {
      mu.Lock();
      mu.Unlock();
    });
    Gosched();
    mu.Unlock();
    wg.Wait();
  });
}

TEST(LockOSThread, Lot2_SameThreadAcrossItsOwnGomaxprocsChanges) {
  const int procs = GOMAXPROCS();
  int n = 0;
  ExpectSameThread(MN_TSAN ? 20 : 100, [&] { GOMAXPROCS(1 + n++ % 5); });
  GOMAXPROCS(procs);
  EXPECT_EQ(GOMAXPROCS(), procs);
}

TEST(LockOSThread, Lot2_SameThreadWhileOthersChangeGomaxprocs) {
  const int procs = GOMAXPROCS();
  std::atomic<bool> stop{false};
  std::atomic<int> changes{0};
  WaitGroup wg;
  wg.Go([&] {
    while (!stop) {
      GOMAXPROCS(1 + changes++ % 5);
      Gosched();
    }
  });
  ExpectSameThread(MN_TSAN ? 20 : 100, [&] {
    const int seen = changes;
    while (changes == seen) Gosched();
  });
  stop = true;
  wg.Wait();
  GOMAXPROCS(procs);
}

// It spins, without a call, until another goroutine has run on the only P.
MN_PROGRAM(PinnedIsPreempted) {
  std::atomic<int> other_tid{0};
  LockOSThread();
  const int tid = Gettid();
  Go([&] { other_tid = Gettid(); });
  while (other_tid == 0) {
  }
  MUST(Gettid() == tid);
  MUST(other_tid != tid);  // LOT-3
  MUST(Pinned());
  UnlockOSThread();
  return 3;
}

TEST(LockOSThread, Lot2_SameThreadAcrossPreemption) {
  const ProcessOptions on_one_p = {.env = {{"GOMAXPROCS", "1"}}};
  EXPECT_TRUE(Exited(RunProgram("PinnedIsPreempted", on_one_p), 3));
}

MN_PROGRAM(PinnedInAPreemptibleScope) {
  std::atomic<int> other_tid{0};
  LockOSThread();
  const int tid = Gettid();
  Go([&] { other_tid = Gettid(); });
  {
    PreemptibleScope scope;
    while (other_tid == 0) {
    }
  }
  MUST(Gettid() == tid);
  MUST(other_tid != tid);
  return 3;
}

TEST(LockOSThread, Lot2_APreemptibleScopeDoesNotMoveAPinnedGoroutine) {
  const ProcessOptions on_one_p = {.env = {{"GOMAXPROCS", "1"}}};
  EXPECT_TRUE(Exited(RunProgram("PinnedInAPreemptibleScope", on_one_p), 3));
}

// ---- LOT-3: nobody else there -------------------------------------------

// While one is pinned and does f over and over.
void ExpectNobodyElseThere(std::function<void()> f) {
  Watchdog dog("others than the pinned goroutine");
  std::atomic<int> tid{0};
  std::atomic<bool> stop{false};
  WaitGroup wg;
  wg.Go([&] {
    LockOSThread();
    tid = Gettid();
    while (!stop) f();
    UnlockOSThread();
  });
  while (tid == 0) Gosched();
  int ran = 0, wrong = 0;
  for (int i = 0; i < kRepeat; i++) {
    Chan<int> ch(0);
    Go([ch]() mutable {
      const int t = Gettid();
      Gosched();
      ch.Send(t);
    });
    if (ch.Recv() == tid) wrong++;
    ran++;
    dog.Progress();
  }
  EXPECT_EQ(ran, kRepeat);
  EXPECT_EQ(wrong, 0);
  stop = true;
  wg.Wait();
}

TEST(LockOSThread, Lot3_NobodyElseRunsThereWhileItYields) {
  ExpectNobodyElseThere([] { Gosched(); });
}

TEST(LockOSThread, Lot3_NobodyElseRunsThereWhileItSleeps) {
  ExpectNobodyElseThere([] { Sleep(microseconds(50)); });
}

TEST(LockOSThread, Lot3_NobodyElseRunsThereWhileItIsInTheKernel) {
  ExpectNobodyElseThere([] { Syscall([] { ::usleep(100); }); });
}

TEST(LockOSThread, Lot3_NobodyElseRunsThereWhileItWaits) {
  Watchdog dog("others than the pinned goroutine");
  std::atomic<int> tid{0};
  Chan<int> release(0);
  WaitGroup wg;
  wg.Go([&] {
    LockOSThread();
    tid = Gettid();
    release.Next();
    EXPECT_EQ(Gettid(), tid);
    UnlockOSThread();
  });
  while (tid == 0) Gosched();
  const std::set<int> others = ThreadsThatRunGoroutines(5);
  EXPECT_GE(others.size(), 8u);
  EXPECT_FALSE(others.contains(tid));
  release.Close();
  wg.Wait();
}

TEST(LockOSThread, Lot3_OthersRunThereAgainAfterTheUnlock) {
  // On one P, with the main thread out of the way, the same thread goes on.
  RunToItsEnd([] {
    LockOSThread();
    UnlockOSThread();
    EXPECT_EQ(getm()->lockedg, nullptr);
    EXPECT_EQ(getg()->lockedm, nullptr);
  });
}

// ---- LOT-5: children ----------------------------------------------------

TEST(LockOSThread, Lot5_ChildrenAreNotPinned) {
  RunToItsEnd([] {
    LockOSThread();
    const int tid = Gettid();
    for (int i = 0; i < 100; i++) {
      RunToItsEnd([&] {
        EXPECT_FALSE(Pinned());
        EXPECT_NE(Gettid(), tid);
      });
    }
    UnlockOSThread();
  });
}

// ---- LOT-8: who waits holds no P ----------------------------------------

constexpr int kCrowd = 8;

TEST(LockOSThread, Lot8_WaitingForAChannelHoldsNoP) {
  Watchdog dog("all Ps meet beside pinned goroutines that wait");
  Chan<int> ch(0);
  PinnedCrowd crowd(kCrowd, [ch]() mutable { ch.Next(); });
  AllPsMeet();
  ch.Close();
  crowd.WaitForTheEnd();
}

TEST(LockOSThread, Lot8_WaitingForAMutexHoldsNoP) {
  Watchdog dog("all Ps meet beside pinned goroutines that wait");
  Mutex mu;
  mu.Lock();
  PinnedCrowd crowd(kCrowd, [&] {
    mu.Lock();
    mu.Unlock();
  });
  AllPsMeet();
  mu.Unlock();
  crowd.WaitForTheEnd();
}

TEST(LockOSThread, Lot8_WaitingForAWaitGroupHoldsNoP) {
  Watchdog dog("all Ps meet beside pinned goroutines that wait");
  WaitGroup release;
  release.Add(1);
  PinnedCrowd crowd(kCrowd, [&] { release.Wait(); });
  AllPsMeet();
  release.Done();
  crowd.WaitForTheEnd();
}

TEST(LockOSThread, Lot8_SleepingHoldsNoP) {
  Watchdog dog("all Ps meet beside pinned goroutines that sleep");
  std::atomic<bool> release{false};
  PinnedCrowd crowd(kCrowd, [&] {
    while (!release) Sleep(milliseconds(2));
  });
  for (int i = 0; i < 10; i++) AllPsMeet();
  release = true;
  crowd.WaitForTheEnd();
}

TEST(LockOSThread, Lot8_BlockingInTheKernelHoldsNoP) {
  Watchdog dog("all Ps meet beside pinned goroutines in the kernel");
  std::atomic<bool> release{false};
  PinnedCrowd crowd(kCrowd, [&] {
    BlockingCall([&] {
      while (!release) ::usleep(500);
    });
  });
  AllPsMeet();
  release = true;
  crowd.WaitForTheEnd();
}

TEST(LockOSThread, Lot8_ManyThatWaitAndSomeThatSpinStopNobody) {
  Watchdog dog("a pair beside pinned goroutines");
  const int procs = GOMAXPROCS();
  Chan<int> never(0);
  std::atomic<bool> stop{false};
  PinnedCrowd waiting(4 * procs + 6, [never]() mutable { never.Next(); });
  PinnedCrowd spinning(procs + 2, [&] {
    while (!stop) {
    }
  });
  Chan<int> ch(0);
  constexpr int kHandoffs = MN_TSAN ? 100 : 1000;
  Go([ch]() mutable {
    for (int i = 0; i < kHandoffs; i++) ch.Send(i);
    ch.Close();
  });
  int got = 0;
  while (ch.Next()) {
    got++;
    dog.Progress();
  }
  EXPECT_EQ(got, kHandoffs);
  stop = true;
  never.Close();
  waiting.WaitForTheEnd();
  spinning.WaitForTheEnd();
}

// ---- Gettid -------------------------------------------------------------

TEST(Gettid, IsTheKernels) {
  RunToItsEnd([] {
    LockOSThread();
    EXPECT_EQ(Gettid(), KernelTid());
    EXPECT_TRUE(ThreadLives(Gettid()));
    UnlockOSThread();
  });
}

TEST(Gettid, DiffersBetweenPinnedGoroutines) {
  Mutex mu;
  std::set<int> tids;
  Chan<int> ch(0);
  PinnedCrowd crowd(kCrowd, [&, ch]() mutable {
    mu.Lock();
    tids.insert(Gettid());
    mu.Unlock();
    ch.Next();
  });
  ch.Close();
  crowd.WaitForTheEnd();
  EXPECT_EQ(tids.size(), static_cast<std::size_t>(kCrowd));
}

}  // namespace
}  // namespace mn
