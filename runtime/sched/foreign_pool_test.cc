// ForeignPool: foreign calls that take turns.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <vector>

#include "runtime/base/sanitizer.h"
#include "runtime/core/sched.h"
#include "runtime/foreign.h"
#include "runtime/mn.h"
#include "runtime/testing/kernel_threads.h"
#include "runtime/testing/park_calls.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using test::AwaitParked;
using test::BlockUntil;
using test::Exited;
using test::kCooperative;
using test::OnProcs;
using test::ProcessResult;
using test::RunProgram;

// Calls that block until the test says so.
class Gate {
 public:
  void Pass() {
    entered_++;
    BlockUntil(open_);
  }
  void WaitFor(int entered) {
    while (entered_ != entered) Gosched();
  }
  void Open() { open_ = true; }
  int Entered() const { return entered_; }

 private:
  std::atomic<int> entered_{0};
  std::atomic<bool> open_{false};
};

void WaitUntilWaiting(const ForeignPool& pool, int n) {
  while (pool.Waiting() != n) Gosched();
}

MN_PROGRAM(PoolOfEight) {
  ForeignPool pool(8);
  const int calls = 1000 / (MN_TSAN ? 5 : 1);
  std::atomic<int> inside{0}, peak{0}, done{0};
  WaitGroup wg;
  for (int i = 0; i < calls; i++) {
    wg.Go([&] {
      pool.Call([&] {
        const int n = ++inside;
        int old = peak;
        while (old < n && !peak.compare_exchange_weak(old, n)) {
        }
        // The first eight meet: the pool is used to its limit.
        if (done == 0) {
          while (peak < 8) ::usleep(100);
        }
        ::usleep(100);  // the work, which C would do
        inside--;
        done++;
      });
    });
  }
  wg.Wait();
  MUST(done == calls);
  MUST(peak == 8);
  MUST(NumThreads() >= 8);
  return 16;
}

TEST(ForeignPool, Cgo4_BoundsTheThreadsOfAThousandCalls) {
  for (int procs : {1, 2, 4}) {
    const ProcessResult r =
        RunProgram("PoolOfEight", OnProcs(procs, kCooperative));
    EXPECT_TRUE(Exited(r, 16));
    // Who looks for work, who comes back, sysmon, TSan's own.
    EXPECT_LE(r.max_threads, 8 + procs + 4);
  }
}

TEST(ForeignPool, ReturnsWhatFReturns) {
  ForeignPool pool(2);
  EXPECT_EQ(pool.Call([] { return 42; }), 42);
  EXPECT_EQ(*pool.Call([] { return std::make_unique<int>(3); }), 3);
}

TEST(ForeignPool, ALimitBelowOneIsOne) {
  for (int limit : {0, -5}) {
    ForeignPool pool(limit);
    Gate gate;
    WaitGroup wg;
    for (int i = 0; i < 3; i++) {
      wg.Go([&] { pool.Call([&] { gate.Pass(); }); });
    }
    gate.WaitFor(1);
    WaitUntilWaiting(pool, 2);
    EXPECT_EQ(pool.Running(), 1);
    gate.Open();
    wg.Wait();
    EXPECT_EQ(gate.Entered(), 3);
  }
}

TEST(ForeignPool, CountsWhoRunsAndWhoWaits) {
  ForeignPool pool(3);
  EXPECT_EQ(pool.Running(), 0);
  EXPECT_EQ(pool.Waiting(), 0);
  Gate gate;
  WaitGroup wg;
  for (int i = 0; i < 5; i++) {
    wg.Go([&] { pool.Call([&] { gate.Pass(); }); });
  }
  gate.WaitFor(3);
  WaitUntilWaiting(pool, 2);
  EXPECT_EQ(pool.Running(), 3);
  gate.Open();
  wg.Wait();
  EXPECT_EQ(pool.Running(), 0);
  EXPECT_EQ(pool.Waiting(), 0);
}

TEST(ForeignPool, WaitingTakesNoThread) {
  ForeignPool pool(1);
  Gate gate;
  WaitGroup wg;
  constexpr int kCalls = 50;
  for (int i = 0; i < kCalls; i++) {
    wg.Go([&] { pool.Call([&] { gate.Pass(); }); });
  }
  gate.WaitFor(1);
  test::Watchdog dog("calls that wait for their turn without a thread");
  AwaitParked(kCalls - 1, WaitReason::kSemacquire);
  EXPECT_LT(NumThreads(), kCalls);
  gate.Open();
  wg.Wait();
}

TEST(ForeignPool, TurnsAreInOrder) {
  ForeignPool pool(1);
  Gate gate;
  WaitGroup wg;
  wg.Go([&] { pool.Call([&] { gate.Pass(); }); });
  gate.WaitFor(1);
  std::vector<int> order, expected;  // one at a time
  for (int i = 0; i < 10; i++) {
    wg.Go([&, i] { pool.Call([&, i] { order.push_back(i); }); });
    WaitUntilWaiting(pool, i + 1);
    expected.push_back(i);
  }
  gate.Open();
  wg.Wait();
  EXPECT_EQ(order, expected);
}

