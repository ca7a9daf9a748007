// BlockingCall: the thread blocks, and its P is handed off before.
#include <errno.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "runtime/core/getg.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/syscall.h"
#include "runtime/testing/pipe.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using test::Died;
using test::Exited;
using test::Pipe;
using test::RunProgram;
using test::SamePs;

TEST(BlockingCall, ReturnsWhatFReturns) {
  EXPECT_EQ(BlockingCall([] { return 42; }), 42);
  EXPECT_EQ(BlockingCall([] { return std::string("text"); }), "text");
  EXPECT_EQ(*BlockingCall([] { return std::make_unique<int>(3); }), 3);
  int x = 0;
  int& r = BlockingCall([&]() -> int& { return x; });
  EXPECT_EQ(&r, &x);
}

TEST(BlockingCall, TakesAFunctionThatReturnsNothing) {
  bool ran = false;
  BlockingCall([&] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(BlockingCall, TakesAMoveOnlyFunction) {
  EXPECT_EQ(BlockingCall([p = std::make_unique<int>(5)] { return *p; }), 5);
}

TEST(BlockingCall, AnExceptionPassesThrough) {
  std::string what;
  try {
    BlockingCall([] { throw std::runtime_error("from inside"); });
  } catch (const std::runtime_error& e) {
    what = e.what();
  }
  EXPECT_EQ(what, "from inside");
  // The P is back: the runtime can be used.
  Chan<int> ch(0);
  Go([ch]() mutable { ch.Send(1); });
  EXPECT_EQ(ch.Recv(), 1);
}

TEST(BlockingCall, AnExceptionIsThrownAndCaughtInside) {
  EXPECT_EQ(BlockingCall([] {
              try {
                throw 7;
              } catch (int i) {
                return i;
              }
            }),
            7);
}

TEST(BlockingCall, FindsItselfInSyscallStateInside) {
  G* gp = getg();
  EXPECT_EQ(BlockingCall([gp] { return gp->status.load(); }),
            GStatus::kSyscall);
  EXPECT_EQ(gp->status.load(), GStatus::kRunning);
}

TEST(BlockingCall, ErrnoCanBeReadInside) {
  EXPECT_EQ(BlockingCall([] { return ::close(-1) == 0 ? 0 : errno; }), EBADF);
}

// Runs with GOMAXPROCS=1 too: the only P goes to another thread.
TEST(BlockingCall, Sys1_OthersGoOnMeanwhile) {
  Pipe pipe;
  Chan<int> ch(0);
  Go([&, ch]() mutable {
    // The reader needs this goroutine to go on.
    ch.Send(1);
    pipe.Write('x');
  });
  Go([ch]() mutable { ch.Recv(); });
  EXPECT_EQ(BlockingCall([&] { return pipe.Read(); }), 'x');
}

TEST(BlockingCall, Sys1_AGoroutineThatWasReadyBeforehandGoesOn) {
  Pipe pipe;
  Go([&] { pipe.Write('y'); });  // in runnext of the P that is handed off
  EXPECT_EQ(BlockingCall([&] { return pipe.Read(); }), 'y');
}

TEST(BlockingCall, Sys1_SleepersWakeMeanwhile) {
  Pipe pipe;
  Go([&] {
    Sleep(std::chrono::milliseconds(2));
    pipe.Write('z');
  });
  EXPECT_EQ(BlockingCall([&] { return pipe.Read(); }), 'z');
}

TEST(BlockingCall, Sys1_ManyAtOnceEachOnItsOwnThread) {
  constexpr int kCalls = 100;
  test::Watchdog dog("100 blocking calls");
  Pipe pipe;
  std::atomic<int> inside{0};
  std::atomic<int> read{0};
  WaitGroup wg;
  for (int i = 0; i < kCalls; i++) {
    wg.Go([&] {
      BlockingCall([&] {
        inside.fetch_add(1);
        if (pipe.Read() == 'a') read.fetch_add(1);
      });
    });
  }
  while (inside.load() != kCalls) Gosched();  // they all block at once
  for (int i = 0; i < kCalls; i++) pipe.Write('a');
  wg.Wait();
  EXPECT_EQ(read.load(), kCalls);
}

// More goroutines come back than there are Ps: they join the global queue.
int ComeBackWhileAllPsAreBusy() {
  Pipe pipe;
  std::atomic<int> inside{0};
  std::atomic<int> back{0};
  const int kCalls = 4 * GOMAXPROCS();
  WaitGroup wg;
  for (int i = 0; i < kCalls; i++) {
    wg.Go([&] {
      BlockingCall([&] {
        inside.fetch_add(1);
        pipe.Read();
      });
      back.fetch_add(1);
    });
  }
  while (inside.load() != kCalls) Gosched();
  // Every P is held by somebody who does not yield while they come back.
  std::atomic<bool> release{false};
  std::atomic<int> holding{0};
  for (int i = 1; i < GOMAXPROCS(); i++) {
    wg.Go([&] {
      holding.fetch_add(1);
      while (!release.load()) {
      }
    });
  }
  while (holding.load() != GOMAXPROCS() - 1) Gosched();
  for (int i = 0; i < kCalls; i++) pipe.Write('b');
  while (sched.runqsize.load() != kCalls) {
  }
  const bool all_queued = back.load() == 0;
  release.store(true);
  wg.Wait();
  return all_queued && back.load() == kCalls ? 0 : 1;
}

// Without preemption, which would give them the busy Ps.
MN_PROGRAM(ComesBackWhileAllPsAreBusy) { return ComeBackWhileAllPsAreBusy(); }

TEST(BlockingCall, Sys4_WithoutAFreePTheyQueue) {
  test::ProcessOptions options = SamePs();
  options.env.push_back({"GODEBUG", "asyncpreemptoff=1"});
  EXPECT_TRUE(Exited(RunProgram("ComesBackWhileAllPsAreBusy", options), 0));
}

MN_PROGRAM(OnlyABlockingCall) {
  BlockingCall([] { ::usleep(100'000); });
  return 3;
}

TEST(BlockingCall, Dlk1_IsNoDeadlockWhileACallBlocks) {
  EXPECT_TRUE(Exited(RunProgram("OnlyABlockingCall", SamePs()), 3));
}

MN_PROGRAM(MainWaitsForABlockingCall) {
  Chan<int> ch(0);
  Go([ch]() mutable {
    BlockingCall([] { ::usleep(100'000); });
    ch.Send(4);
  });
  return ch.Recv();
}

TEST(BlockingCall, Dlk1_IsNoDeadlockWhileMainWaitsForACall) {
  EXPECT_TRUE(Exited(RunProgram("MainWaitsForABlockingCall", SamePs()), 4));
}

MN_PROGRAM(DeadlockAfterABlockingCall) {
  BlockingCall([] { ::usleep(1000); });
  Chan<int>().Recv();
  return 0;
}

TEST(BlockingCall, Dlk1_IsADeadlockOnceTheCallIsOver) {
  EXPECT_TRUE(Died(RunProgram("DeadlockAfterABlockingCall", SamePs()),
                   "fatal error: all goroutines are asleep - deadlock!"));
}

MN_BARE_PROGRAM(BlocksOutside) {
  BlockingCall([] {});
  return 0;
}

TEST(BlockingCall, OutsideAGoroutineSaysSo) {
  EXPECT_TRUE(Died(RunProgram("BlocksOutside"),
                   "runtime: mn::BlockingCall was called outside a goroutine"));
}

MN_PROGRAM(CallsTheRuntimeInside) {
  Chan<int> ch(1);
  BlockingCall([&] { ch.Send(1); });
  return 0;
}

TEST(BlockingCall, TheRuntimeCalledInsideSaysSo) {
  EXPECT_TRUE(Died(
      RunProgram("CallsTheRuntimeInside", SamePs()),
      "runtime: Chan::Send was called inside mn::Syscall, mn::BlockingCall"));
}

MN_PROGRAM(BlocksInside) {
  BlockingCall([] { BlockingCall([] {}); });
  return 0;
}

TEST(BlockingCall, OneInsideAnotherSaysSo) {
  EXPECT_TRUE(Died(RunProgram("BlocksInside", SamePs()),
                   "runtime: mn::BlockingCall was called inside mn::Syscall, "
                   "mn::BlockingCall"));
}

}  // namespace
}  // namespace mn
