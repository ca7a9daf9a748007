// Sleepers, blocking calls and channels mixed so that the poller changes all
// the time: the M in netpoll is broken out of it, finds no P, comes back.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <vector>

#include "runtime/mn.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

TEST(SleepStress, Tim4_NoDeadlineIsSleptThrough) {
  test::Watchdog dog("sleepers with random deadlines");
  // Keeps a far deadline pending: who misses a nearer one sleeps for hours.
  Go([] { Sleep(std::chrono::hours(10)); });
  test::StressTime time;
  WaitGroup wg;
  std::atomic<int> early{0};
  for (int i = 0; i < 8; i++) {
    wg.Go([&] {
      test::Rng rng = test::MakeRng();
      while (time.Left()) {
        const nanoseconds d(rng() % 300'000);
        const std::int64_t before = Nanotime();
        Sleep(d);
        if (Nanotime() - before < d.count()) early.fetch_add(1);
        dog.Progress();
      }
    });
  }
  wg.Wait();
  EXPECT_EQ(early.load(), 0);
}

// One goroutine at a time is awake, so that every step begins with an idle
// process: the place where wake-ups get lost.
TEST(SleepStress, ATokenThroughSleepersCallsAndChannels) {
  test::Watchdog dog("a token through sleepers, calls and channels");
  Go([] { Sleep(std::chrono::hours(10)); });
  constexpr int kStations = 5;
  std::vector<Chan<int>> ring;
  for (int i = 0; i < kStations; i++) ring.emplace_back(0);
  WaitGroup wg;
  test::StressTime time;
  for (int i = 0; i < kStations; i++) {
    wg.Go([&, i] {
      test::Rng rng = test::MakeRng();
      for (;;) {
        auto token = ring[i].Next();
        if (!token) break;
        switch (rng() % 4) {
          case 0:
            Sleep(nanoseconds(rng() % 100'000));
            break;
          case 1:
            BlockingCall([&] { test::Spin(nanoseconds(rng() % 20'000)); });
            break;
          case 2: {
            Chan<int> ch(0);
            Go([ch]() mutable {
              Sleep(microseconds(20));
              ch.Send(1);
            });
            ch.Recv();
            break;
          }
          case 3:
            break;
        }
        dog.Progress();
        if (i == 0 && !time.Left()) break;
        ring[(i + 1) % kStations].Send(*token + 1);
      }
      if (i + 1 < kStations) ring[i + 1].Close();
    });
  }
  ring[0].Send(0);
  wg.Wait();
}

}  // namespace
}  // namespace mn
