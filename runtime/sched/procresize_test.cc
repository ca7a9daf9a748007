// GOMAXPROCS(n): the number of Ps changes under running goroutines, timers and
// system calls.
#include "runtime/sched/procresize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "runtime/core/getg.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/sched/preempt_signal.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/stw.h"
#include "runtime/testing/bare_program.h"
#include "runtime/testing/needs.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"
#include "runtime/testing/threads.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using test::Died;
using test::Exited;
using test::ProcessResult;
using test::RunProgram;
using ::testing::StartsWith;

// The number of Ps is as before when the test ends.
class Gomaxprocs : public ::testing::Test {
 protected:
  void TearDown() override { GOMAXPROCS(before_); }
  test::Watchdog dog_{"GOMAXPROCS"};

 private:
  const int before_ = GOMAXPROCS();
};

TEST_F(Gomaxprocs, ReturnsTheOldNumberAndSetsTheNew) {
  GOMAXPROCS(3);
  EXPECT_EQ(GOMAXPROCS(5), 3);
  EXPECT_EQ(GOMAXPROCS(), 5);
  EXPECT_EQ(GOMAXPROCS(1), 5);
  EXPECT_EQ(GOMAXPROCS(), 1);
}

TEST_F(Gomaxprocs, Gmp5_ZeroAndLessOnlyRead) {
  GOMAXPROCS(3);
  for (const int n : {0, -1, -1000, INT32_MIN}) {
    EXPECT_EQ(GOMAXPROCS(n), 3);
    EXPECT_EQ(GOMAXPROCS(), 3);
  }
}

TEST_F(Gomaxprocs, SoManyGoroutinesExecuteAtOnce) {
  for (const int n : {4, 2, 7, 1}) {
    GOMAXPROCS(n);
    std::atomic<int> arrived{0};
    WaitGroup wg;
    for (int i = 0; i < n; i++) {
      wg.Go([&] {
        arrived++;
        while (arrived < n) {
        }
      });
    }
    wg.Wait();
  }
}

// One goroutine on each of n Ps, which do not park until all have arrived; each
// then runs f(i).
template <class F>
void OnEachP(int n, WaitGroup& wg, F f) {
  auto* arrived = new std::atomic<int>(0);
  auto* left = new std::atomic<int>(n);
  for (int i = 0; i < n; i++) {
    wg.Go([=]() mutable {
      arrived->fetch_add(1);
      while (arrived->load() < n) {
      }
      if (left->fetch_sub(1) == 1) {
        delete arrived;
        delete left;
      }
      f(i);
    });
  }
}

int QueuedBeyondP0() {
  int n = 0;
  for (const P* p : Allp()) {
    if (p->id != 0 && !RunqEmpty(p->runq)) n++;
  }
  return n;
}

TEST_F(Gomaxprocs, Gmp1_RunnableGoroutinesOfRemovedPsSurvive) {
  int with_queue = 0;
  for (int tries = 0; with_queue == 0 && tries < 20; tries++) {
    constexpr int kProcs = 4, kEach = 100;
    GOMAXPROCS(kProcs);
    std::atomic<int> spawned{0}, ran{0};
    std::atomic<bool> stop{false};
    WaitGroup wg;
    OnEachP(kProcs - 1, wg, [&](int) {
      for (int k = 0; k < kEach; k++) wg.Go([&] { ran++; });
      spawned++;
      while (!stop) {  // so that they stay queued behind this one
      }
    });
    while (spawned < kProcs - 1) Gosched();
    with_queue = QueuedBeyondP0();
    GOMAXPROCS(1);
    EXPECT_EQ(GOMAXPROCS(), 1);
    stop = true;
    wg.Wait();
    EXPECT_EQ(ran, (kProcs - 1) * kEach);
  }
  EXPECT_GT(with_queue, 0) << "nothing was queued on the Ps that went";
}

int PsWithTimers() {
  int n = 0;
  for (const P* p : Allp()) n += p->timers.NextWhen() != 0 ? 1 : 0;
  return n;
}

