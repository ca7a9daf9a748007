// Sleep: never early, in order, and no sleeper costs a thread.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using test::Died;
using test::Exited;
using test::RunProgram;

std::size_t PendingTimers() {
  std::size_t n = 0;
  for (P* p : Allp()) n += p->timers.Len();
  return n;
}

TEST(Sleep, OfNothingOrLessReturnsAtOnce) {
  // A park would be an endless one: the deadline 0 means none.
  for (std::int64_t ns : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN}) {
    Sleep(nanoseconds(ns));
  }
  EXPECT_EQ(PendingTimers(), 0u);
}

TEST(Sleep, Tim6_NeverEarly) {
  for (std::int64_t ns : {1, 100, 999, 10'000, 1'000'000, 5'000'001}) {
    const std::int64_t before = Nanotime();
    Sleep(nanoseconds(ns));
    EXPECT_GE(Nanotime() - before, ns);
  }
}

TEST(Sleep, Tim6_NeverEarlyWithOthersAwake) {
  std::atomic<bool> stop{false};
  WaitGroup wg;
  for (int i = 0; i < GOMAXPROCS(); i++) {
    wg.Go([&] {
      while (!stop.load()) Gosched();
    });
  }
  for (std::int64_t us = 1; us < 500; us += 50) {
    const std::int64_t before = Nanotime();
    Sleep(microseconds(us));
    EXPECT_GE(Nanotime() - before, us * 1000);
  }
  stop.store(true);
  wg.Wait();
}

TEST(Sleep, ForEverSaturates) {
  Go([] { Sleep(nanoseconds::max()); });
  while (PendingTimers() != 1) Gosched();
  // Not due, now or soon; it stays behind when the process ends.
  Sleep(milliseconds(2));
  EXPECT_EQ(PendingTimers(), 1u);
}

TEST(Sleep, WakesInOrderOfTheDeadlines) {
  // Far enough apart for a slow machine to keep them apart: each waits for the
  // one before it, and says so if it was overtaken.
  std::vector<int> order;
  Mutex mu;
  WaitGroup wg;
  for (int i : {3, 1, 2}) {
    wg.Go([&, i] {
      Sleep(milliseconds(100 * i));
      mu.Lock();
      order.push_back(i);
      mu.Unlock();
    });
  }
  wg.Wait();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

// TIM-4: the poller sleeps until a far deadline when a nearer one is added.
TEST(Sleep, Tim4_AnEarlierDeadlineWakesThePoller) {
  test::Watchdog dog("an earlier timer while the poller sleeps");
  Go([] { Sleep(hours(10)); });
  for (int i = 0; i < 100; i++) {
    Sleep(microseconds(200));  // everybody idle, the poller waits for hours
    const std::int64_t before = Nanotime();
    // This P now goes idle with a deadline that the poller does not know.
    Sleep(microseconds(100 + i));
    EXPECT_GE(Nanotime() - before, 100'000);
    dog.Progress();
  }
}

// The P that has the deadline goes on with a goroutine that does not yield:
// another M has to see to it, and it sleeps until a far deadline.
TEST(Sleep, Tim4_ADeadlineOnAPThatIsBusy) {
  if (GOMAXPROCS() == 1) GTEST_SKIP() << "needs another P";
  test::Watchdog dog("a timer on a busy P");
  Go([] { Sleep(hours(10)); });
  for (int i = 0; i < 50; i++) {
    Sleep(microseconds(200));  // the other one waits in the poller
    std::atomic<bool> woke{false};
    WaitGroup wg;
    wg.Go([&] {
      Sleep(milliseconds(1));
      woke.store(true);
    });
    Gosched();  // it adds its timer here
    while (!woke.load()) test::Spin(microseconds(1));
    wg.Wait();
    dog.Progress();
  }
}

// The deadline is added while another M is polling for a far one and this P is
// then handed off by a blocking call.
TEST(Sleep, Tim4_ADeadlineOnAPThatIsHandedOff) {
  test::Watchdog dog("a timer on a P that was handed off");
  Go([] { Sleep(hours(10)); });
  for (int i = 0; i < 50; i++) {
    std::atomic<bool> woke{false};
    WaitGroup wg;
    wg.Go([&] {
      Sleep(milliseconds(1));
      woke.store(true);
    });
    Gosched();
    BlockingCall([&] {
      while (!woke.load()) test::Spin(microseconds(10));
    });
    wg.Wait();
    dog.Progress();
  }
}

TEST(Sleep, TenThousandSleepers) {
  const int n = MN_TSAN ? 300 : 10'000;
  test::Watchdog dog("10 000 sleepers");
  std::atomic<int> early{0};
  std::atomic<int> woken{0};
  WaitGroup wg;
  for (int i = 0; i < n; i++) {
    wg.Go([&, us = i % 1000 * 50] {
      const std::int64_t before = Nanotime();
      Sleep(microseconds(us));
      if (Nanotime() - before < us * 1000) early.fetch_add(1);
      woken.fetch_add(1);
      dog.Progress();
    });
  }
  wg.Wait();
  EXPECT_EQ(woken.load(), n);
  EXPECT_EQ(early.load(), 0);
}

MN_PROGRAM(AThousandSleepers) {
  WaitGroup wg;
  for (int i = 0; i < 1000; i++) {
    wg.Go([] { Sleep(milliseconds(300)); });
  }
  wg.Wait();
  return 0;
}

TEST(Sleep, SleepersCostNoThreads) {
  const test::ProcessResult r =
      RunProgram("AThousandSleepers", {.env = {{"GOMAXPROCS", "2"}}});
  EXPECT_TRUE(Exited(r, 0));
  // 2 Ps, one M in netpoll, one on its way; a sanitizer may add one.
  EXPECT_LE(r.max_threads, 6);
}

MN_PROGRAM(SleepsAlone) {
  Sleep(milliseconds(50));
  return 7;
}

TEST(Sleep, Dlk1_IsNoDeadlock) {
  EXPECT_TRUE(Exited(RunProgram("SleepsAlone", test::SamePs()), 7));
}

MN_PROGRAM(DeadlockAfterTheLastSleep) {
  Go([] { Sleep(milliseconds(20)); });
  Chan<int>().Recv();
  return 0;
}

TEST(Sleep, Dlk1_IsADeadlockOnceTheLastSleeperIsGone) {
  EXPECT_TRUE(Died(RunProgram("DeadlockAfterTheLastSleep", test::SamePs()),
                   "fatal error: all goroutines are asleep - deadlock!"));
}

MN_BARE_PROGRAM(SleepsOutside) {
  Sleep(milliseconds(1));
  return 0;
}

TEST(Sleep, OutsideAGoroutineSaysSo) {
  EXPECT_TRUE(Died(RunProgram("SleepsOutside"),
                   "runtime: mn::Sleep was called outside a goroutine"));
}

}  // namespace
}  // namespace mn
