// MN-7: everybody is idle, one goroutine becomes ready, it must run. Each round
// gives the threads that are on their way to sleep another chance to miss it.
//
// The goroutine that makes the other one ready does not yield while it waits
// for it, so nobody but another M can help (MN-3: no runnable goroutine beside
// an idle P). Needs GOMAXPROCS >= 2.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>

#include "runtime/core/getg.h"
#include "runtime/mn.h"
#include "runtime/sched/park.h"
#include "runtime/testing/park_calls.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

// Waits without telling the scheduler.
template <class Condition>
void SpinUntil(Condition condition) {
  while (!condition()) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
}

class IdleWakeup : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_GE(GOMAXPROCS(), 2) << "set by the rule"; }
};

TEST_F(IdleWakeup, Mn7_AGoroutineStartedBesideIdlePsRuns) {
  test::Watchdog dog("a new goroutine beside an idle P");
  test::Rng rng = test::MakeRng();
  const int kRounds = 2'000 / test::kSlowdown;
  test::StressTime time;
  do {
    for (int i = 0; i < kRounds; i++) {
      std::atomic<bool> ran{false};
      Go([&] { ran.store(true, std::memory_order_release); });
      SpinUntil([&] { return ran.load(std::memory_order_acquire); });
      dog.Progress();
      // The other M looks for work meanwhile, gives up, or sleeps.
      test::Spin(nanoseconds(rng() % 20'000));
    }
  } while (time.Left());
}

TEST_F(IdleWakeup, Mn7_AGoroutineMadeReadyBesideIdlePsRuns) {
  test::Watchdog dog("Goready beside an idle P");
  test::Rng rng = test::MakeRng();
  std::atomic<int> woken{0};
  std::atomic<bool> stop{false};
  RtMutex mu{LockRank::kObject};
  G* waiter = nullptr;  // guarded by mu
  Chan<int> done(0);
  Go([&, done]() mutable {
    while (!stop.load()) {
      mu.Lock();
      waiter = getg();
      test::ParkUnlock(&mu, WaitReason::kSemacquire);
      woken.fetch_add(1, std::memory_order_release);
    }
    done.Send(0);
  });
  test::StressTime time;
  for (int i = 0; i == 0 || time.Left(); i++) {
    G* gp = nullptr;
    SpinUntil([&] {
      mu.Lock();
      gp = waiter;
      waiter = nullptr;
      mu.Unlock();
      return gp != nullptr;
    });
    test::Spin(nanoseconds(rng() % 20'000));
    test::Ready(gp);
    SpinUntil([&] { return woken.load(std::memory_order_acquire) == i + 1; });
    dog.Progress();
  }
  stop.store(true);
  for (;;) {
    mu.Lock();
    G* gp = waiter;
    waiter = nullptr;
    mu.Unlock();
    if (gp != nullptr) {
      test::Ready(gp);
      break;
    }
    Gosched();
  }
  done.Recv();
}

// Work conservation with Ps changing hands all the time: threads come back from
// blocking calls and take the P that a spinning M has just given up, sleepers
// make the M in netpoll take one. Half of the Ps at most are held by goroutines
// that do not yield; so whoever they wait for must be run by the others.
TEST_F(IdleWakeup, Mn3_NothingWaitsBesideAnIdleP) {
  test::Watchdog dog("a runnable goroutine beside an idle P (needspinning?)");
  const int kHolders = GOMAXPROCS() / 2;
  const int kChurners = 2 * GOMAXPROCS();
  std::atomic<bool> stop{false};
  WaitGroup holders;
  WaitGroup churners;
  test::StressTime time;
  holders.Add(kHolders);
  for (int h = 0; h < kHolders; h++) {
    Go([&] {
      test::Rng rng = test::MakeRng();
      for (bool first = true; first || time.Left(); first = false) {
        std::atomic<bool> ran{false};
        Go([&] { ran.store(true, std::memory_order_release); });
        SpinUntil([&] { return ran.load(std::memory_order_acquire); });
        dog.Progress();
        if (rng() % 8 == 0) {
          Sleep(microseconds(rng() % 50));
        } else {
          test::Spin(nanoseconds(rng() % 5'000));
        }
      }
      holders.Done();
    });
  }
  churners.Add(kChurners);
  for (int c = 0; c < kChurners; c++) {
    Go([&] {
      test::Rng rng = test::MakeRng();
      while (!stop.load(std::memory_order_relaxed)) {
        switch (rng() % 3) {
          case 0:
            Sleep(microseconds(rng() % 100));
            break;
          case 1:
            BlockingCall([&] { test::Spin(nanoseconds(rng() % 5'000)); });
            break;
          case 2:
            BlockingCall([&] {
              timespec ts = {0, static_cast<long>(rng() % 50'000)};
              ::nanosleep(&ts, nullptr);
            });
            break;
        }
      }
      churners.Done();
    });
  }
  holders.Wait();
  stop.store(true);
  churners.Wait();
}

// As above, but in rounds, and at the end of a round nobody is left who might
// come by and help: the others go idle, for good, at about the time when the
// goroutine is made runnable that must not be missed.
TEST_F(IdleWakeup, Mn3_TheLastToGoIdleSeesTheWork) {
  test::Watchdog dog("work queued while the last of the others went idle");
  test::Rng rng = test::MakeRng();
  test::StressTime time;
  do {
    std::atomic<int> ended{0};
    const int others = static_cast<int>(rng() % 4);
    for (int i = 0; i < others; i++) {
      Go([&, what = rng() % 4, ns = rng() % 20'000] {
        switch (what) {
          case 0:
            BlockingCall([&] { test::Spin(nanoseconds(ns)); });
            break;
          case 1:
            BlockingCall([] {});
            break;
          case 2:
            Sleep(nanoseconds(ns));
            break;
          case 3:
            Gosched();
            break;
        }
        ended.fetch_add(1, std::memory_order_release);
      });
    }
    test::Spin(nanoseconds(rng() % 30'000));
    std::atomic<bool> ran{false};
    Go([&] { ran.store(true, std::memory_order_release); });
    SpinUntil([&] { return ran.load(std::memory_order_acquire); });
    SpinUntil([&] { return ended.load(std::memory_order_acquire) == others; });
    dog.Progress();
  } while (time.Left());
}

}  // namespace
}  // namespace mn