TEST_F(Gomaxprocs, Gmp3_TimersOfRemovedPsFire) {
  int ps_with_timers = 0;
  for (int tries = 0; ps_with_timers < 2 && tries < 20; tries++) {
    constexpr int kProcs = 6;
    GOMAXPROCS(kProcs);
    std::atomic<int> asleep{0}, woke{0};
    WaitGroup wg;
    OnEachP(kProcs, wg, [&](int) {
      asleep++;
      const std::int64_t before = Nanotime();
      Sleep(milliseconds(100));
      EXPECT_GE(Nanotime() - before, 100'000'000);
      woke++;
    });
    while (asleep < kProcs) Gosched();
    ps_with_timers = PsWithTimers();
    GOMAXPROCS(1);
    wg.Wait();
    EXPECT_EQ(woke, kProcs);
  }
  EXPECT_GE(ps_with_timers, 2) << "all timers were on one P";
}

TEST_F(Gomaxprocs, Gmp4_GoroutinesInSystemCallsComeBackAlthoughTheirPIsGone) {
  constexpr int kCalls = 6;
  GOMAXPROCS(kCalls);
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  std::atomic<int> inside{0}, back{0};
  WaitGroup wg;
  for (int i = 0; i < kCalls; i++) {
    wg.Go([&, i] {
      const auto call = [&] {
        inside++;
        char c;
        EXPECT_EQ(::read(fds[0], &c, 1), 1);
      };
      i % 2 == 0 ? Syscall(call) : BlockingCall(call);
      back++;
    });
  }
  while (inside < kCalls) Gosched();
  GOMAXPROCS(1);
  EXPECT_EQ(back, 0);
  EXPECT_EQ(::write(fds[1], "abcdef", kCalls), kCalls);
  wg.Wait();
  EXPECT_EQ(back, kCalls);
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST_F(Gomaxprocs, Gmp4_AGoroutineComesBackToMorePsThanItLeft) {
  GOMAXPROCS(1);
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  std::atomic<bool> inside{false};
  WaitGroup wg;
  wg.Go([&] {
    Syscall([&] {
      inside = true;
      char c;
      EXPECT_EQ(::read(fds[0], &c, 1), 1);
    });
  });
  while (!inside) Gosched();
  GOMAXPROCS(4);
  EXPECT_EQ(::write(fds[1], "x", 1), 1);
  wg.Wait();
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST_F(Gomaxprocs, Lot2_APinnedGoroutineKeepsItsThread) {
  GOMAXPROCS(4);
  std::atomic<bool> stop{false};
  std::atomic<int> rounds{0};
  WaitGroup wg;
  wg.Go([&] {
    LockOSThread();
    const int tid = Gettid();
    while (!stop) {
      Gosched();
      EXPECT_EQ(Gettid(), tid);
      rounds++;
    }
    UnlockOSThread();
  });
  for (const int n : {1, 3, 2, 4, 1, 4}) {
    GOMAXPROCS(n);
    for (const int before = rounds; rounds < before + 3;) Gosched();
  }
  stop = true;
  wg.Wait();
}

// GMP-2, as whoever changes the number sees it.
TEST_F(Gomaxprocs, Gmp2_NothingRunsWhileTheWorldIsStopped) {
  if (CurrentPreemptMode() != PreemptMode::kStop) {
    GTEST_SKIP() << "a detached goroutine runs on until its next call";
  }
  GOMAXPROCS(4);
  std::atomic<bool> stop{false};
  std::atomic<long> turns{0};
  WaitGroup wg;
  for (int i = 0; i < 8; i++) {
    wg.Go([&, i] {
      while (!stop) {
        turns++;
        if (i % 2 == 0) {
          Gosched();
        } else {
          Sleep(std::chrono::microseconds(10));
        }
      }
    });
  }
  for (int round = 0; round < 20; round++) {
    for (const long before = turns; turns < before + 100;) Gosched();
    ParkingCall call("test");
    StopTheWorld();
    const long stopped = turns;
    test::Spin(milliseconds(1));
    EXPECT_EQ(turns, stopped);
    StartTheWorld(getm());
  }
  stop = true;
  wg.Wait();
}

TEST_F(Gomaxprocs, Gmp2_ConcurrentCallsAllReturn) {
  constexpr int kCallers = 16;
  const int calls = 50 / test::kSlowdown + 2;
  std::atomic<int> returned{0};
  WaitGroup wg;
  for (int i = 0; i < kCallers; i++) {
    wg.Go([&, rng = test::MakeRng()]() mutable {
      for (int k = 0; k < calls; k++) {
        const int before = GOMAXPROCS(1 + static_cast<int>(rng() % 8));
        if (before >= 1) returned++;
        dog_.Progress();
      }
    });
  }
  wg.Wait();
  EXPECT_EQ(returned, kCallers * calls);
  EXPECT_GE(GOMAXPROCS(), 1);
  EXPECT_LE(GOMAXPROCS(), 8);
}

// SCH-11: six Ps, five of which hold loops, stop and start again ten times.
TEST_F(Gomaxprocs, Sch11_TheWorldStopsAlthoughFivePsHoldLoops) {
  MN_NEEDS_ASYNC_SIGNALS();
  GOMAXPROCS(6);
  std::atomic<bool> stop{false};
  std::atomic<int> started{0};
  WaitGroup wg;
  for (int i = 0; i < 5; i++) {
    wg.Go([&] {
      started++;
      while (!stop.load(std::memory_order_relaxed)) {
      }
    });
  }
  while (started < 5) Gosched();
  for (int i = 0; i < 10; i++) {
    Gosched();
    GOMAXPROCS(6 + i % 2);
  }
  stop = true;
  wg.Wait();
}

// SCH-23
TEST_F(Gomaxprocs, Gmp2_WhatTheStopInterruptsGoesOnWithItsPOnItsThread) {
  if (CurrentPreemptMode() != PreemptMode::kStop) {
    GTEST_SKIP() << "a detached goroutine looks for a P at its next call";
  }
  constexpr int kLoops = 3;
  GOMAXPROCS(kLoops + 1);
  std::atomic<bool> stop{false};
  struct alignas(64) Loop {
    std::atomic<const G*> g{nullptr};
    std::atomic<long> turns{0};
    std::atomic<int> tid{0};
    const P* p = nullptr;
    std::uint32_t schedtick = 0;
  };
  std::array<Loop, kLoops> loops;
  WaitGroup wg;
  for (Loop& loop : loops) {
    wg.Go([&] {
      loop.tid = Gettid();
      loop.g = getg();
      while (!stop) loop.turns++;
      EXPECT_EQ(Gettid(), loop.tid);
    });
  }
  for (Loop& loop : loops) {
    while (loop.g == nullptr) Gosched();
  }
  // One may have been asked to give way while the others had no P yet; then
  // that, and what follows from it, comes first.
  for (int in_a_row = 0; in_a_row < 5;) {
    ParkingCall call("test");
    const P* mine = getp();
    StopTheWorld();
    int as_before = 0;
    for (P* p : Allp()) {
      for (Loop& loop : loops) {
        if (p->runq.runnext.load() != loop.g) continue;
        as_before += p == loop.p && p->schedtick == loop.schedtick;
        loop.p = p;
        loop.schedtick = p->schedtick;
      }
    }
    in_a_row = as_before == kLoops ? in_a_row + 1 : 0;
    StartTheWorld(getm());
    EXPECT_EQ(getp(), mine);
    for (Loop& loop : loops) {
      for (const long before = loop.turns; loop.turns == before;) {
      }
    }
  }
  stop = true;
  wg.Wait();
}

TEST_F(Gomaxprocs, Gmp2_ACallerWhoseSliceEndsInTheStoppedWorldGivesWayAfterIt) {
  GOMAXPROCS(1);
  WaitGroup wg;
  {
    ParkingCall call("test");
    wg.Go([] {});
    const P* mine = getp();
    EXPECT_FALSE(RunqEmpty(mine->runq)) << "somebody waits";
    StopTheWorld();
    while (!mine->preempt) {
    }
    StartTheWorld(getm());
    EXPECT_TRUE(PreemptPending());
  }
  wg.Wait();
}

// The caller never parks: what waits behind it, and what waits behind a loop
// that is interrupted every time and keeps its place, both depend on slices.
TEST_F(Gomaxprocs, Gmp2_StoppingAgainAndAgainStarvesNobody) {
  MN_NEEDS_ASYNC_SIGNALS();
  GOMAXPROCS(2);
  std::atomic<bool> stop{false};
  std::array<std::atomic<long>, 3> turns{};
  WaitGroup wg;
  for (std::atomic<long>& mine : turns) {
    wg.Go([&] {
      while (!stop.load(std::memory_order_relaxed)) {
        mine.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  for (int round = 0; round < 4; round++) {
    for (std::atomic<long>& mine : turns) {
      for (const long before = mine; mine == before;) GOMAXPROCS(2);
    }
  }
  stop = true;
  wg.Wait();
}

// The world is stopped by a thread without a P, as sysmon does when the CPU
// limit has changed.
TEST_F(Gomaxprocs, Gmp3_ATimerThatFallsDueInAStoppedWorldFires) {
  MN_NEEDS_ASYNC_SIGNALS();
  std::atomic<bool> done{false}, awake{true}, fell_due{false};
  WaitGroup wg;
  wg.Go([&] {
    BlockingCall([&] {
      for (; !done; ::usleep(100)) {
        if (awake || sched.poll_until == 0 || !TryStopTheWorld()) continue;
        // Until whoever waits for the timer has looked for a P in vain.
        sched.needspinning = 0;
        if (sched.poll_until != 0) {
          while (sched.needspinning == 0) ::usleep(100);
          fell_due = true;
        }
        StartTheWorld(nullptr);
        test::BlockUntil(awake);
      }
    });
  });
  wg.Go([&] {
    // For longer each time: on a busy machine it takes a while to stop a loop.
    for (milliseconds d(20); !fell_due; d *= 2) {
      awake = false;
      Sleep(d);
      awake = true;
      dog_.Progress();
    }
    done = true;
  });
  // Nobody comes by the scheduler on P 0: only P 1's thread can help.
  {
    RuntimeCall call("test");  // is not stopped in between
    GOMAXPROCS(1);
    GOMAXPROCS(2);
    EXPECT_EQ(getp()->id, 0);
  }
  while (!done.load(std::memory_order_relaxed)) {
  }
  wg.Wait();
}

// Whatever is interrupted, the one in runnext runs before it.
TEST_F(Gomaxprocs, Gmp2_WhoIsNextInLineStaysNext) {
  if (CurrentPreemptMode() != PreemptMode::kStop) {
    GTEST_SKIP() << "a detached goroutine has no place in the line";
  }
  GOMAXPROCS(1);
  std::atomic<bool> ready{false}, ran{false};
  std::atomic<long> spins{0}, spins_at_stop{-1};
  WaitGroup wg;
  // Before the caller in the global queue, which is first now and then.
  wg.Go([&] {
    while (!ran.load(std::memory_order_relaxed)) {
    }
  });
  wg.Go([&] {
    BlockingCall([&] {
      while (!ready) {
      }
      while (!TryStopTheWorld()) {
      }
      spins_at_stop = spins.load();
      StartTheWorld(nullptr);
      test::BlockUntil(ran);
    });
  });
  Gosched();
  wg.Go([&] {
    // -1: the slice was over before the world was stopped.
    EXPECT_THAT(spins_at_stop.load(), ::testing::AnyOf(-1, spins.load()));
    ran = true;
  });
  ready = true;
  while (!ran.load(std::memory_order_relaxed)) {
    spins.fetch_add(1, std::memory_order_relaxed);
  }
  wg.Wait();
}

TEST_F(Gomaxprocs, NoGoroutineIsCountedTwiceOrForgotten) {
  while (NumGoroutine() != 1) Gosched();  // of the tests before
  Chan<int> ch(0);
  for (int i = 0; i < 50; i++) Go([ch]() mutable { ch.Recv(); });
  for (const int n : {8, 1, 5, 2}) {
    GOMAXPROCS(n);
    EXPECT_EQ(NumGoroutine(), 51);
  }
  for (int i = 0; i < 50; i++) ch.Send(0);
  while (NumGoroutine() != 1) Gosched();
}

MN_BARE_PROGRAM(CountsBeforeMain) {
  return NumGoroutine() + GOMAXPROCS() + NumCPU();
}

TEST(GomaxprocsEnvironment, NothingIsThereBeforeMain) {
  EXPECT_TRUE(Exited(RunProgram("CountsBeforeMain"), 0));
}

// ---- what decides the number ------------------------------------------------

TEST_F(Gomaxprocs, ACallMakesTheNumberCustomAndSetDefaultUndoesIt) {
  SetDefaultGOMAXPROCS();
  EXPECT_FALSE(GomaxprocsIsCustom());
  const int standard = GOMAXPROCS();
  GOMAXPROCS(0);
  EXPECT_FALSE(GomaxprocsIsCustom()) << "reading is no setting";
  GOMAXPROCS(standard);
  EXPECT_TRUE(GomaxprocsIsCustom()) << "the same number is a setting too";
  GOMAXPROCS(standard + 2);
  SetDefaultGOMAXPROCS();
  EXPECT_FALSE(GomaxprocsIsCustom());
  EXPECT_EQ(GOMAXPROCS(), standard);
}

MN_PROGRAM(AsksForTooMany) {
  GOMAXPROCS(2'000'000'000);
  return 0;
}

TEST(GomaxprocsEnvironment, ANumberWithADigitTooManyIsFatal) {
  const char* const says =
      "runtime: GOMAXPROCS=2000000000 exceeds the limit of 65536\n"
      "fatal error: too many processors\n";
  EXPECT_TRUE(Died(RunProgram("AsksForTooMany"), says));
  EXPECT_TRUE(Died(
      RunProgram("IsCustom", {.env = {{"GOMAXPROCS", "2000000000"}}}), says));
}

MN_PROGRAM(IsCustom) { return GomaxprocsIsCustom() ? 1 : 0; }

TEST(GomaxprocsEnvironment, MakesTheNumberCustom) {
  EXPECT_TRUE(
      Exited(RunProgram("IsCustom", {.env = {{"GOMAXPROCS", "3"}}}), 1));
  EXPECT_TRUE(Exited(RunProgram("IsCustom"), 0));
  EXPECT_TRUE(
      Exited(RunProgram("IsCustom", {.env = {{"GOMAXPROCS", "0"}}}), 0));
}

MN_PROGRAM(SetDefaultUndoesTheEnvironment) {
  if (GOMAXPROCS() != 77) return 1;
  SetDefaultGOMAXPROCS();
  return !GomaxprocsIsCustom() && GOMAXPROCS() <= NumCPU() ? 0 : 2;
}

TEST(GomaxprocsEnvironment, SetDefaultUndoesIt) {
  EXPECT_TRUE(Exited(RunProgram("SetDefaultUndoesTheEnvironment",
                                {.env = {{"GOMAXPROCS", "77"}}}),
                     0));
}

MN_PROGRAM(WorksOn1024Ps) {
  if (GOMAXPROCS() != 1024) return 1;
  std::atomic<int> ran{0};
  WaitGroup wg;
  for (int i = 0; i < 2000; i++) {
    wg.Go([&] {
      Gosched();
      ran++;
    });
  }
  wg.Wait();
  if (ran != 2000) return 2;
  GOMAXPROCS(2);
  GOMAXPROCS(1024);
  return 0;
}

TEST(GomaxprocsEnvironment, Sch22_A1024PsWork) {
  EXPECT_TRUE(Exited(
      RunProgram("WorksOn1024Ps", {.env = {{"GOMAXPROCS", "1024"}}}), 0));
}

MN_PROGRAM(DoesNothing) { return 0; }

TEST(GodebugMaxprocs, SaysThatTheEnvironmentDecided) {
  const ProcessResult r = RunProgram(
      "DoesNothing", {.env = {{"GOMAXPROCS", "3"}, {"GODEBUG", "maxprocs=1"}}});
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_EQ(r.err, "maxprocs: GOMAXPROCS=3: from the environment\n");
}

TEST(GodebugMaxprocs, SaysWhatTheDefaultIsAndWhy) {
  const ProcessResult r =
      RunProgram("DoesNothing", {.env = {{"GODEBUG", "maxprocs=1"}}});
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_THAT(r.err, StartsWith("maxprocs: GOMAXPROCS="));
  EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
}

TEST(GodebugMaxprocs, WithoutItNothingIsSaid) {
  EXPECT_EQ(RunProgram("DoesNothing").err, "");
}

}  // namespace
}  // namespace mn
