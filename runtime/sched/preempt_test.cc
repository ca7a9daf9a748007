// Preemption: code that makes no call into the runtime gives way, wherever it
// is, and finds everything as it was. Runs with the slice of 10 ms and with one
// of 200 us.
#include "runtime/preempt.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/core/getg.h"
#include "runtime/core/godebug.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/sched/preempt_signal.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/testing/loops.h"
#include "runtime/testing/needs.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using test::Exited;
using test::HundredLoops;
using test::Mix;
using test::ProcessResult;
using test::RunProgram;
using test::Witness;
using ::testing::HasSubstr;

// Goroutines that hold every P and one more: whoever goes on beside them does
// so only because they are interrupted.
int MoreThanPs() { return GOMAXPROCS() + 1; }

// Runs `loop(stop)` in that many goroutines until the test, which is one more,
// has had three turns.
template <class Loop>
void ExpectGivesWay(Loop loop) {
  test::Watchdog dog("a loop that does not give way");
  std::atomic<bool> stop{false};
  std::atomic<int> started{0};
  WaitGroup wg;
  for (int i = 0; i < MoreThanPs(); i++) {
    wg.Go([&] {
      started++;
      loop(stop);
    });
  }
  while (started < MoreThanPs()) Gosched();
  for (int turn = 0; turn < 3; turn++) Gosched();
  stop = true;
  wg.Wait();
}

TEST(Preempt, Mon5_AnEmptyLoopGivesWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWay([](const std::atomic<bool>& stop) {
    while (!stop.load(std::memory_order_relaxed)) {
    }
  });
}

TEST(Preempt, Mon5_ALoopWithCallsOfItsOwnGivesWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWay([](const std::atomic<bool>& stop) {
    std::uint64_t x = 1;
    while (!stop.load(std::memory_order_relaxed)) x = Mix(x);
    EXPECT_NE(x, 0u);
  });
}

TEST(Preempt, Mon5_ALoopThatChangesMemoryGivesWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWay([](const std::atomic<bool>& stop) {
    std::vector<std::uint64_t> v(1000, 1);
    while (!stop.load(std::memory_order_relaxed)) {
      for (std::uint64_t& x : v) x = x * 31 + 7;
    }
    EXPECT_EQ(std::count(v.begin(), v.end(), v[0]), 1000);
  });
}

// ---- inside libc ------------------------------------------------------------

// As ExpectGivesWay; besides, one of them must have been found inside libc (it
// then runs on without a P for a while).
template <class Loop>
void ExpectGivesWayInsideLibc(Loop loop) {
  test::Watchdog dog("a loop inside libc that does not give way");
  std::atomic<bool> stop{false};
  std::atomic<int> started{0};
  WaitGroup wg;
  for (int i = 0; i < MoreThanPs(); i++) {
    wg.Go([&] {
      started++;
      loop(stop);
    });
  }
  while (started < MoreThanPs()) Gosched();
  while (sched.ndetached.load() == 0) Gosched();
  stop = true;
  wg.Wait();
  // One that called Done may lose its P once more, in free(3).
  while (NumGoroutine() != 1) Gosched();
  RuntimeCall call("test");  // main has its P, if it had lost it
  EXPECT_EQ(sched.ndetached.load(), 0);
}

TEST(Preempt, Mon5_StringFunctionsOfLibcGiveWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWayInsideLibc([](const std::atomic<bool>& stop) {
    std::string big(1 << 20, 'x');
    while (!stop.load(std::memory_order_relaxed)) {
      EXPECT_EQ(::strlen(big.c_str()), big.size());
      EXPECT_EQ(::memchr(big.data(), 'y', big.size()), nullptr);
    }
  });
}

TEST(Preempt, Mon5_MemmemGivesWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWayInsideLibc([](const std::atomic<bool>& stop) {
    const std::string hay(1 << 18, 'a');
    const std::string needle = std::string(40, 'a') + "b";
    while (!stop.load(std::memory_order_relaxed)) {
      EXPECT_EQ(::memmem(hay.data(), hay.size(), needle.data(), needle.size()),
                nullptr);
    }
  });
}

