// The world stops, and goes on as if it had not (GMP-2).
#include "runtime/sched/stw.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "runtime/core/getg.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/sched/preempt_signal.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/testing/gomaxprocs.h"
#include "runtime/testing/kernel_threads.h"
#include "runtime/testing/needs.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using test::Gomaxprocs;

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

// go:SCH-11: six Ps, five of which hold loops, stop and start again ten times.
TEST_F(Gomaxprocs, GoSch11_TheWorldStopsAlthoughFivePsHoldLoops) {
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

// go:SCH-23
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

}  // namespace
}  // namespace mn
