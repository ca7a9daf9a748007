// netpoll by itself: it waits as long as it is told, and a break is never lost.
#include "runtime/net/netpoll.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "runtime/core/nanotime.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

constexpr std::int64_t kHour = 3600 * std::int64_t{1'000'000'000};

class NetpollTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { NetpollInit(); }
  test::Watchdog dog_{"NetpollWait"};
};

TEST_F(NetpollTest, ReturnsAtOnceIfTheTimeHasPassed) {
  NetpollWait(Nanotime() - 1);
  NetpollWait(0);
}

TEST_F(NetpollTest, WaitsUntilTheDeadline) {
  for (std::int64_t ns : {1'000, 100'000, 1'500'000, 20'000'000}) {
    const std::int64_t until = Nanotime() + ns;
    NetpollWait(until);
    // May return early by contract; without a break and signals it does not.
    EXPECT_GE(Nanotime(), until) << ns;
  }
}

TEST_F(NetpollTest, Np8_ABreakBeforeTheWaitEndsIt) {
  NetpollBreak();
  NetpollWait(Nanotime() + kHour);
}

TEST_F(NetpollTest, Np8_ManyBreaksEndOneWait) {
  for (int i = 0; i < 1000; i++) NetpollBreak();
  NetpollWait(Nanotime() + kHour);
  const std::int64_t until = Nanotime() + 2'000'000;
  NetpollWait(until);
  EXPECT_GE(Nanotime(), until);  // nothing was left over
}

// go:SCH-21.
TEST_F(NetpollTest, Np8_ABreakDuringTheWaitEndsIt) {
  std::thread other([] {
    test::Spin(std::chrono::milliseconds(5));
    NetpollBreak();
  });
  NetpollWait(Nanotime() + kHour);
  other.join();
}

TEST_F(NetpollTest, TheFarthestDeadlineIsAWait) {
  std::thread other([] {
    test::Spin(std::chrono::milliseconds(5));
    NetpollBreak();
  });
  NetpollWait(INT64_MAX);
  other.join();
}

// A break that comes while a wait is ending may be swallowed by that wait,
// whose caller looks again; one that comes after it may not.
TEST_F(NetpollTest, Np8_NoBreakIsLostUnderLoad) {
  std::atomic<int> asked{0};
  std::atomic<int> seen{0};
  std::atomic<bool> done{false};
  std::thread poller([&] {
    while (!done.load()) {
      seen.store(asked.load());
      if (asked.load() == seen.load() && !done.load()) {
        NetpollWait(Nanotime() + kHour);
      }
      dog_.Progress();
    }
  });
  test::StressTime time;
  test::Rng rng = test::MakeRng();
  while (time.Left()) {
    const int n = asked.fetch_add(1) + 1;
    NetpollBreak();
    while (seen.load() < n) std::this_thread::yield();
    if (rng() % 4 == 0) test::Spin(std::chrono::nanoseconds(rng() % 20'000));
  }
  done.store(true);
  NetpollBreak();
  poller.join();
}

}  // namespace
}  // namespace mn