// The comparator is the program's, its caller libc's.
TEST(Preempt, Mon5_QsortGivesWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWay([](const std::atomic<bool>& stop) {
    std::vector<std::uint32_t> v(20'000);
    std::uint32_t seed = 1;
    while (!stop.load(std::memory_order_relaxed)) {
      for (std::uint32_t& x : v) x = seed = seed * 1664525u + 1013904223u;
      ::qsort(v.data(), v.size(), sizeof v[0],
              [](const void* a, const void* b) {
                const auto x = *static_cast<const std::uint32_t*>(a);
                const auto y = *static_cast<const std::uint32_t*>(b);
                return x < y ? -1 : x > y;
              });
      EXPECT_TRUE(std::is_sorted(v.begin(), v.end()));
    }
  });
}

TEST(Preempt, Mon5_ALoopOfMallocGivesWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWay([](const std::atomic<bool>& stop) {
    while (!stop.load(std::memory_order_relaxed)) {
      auto p = std::make_unique<std::string>(100, 'm');
      EXPECT_EQ(p->size(), 100u);
    }
  });
}

// ---- holding something ------------------------------------------------------

TEST(Preempt, Pre_HoldersOfAStdMutexAreInterruptedAndAllGetIt) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("a std::mutex");
  const Witness witness;
  std::mutex mu;
  int entered = 0, left = 0;
  WaitGroup wg;
  for (int i = 0; i < 8; i++) {
    wg.Go([&] {
      for (int k = 0; k < 3; k++) {
        const std::lock_guard<std::mutex> lock(mu);
        EXPECT_EQ(entered, left);
        entered++;
        witness.SpinUntilInterrupted();
        left++;
      }
    });
  }
  wg.Wait();
  EXPECT_EQ(left, 24);
}

int SlowValue(const Witness& witness) {
  witness.SpinUntilInterrupted();
  return 42;
}

TEST(Preempt, Pre_AStaticInitialiserIsInterruptedAndOthersWaitForIt) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("a static initialiser");
  const Witness witness;
  std::atomic<int> right{0};
  WaitGroup wg;
  for (int i = 0; i < 8; i++) {
    wg.Go([&] {
      static const int value = SlowValue(witness);
      if (value == 42) right++;
    });
  }
  wg.Wait();
  EXPECT_EQ(right, 8);
}

TEST(Preempt, Pre_CallOnceIsInterruptedAndOthersWaitForIt) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("std::call_once");
  const Witness witness;
  for (int round = 0; round < 5; round++) {
    std::once_flag flag;
    std::atomic<int> ran{0}, seen{0};
    WaitGroup wg;
    for (int i = 0; i < 8; i++) {
      wg.Go([&] {
        std::call_once(flag, [&] {
          witness.SpinUntilInterrupted();
          ran++;
        });
        if (ran == 1) seen++;
      });
    }
    wg.Wait();
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(seen, 8);
  }
}

TEST(Preempt, Pre_EachGoroutineKeepsTheExceptionItHandles) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("exceptions");
  const Witness witness;
  std::atomic<int> right{0};
  WaitGroup wg;
  for (int i = 0; i < 8; i++) {
    wg.Go([&, i] {
      try {
        try {
          throw i;
        } catch (int caught) {
          witness.SpinUntilInterrupted();
          if (caught == i) throw;
        }
      } catch (int again) {
        if (again == i && std::uncaught_exceptions() == 0) right++;
      }
    });
  }
  wg.Wait();
  EXPECT_EQ(right, 8);
}

struct SpinsInItsDestructor {
  const Witness& witness;
  ~SpinsInItsDestructor() { witness.SpinUntilInterrupted(); }
};

TEST(Preempt, Pre_UnwindingIsInterruptedAndGoesOn) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("unwinding");
  const Witness witness;
  std::atomic<int> right{0};
  WaitGroup wg;
  for (int i = 0; i < 8; i++) {
    wg.Go([&, i] {
      try {
        SpinsInItsDestructor spins{witness};
        throw std::runtime_error(std::to_string(i));
      } catch (const std::runtime_error& e) {
        if (e.what() == std::to_string(i)) right++;
      }
    });
  }
  wg.Wait();
  EXPECT_EQ(right, 8);
}

__attribute__((noinline)) void SetErrno(int value) { errno = value; }
__attribute__((noinline)) int GetErrno() { return errno; }

TEST(Preempt, Pre_ErrnoIsAsItWas) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("errno");
  const Witness witness;
  std::atomic<int> right{0};
  WaitGroup wg;
  for (int i = 1; i <= 8; i++) {
    wg.Go([&, i] {
      SetErrno(i);
      witness.SpinUntilInterrupted();
      if (GetErrno() == i) right++;
    });
  }
  wg.Wait();
  EXPECT_EQ(right, 8);
}

// The signal is the thread's own, so it arrives before PreemptOne returns.
TEST(Preempt, Pre2_InsideTheRuntimeTheSignalOnlyLeavesANote) {
  MN_NEEDS_ASYNC_SIGNALS();
  ParkingCall call("test");
  const P* const mine = getp();
  SetPreemptPending(false);
  PreemptOne(getp());
  EXPECT_TRUE(PreemptPending());
  EXPECT_EQ(getp(), mine);
  EXPECT_EQ(getg()->status.load(), GStatus::kRunning);
}

