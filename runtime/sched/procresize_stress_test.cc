// 10 000 changes of GOMAXPROCS while goroutines meet, sleep, block, spin, come
// and go: nothing is lost, nobody hangs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>

#include "runtime/mn.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::microseconds;

class Load {
 public:
  Load() {
    for (int i = 0; i < 4; i++) {
      Chan<int> there(0), back(0);
      Worker([=, this]() mutable {
        there.Send(1);
        received_ += back.Recv();
        sent_++;
      });
      Go([=]() mutable {
        for (int v : there) back.Send(v);
      });
      closing_[i] = there;
    }
    for (int i = 0; i < 2; i++) {
      Worker([] { Sleep(microseconds(30)); });
      Worker([] { Syscall([] { ::usleep(30); }); });
      Worker([] { BlockingCall([] { ::usleep(30); }); });
      Worker([] { test::Spin(microseconds(50)); });
      Worker([this] {
        WaitGroup wg;
        for (int k = 0; k < 20; k++) {
          spawned_++;
          wg.Go([this] { ended_++; });
        }
        wg.Wait();
      });
      Worker([this] {
        mu_.Lock();
        guarded_++;
        Gosched();
        guarded_--;
        if (guarded_ != 0) broken_ = true;
        mu_.Unlock();
      });
    }
    Worker([] {
      LockOSThread();
      Gosched();
      UnlockOSThread();
    });
  }

  // Ends it; every count must be right.
  void StopAndCheck() {
    stop_ = true;
    wg_.Wait();
    for (Chan<int>& ch : closing_) ch.Close();
    EXPECT_EQ(received_, sent_);
    EXPECT_EQ(ended_, spawned_);
    EXPECT_FALSE(broken_);
    for (int i = 0; i < workers_; i++) {
      EXPECT_GT(rounds_[i], 0) << "worker " << i;
    }
  }

 private:
  template <class F>
  void Worker(F round) {
    const int i = workers_++;
    wg_.Go([this, i, round]() mutable {
      do {
        round();
        rounds_[i]++;
      } while (!stop_);
    });
  }

  std::atomic<bool> stop_{false};
  std::atomic<long> sent_{0}, received_{0}, spawned_{0}, ended_{0};
  Mutex mu_;
  int guarded_ = 0;  // guarded by mu_
  std::atomic<bool> broken_{false};
  int workers_ = 0;
  std::atomic<long> rounds_[32] = {};
  Chan<int> closing_[4];
  WaitGroup wg_;
};

TEST(ProcresizeStress, Gmp1_TenThousandChangesUnderLoadLoseNothing) {
  const int before = GOMAXPROCS();
  const int goroutines = NumGoroutine();
  test::Watchdog dog("changes of GOMAXPROCS");
  test::Rng rng = test::MakeRng();
  const test::StressTime time;
  // Under a sanitizer 25 (TSan) or 625: the load is slower, and so is the stop.
  const int calls = 10'000 / (test::kSlowdown * test::kSlowdown);
  do {
    Load load;
    for (int i = 0; i < calls; i++) {
      const int n = 1 + static_cast<int>(rng() % 8);
      GOMAXPROCS(n);
      EXPECT_EQ(GOMAXPROCS(), n);
      if (rng() % 8 == 0) Gosched();
      if (rng() % 64 == 0) Sleep(microseconds(rng() % 500));
      dog.Progress();
    }
    load.StopAndCheck();
    while (NumGoroutine() != goroutines) Gosched();
  } while (time.Left());
  GOMAXPROCS(before);
}

}  // namespace
}  // namespace mn
