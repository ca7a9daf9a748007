// PARK-1 under load: goroutines that park and are made ready, millions of
// times; a lost wake-up hangs, which the watchdog reports.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "runtime/core/getg.h"
#include "runtime/mn.h"
#include "runtime/sched/park.h"
#include "runtime/testing/park_calls.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

// A counting semaphore for one waiter: a wake-up that comes first is kept.
class Semaphore {
 public:
  void Acquire() {
    mu_.Lock();
    if (count_ > 0) {
      count_--;
      mu_.Unlock();
      return;
    }
    waiter_ = getg();
    test::ParkUnlock(&mu_, WaitReason::kSemacquire);
  }
  void Release() {
    mu_.Lock();
    G* gp = waiter_;
    if (gp != nullptr) {
      waiter_ = nullptr;
    } else {
      count_++;
    }
    mu_.Unlock();
    if (gp != nullptr) test::Ready(gp);
  }

 private:
  RtMutex mu_{LockRank::kObject};
  int count_ = 0;        // guarded by mu_
  G* waiter_ = nullptr;  // guarded by mu_
};

TEST(ParkStress, Park1_AThousandGoroutinesPassATokenRound) {
  constexpr int kGoroutines = MN_TSAN ? 300 : 1000;
  const int kRounds = 200 / test::kSlowdown;
  test::Watchdog dog("1000 goroutines pass one token round");
  auto ring = std::make_unique<Semaphore[]>(kGoroutines);
  WaitGroup wg;
  wg.Add(kGoroutines);
  int hops = 0;  // whoever has the token
  for (int i = 0; i < kGoroutines; i++) {
    Go([&, i] {
      for (int r = 0; r < kRounds; r++) {
        ring[i].Acquire();
        hops++;
        dog.Progress();
        ring[(i + 1) % kGoroutines].Release();
      }
      wg.Done();
    });
  }
  ring[0].Release();
  wg.Wait();
  EXPECT_EQ(hops, kGoroutines * kRounds);
}

TEST(ParkStress, Park1_AThousandPingsAtOnce) {
  constexpr int kGoroutines = MN_TSAN ? 300 : 1000;
  const int kRounds = 400 / test::kSlowdown;
  test::Watchdog dog("500 pairs of goroutines ping each other");
  auto sems = std::make_unique<Semaphore[]>(kGoroutines);
  std::atomic<int> pings{0};
  WaitGroup wg;
  wg.Add(kGoroutines);
  for (int i = 0; i < kGoroutines; i++) {
    Go([&, i] {
      for (int r = 0; r < kRounds; r++) {
        sems[i ^ 1].Release();
        sems[i].Acquire();
        pings.fetch_add(1, std::memory_order_relaxed);
        dog.Progress();
      }
      wg.Done();
    });
  }
  wg.Wait();
  EXPECT_EQ(pings.load(), kGoroutines * kRounds);
}

// Cancelled parks, yields and real ones, mixed.
TEST(ParkStress, CancelledParksAmongYields) {
  constexpr int kGoroutines = 64;
  test::Watchdog dog("cancelled parks among yields");
  test::StressTime time;
  do {
    std::atomic<int> left{kGoroutines};
    WaitGroup wg;
    wg.Add(kGoroutines);
    for (int i = 0; i < kGoroutines; i++) {
      Go([&, i] {
        for (int r = 0; r < 100; r++) {
          if ((r + i) % 3 == 0) {
            Gosched();
          } else {
            test::Park([](G*, void*) { return false; }, nullptr,
                       WaitReason::kSemacquire);
          }
        }
        left.fetch_sub(1);
        dog.Progress();
        wg.Done();
      });
    }
    wg.Wait();
    ASSERT_EQ(left.load(), 0);
  } while (time.Left());
}

}  // namespace
}  // namespace mn