TEST(Preempt, Pre2_TheNextCallThatMayParkGivesWay) {
  const int before = GOMAXPROCS(1);
  std::atomic<bool> ran{false};
  WaitGroup wg;
  wg.Go([&] { ran = true; });
  {
    RuntimeCall call("test");
    SetPreemptPending(true);
  }
  { ParkingCall call("test"); }
  EXPECT_TRUE(ran);
  wg.Wait();
  GOMAXPROCS(before);
}

TEST(Preempt, Pre4_AnInterruptedGoroutineGoesOnOnItsThread) {
  MN_NEEDS_ASYNC_SIGNALS();
  if (CurrentPreemptMode() != PreemptMode::kStop) GTEST_SKIP() << "not stopped";
  test::Watchdog dog("threads");
  const Witness witness;
  std::atomic<int> same{0};
  WaitGroup wg;
  for (int i = 0; i < 8; i++) {
    wg.Go([&] {
      const int before = Gettid();
      witness.SpinUntilInterrupted();
      if (Gettid() == before) same++;
    });
  }
  wg.Wait();
  EXPECT_EQ(same, 8);
}

TEST(Preempt, Lot2_APinnedGoroutineIsInterruptedAndKeepsItsThread) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("pinned");
  const Witness witness;
  WaitGroup wg;
  wg.Go([&] {
    LockOSThread();
    const int tid = Gettid();
    for (int i = 0; i < 3; i++) {
      witness.SpinUntilInterrupted();
      Gosched();
      EXPECT_EQ(Gettid(), tid);
    }
    UnlockOSThread();
  });
  wg.Wait();
}

// ---- who waits --------------------------------------------------------------

// MON-7: with all Ps held by loops, a sleeper of 1 ms needs no slice of 10 ms
// to end. The order: it ends before a goroutine that only waits for its turn.
TEST(Preempt, Mon7_ASleeperInterruptsALoop) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("a sleeper");
  std::atomic<bool> stop{false};
  std::atomic<int> started{0};
  WaitGroup wg;
  for (int i = 0; i < GOMAXPROCS(); i++) {
    wg.Go([&] {
      started++;
      while (!stop.load(std::memory_order_relaxed)) {
      }
    });
  }
  while (started < GOMAXPROCS()) Gosched();
  for (int i = 0; i < 5; i++) {
    const std::int64_t before = Nanotime();
    Sleep(milliseconds(1));
    EXPECT_GE(Nanotime() - before, 1'000'000);
  }
  stop = true;
  wg.Wait();
}

// ---- 100 loops --------------------------------------------------------------

// Goroutines that have been given a P so far.
std::vector<std::uint32_t> Slices() {
  std::vector<std::uint32_t> n;
  for (const P* p : Allp()) n.push_back(p->schedtick.load());
  return n;
}

// In a time in which no P changes over, no more loops go on than there are Ps
// (go:SCH-34).
TEST(Preempt, Mn1_OfAHundredLoopsOnlyGomaxprocsRun) {
  MN_NEEDS_ASYNC_SIGNALS();
  if (CurrentPreemptMode() != PreemptMode::kStop) GTEST_SKIP() << "not stopped";
  if (!Godebug("preemptslice").empty()) {
    GTEST_SKIP() << "with short slices a P is always changing over";
  }
  test::Watchdog dog("100 loops");
  HundredLoops loops(false);
  EXPECT_GE(NumThreads(), loops.count) << "each keeps its thread";
  BlockingCall([&] {
    for (int looks = 0; looks < 50;) {
      const auto slices = Slices();
      const auto before = loops.Turns();
      ::usleep(3000);
      const auto after = loops.Turns();
      if (Slices() != slices || after == before) continue;
      looks++;
      int went_on = 0;
      for (std::size_t i = 0; i < before.size(); i++) {
        went_on += after[i] != before[i];
      }
      EXPECT_LE(went_on, GOMAXPROCS());
    }
  });
}

TEST(Preempt, Gmp2_TheNumberOfPsCanChangeUnderAHundredLoops) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("100 loops");
  HundredLoops loops(false);
  const int procs = GOMAXPROCS();
  EXPECT_EQ(GOMAXPROCS(procs + 3), procs);
  EXPECT_EQ(GOMAXPROCS(1), procs + 3);
  EXPECT_EQ(GOMAXPROCS(procs), 1);
}

MN_PROGRAM(PanicsAmongLoops) {
  HundredLoops loops(false);
  Go([] { throw std::runtime_error("out of a goroutine"); });
  for (;;) Gosched();
}

TEST(Preempt, ADumpAmongAHundredLoopsShowsEveryGoroutine) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::ProcessOptions options = test::SamePs();
  options.env.emplace_back("GOTRACEBACK", "all");
  const ProcessResult r = RunProgram("PanicsAmongLoops", options);
  EXPECT_TRUE(test::Died(r, "panic: out of a goroutine"));
  EXPECT_EQ(test::TracesIn(r.err), 102) << r.Describe();
}

}  // namespace
}  // namespace mn
