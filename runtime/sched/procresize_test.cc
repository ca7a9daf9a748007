// GOMAXPROCS(n): the number of Ps changes under running goroutines, timers and
// system calls.
#include "runtime/sched/procresize.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>

#include "runtime/core/getg.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/testing/gomaxprocs.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using test::Gomaxprocs;

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

}  // namespace
}  // namespace mn