TEST(ForeignPool, AnExceptionEndsTheTurn) {
  ForeignPool pool(1);
  for (int i = 0; i < 3; i++) {
    bool caught = false;
    try {
      pool.Call([] { throw std::runtime_error("x"); });
    } catch (const std::runtime_error&) {
      caught = true;
    }
    EXPECT_TRUE(caught);
    EXPECT_EQ(pool.Running(), 0);
  }
  EXPECT_EQ(pool.Call([] { return 1; }), 1);
}

TEST(ForeignPool, AnExceptionPassesTheTurnOn) {
  ForeignPool pool(1);
  Gate gate;
  bool caught = false;
  int second = 0;
  WaitGroup wg;
  wg.Go([&] {
    try {
      pool.Call([&] {
        gate.Pass();
        throw 1;
      });
    } catch (int) {
      caught = true;
    }
  });
  gate.WaitFor(1);
  wg.Go([&] { second = pool.Call([] { return 2; }); });
  WaitUntilWaiting(pool, 1);
  gate.Open();
  wg.Wait();
  EXPECT_TRUE(caught);
  EXPECT_EQ(second, 2);
}

TEST(ForeignPool, Cgo5_AQueuedCallCanBeCancelled) {
  ForeignPool pool(1);
  Gate gate;
  std::stop_source stop;
  bool ran = false, returned = true;
  WaitGroup holder, queued;
  holder.Go([&] { pool.Call([&] { gate.Pass(); }); });
  gate.WaitFor(1);
  queued.Go(
      [&] { returned = pool.Call(stop.get_token(), [&] { ran = true; }); });
  WaitUntilWaiting(pool, 1);
  stop.request_stop();
  queued.Wait();  // while the other call still runs
  EXPECT_EQ(pool.Running(), 1);
  EXPECT_EQ(pool.Waiting(), 0);
  EXPECT_FALSE(returned);
  EXPECT_FALSE(ran);
  gate.Open();
  holder.Wait();
  EXPECT_EQ(pool.Running(), 0);
}

TEST(ForeignPool, Cgo5_ACallWithAStopRequestedDoesNotWait) {
  ForeignPool pool(1);
  Gate gate;
  std::stop_source stop;
  stop.request_stop();
  WaitGroup wg;
  wg.Go([&] { pool.Call([&] { gate.Pass(); }); });
  gate.WaitFor(1);
  EXPECT_FALSE(pool.Call(stop.get_token(), [] {}));
  gate.Open();
  wg.Wait();
}

TEST(ForeignPool, Cgo5_ARunningCallCannotBeCancelled) {
  ForeignPool pool(1);
  Gate gate;
  std::stop_source stop;
  bool finished = false, returned = false;
  WaitGroup wg;
  wg.Go([&] {
    returned = pool.Call(stop.get_token(), [&] {
      gate.Pass();
      finished = true;
    });
  });
  gate.WaitFor(1);
  stop.request_stop();
  EXPECT_EQ(pool.Running(), 1);
  gate.Open();
  wg.Wait();
  EXPECT_TRUE(finished);
  EXPECT_TRUE(returned);
}

TEST(ForeignPool, Cgo5_TheOthersKeepTheirOrderWhenOneIsCancelled) {
  ForeignPool pool(1);
  Gate gate;
  std::stop_source stop;
  std::vector<int> order;
  WaitGroup wg;
  wg.Go([&] { pool.Call([&] { gate.Pass(); }); });
  gate.WaitFor(1);
  for (int i = 0; i < 5; i++) {
    wg.Go([&, i] {
      pool.Call(i == 2 ? stop.get_token() : std::stop_token{},
                [&, i] { order.push_back(i); });
    });
    // Parked, not only in the queue: can be cancelled.
    AwaitParked(i + 1, WaitReason::kSemacquire);
  }
  stop.request_stop();
  EXPECT_EQ(pool.Waiting(), 4);
  gate.Open();
  wg.Wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 3, 4}));
}

// Entries into the kernel or C, of all Ps together.
std::uint32_t Entries() {
  std::uint32_t n = 0;
  for (const P* p : Allp()) n += p->syscalltick.load();
  return n;
}

TEST(ForeignPool, ABatchIsOneCall) {
  ForeignPool pool(1);
  std::vector<int> items(100);
  for (int i = 0; i < 100; i++) items[static_cast<std::size_t>(i)] = i;
  std::vector<int> seen;
  const std::uint32_t before = Entries();
  pool.Batch(items.begin(), items.end(), [&](int i) { seen.push_back(i); });
  EXPECT_EQ(Entries() - before, 1u);
  EXPECT_EQ(seen, items);
  EXPECT_EQ(pool.Running(), 0);
}

TEST(ForeignPool, ABatchEndsAtTheFirstException) {
  ForeignPool pool(1);
  const std::vector<int> items = {1, 2, 3};
  int seen = 0;
  try {
    pool.Batch(items.begin(), items.end(), [&](int i) {
      if (i == 2) throw i;
      seen++;
    });
  } catch (int) {
  }
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(pool.Running(), 0);
}

}  // namespace
}  // namespace mn
