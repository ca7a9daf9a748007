#include "runtime/sync/waitgroup.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "runtime/mn.h"
#include "runtime/testing/kernel_threads.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

TEST(WaitGroup, WaitOnZeroReturnsAtOnce) {
  WaitGroup wg;
  wg.Wait();
  wg.Add(1);
  wg.Done();
  wg.Wait();
}

// A thread that the runtime does not know may do nothing else.
TEST(WaitGroup, Wg1_WithNobodyWaitingAddAndDoneAreOneAtomicOperation) {
  WaitGroup wg;
  test::OnForeignThread([&] {
    wg.Add(2);
    wg.Done();
    wg.Done();
  });
  wg.Wait();
}

TEST(WaitGroup, Wg3_WaitReturnsAfterTheLastDone) {
  WaitGroup wg;
  std::atomic<int> finished{0};
  wg.Add(3);
  for (int i = 0; i < 3; i++) {
    Go([&] {
      Gosched();
      finished++;
      wg.Done();
    });
  }
  wg.Wait();
  EXPECT_EQ(finished, 3);
}

struct ThrowsWhenCopied {
  ThrowsWhenCopied() = default;
  ThrowsWhenCopied(const ThrowsWhenCopied&) { throw 1; }
  void operator()() {}
};

TEST(WaitGroup, GoOfWhatCannotBeCopiedCountsNothing) {
  WaitGroup wg;
  const ThrowsWhenCopied f;
  EXPECT_THROW(wg.Go(f), int);
  wg.Wait();
}

// Go's TestWaitGroup: two groups as barriers, reused.
TEST(WaitGroup, TwoGroupsMakeABarrier) {
  constexpr int kGoroutines = 16;
  WaitGroup arrive, leave;
  for (int round = 0; round < 8; round++) {
    arrive.Add(kGoroutines);
    leave.Add(kGoroutines);
    Chan<bool> exited(kGoroutines);
    for (int i = 0; i < kGoroutines; i++) {
      Go([&arrive, &leave, exited]() mutable {
        arrive.Done();
        leave.Wait();
        exited.Send(true);
      });
    }
    arrive.Wait();
    for (int i = 0; i < kGoroutines; i++) {
      bool b;
      ASSERT_EQ(exited.TryRecv(b), TryResult::kWouldBlock) << "one left early";
      leave.Done();
    }
    for (int i = 0; i < kGoroutines; i++) exited.Recv();
  }
}

TEST(WaitGroup, Wg2_EveryWaiterIsWoken) {
  constexpr int kWaiters = 50;
  WaitGroup wg, woken;
  wg.Add(1);
  for (int i = 0; i < kWaiters; i++) {
    woken.Go([&] { wg.Wait(); });
  }
  for (int i = 0; i < 100; i++) Gosched();
  wg.Done();
  woken.Wait();
}

// Go's TestWaitGroupRace: a spurious return would show as n < 2.
TEST(WaitGroup, WaitNeverReturnsEarly) {
  for (int i = 0; i < 1000; i++) {
    WaitGroup wg;
    std::atomic<int> n{0};
    wg.Add(1);
    Go([&] {
      n++;
      wg.Done();
    });
    wg.Add(1);
    Go([&] {
      n++;
      wg.Done();
    });
    wg.Wait();
    ASSERT_EQ(n, 2);
  }
}

TEST(WaitGroup, NegativeCounterPanics) {
  WaitGroup wg;
  wg.Add(1);
  wg.Done();
  try {
    wg.Done();
    FAIL() << "no panic";
  } catch (const Panic& p) {
    EXPECT_STREQ(p.what(), "sync: negative WaitGroup counter");
  }
}

TEST(WaitGroup, AddMayBeNegative) {
  WaitGroup wg;
  wg.Add(5);
  wg.Add(-5);
  wg.Wait();
}

TEST(WaitGroup, AddOfMinusManyWakesTheWaiter) {
  WaitGroup wg;
  wg.Add(3);
  Go([&] { wg.Add(-3); });
  wg.Wait();
}

TEST(WaitGroup, GoRunsAndIsWaitedFor) {
  WaitGroup wg;
  int i = 0;
  wg.Go([&] { i++; });
  wg.Wait();
  EXPECT_EQ(i, 1);
}

TEST(WaitGroup, GoTakesAMoveOnlyFunction) {
  WaitGroup wg;
  int got = 0;
  wg.Go([&, p = std::make_unique<int>(7)] { got = *p; });
  wg.Wait();
  EXPECT_EQ(got, 7);
}

TEST(WaitGroup, GoexitCountsAsDone) {
  WaitGroup wg;
  bool after = false;
  wg.Go([&] {
    Goexit();
    after = true;
  });
  wg.Wait();
  EXPECT_FALSE(after);
}

// Everything done before Done is visible after Wait; TSan judges it.
TEST(WaitGroup, WaitSeesWhatWasDone) {
  std::vector<int> written(100);
  WaitGroup wg;
  for (int i = 0; i < 100; i++) {
    wg.Go([&written, i] { written[i] = i; });
  }
  wg.Wait();
  for (int i = 0; i < 100; i++) EXPECT_EQ(written[i], i);
}

// WG-2, WL-1: nobody touches the group once Wait may return. A sanitizer build
// sees the access if it happens.
TEST(WaitGroup, Wg2_Wl1_MayBeDestroyedAsSoonAsWaitReturns) {
  for (int i = 0; i < 2000; i++) {
    auto wg = std::make_unique<WaitGroup>();
    wg->Add(2);
    for (int k = 0; k < 2; k++) Go([g = wg.get()] { g->Done(); });
    wg->Wait();
    wg.reset();
  }
}

MN_PROGRAM(PanicInWaitGroupGo) {
  WaitGroup wg;
  wg.Go([] { throw Panic("boom"); });
  wg.Wait();
  return 0;  // Done was performed: wrong
}

TEST(WaitGroup, AnExceptionInGoEndsTheProcessBeforeDone) {
  EXPECT_TRUE(
      test::Died(test::RunProgram("PanicInWaitGroupGo"), "panic: boom\n"));
}

}  // namespace
}  // namespace mn
