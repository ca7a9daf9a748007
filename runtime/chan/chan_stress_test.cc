// Channels under load: N producers and M consumers; nothing is lost, doubled or
// invented, also while the channel is being closed.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <tuple>
#include <vector>

#include "runtime/mn.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

struct Shape {
  int producers;
  int consumers;
  int capacity;
};

class ChanStress : public ::testing::TestWithParam<Shape> {};

TEST_P(ChanStress, SumsAddUp) {
  const Shape shape = GetParam();
  const std::int64_t kEach = 40'000 / test::kSlowdown / shape.producers;
  test::Watchdog dog("producers and consumers");
  test::StressTime time;
  do {
    Chan<std::int64_t> ch(shape.capacity);
    std::atomic<std::int64_t> sum{0};
    std::atomic<std::int64_t> count{0};
    WaitGroup producers;
    WaitGroup consumers;
    for (int c = 0; c < shape.consumers; c++) {
      consumers.Go([&, ch]() mutable {
        std::int64_t s = 0;
        std::int64_t n = 0;
        for (std::int64_t v : ch) {
          s += v;
          n++;
          dog.Progress();
        }
        sum.fetch_add(s);
        count.fetch_add(n);
      });
    }
    for (int p = 0; p < shape.producers; p++) {
      producers.Go([&, ch, p]() mutable {
        for (std::int64_t i = 0; i < kEach; i++) ch.Send(p * kEach + i);
      });
    }
    producers.Wait();
    ch.Close();
    consumers.Wait();
    const std::int64_t n = kEach * shape.producers;
    ASSERT_EQ(count.load(), n);
    ASSERT_EQ(sum.load(), n * (n - 1) / 2);
  } while (time.Left());
}

INSTANTIATE_TEST_SUITE_P(Shapes, ChanStress,
                         ::testing::Values(Shape{1, 1, 0}, Shape{1, 1, 1},
                                           Shape{4, 1, 0}, Shape{1, 4, 0},
                                           Shape{8, 8, 0}, Shape{8, 8, 3},
                                           Shape{100, 3, 16}),
                         [](const ::testing::TestParamInfo<Shape>& p) {
                           return "P" + std::to_string(p.param.producers) +
                                  "C" + std::to_string(p.param.consumers) +
                                  "Cap" + std::to_string(p.param.capacity);
                         });

// One producer and one consumer see each other's values in order.
TEST(ChanStress, OneToOneKeepsTheOrder) {
  const int n = 100'000 / test::kSlowdown;
  test::Watchdog dog("one producer, one consumer");
  for (int capacity : {0, 1, 7}) {
    Chan<int> ch(capacity);
    Go([ch]() mutable {
      for (int i = 0; i < n; i++) ch.Send(i);
      ch.Close();
    });
    int want = 0;
    for (int v : ch) {
      ASSERT_EQ(v, want++);
      dog.Progress();
    }
    ASSERT_EQ(want, n);
  }
}

// Everything that a Send returned from was received, everything that panicked
// was not.
TEST(ChanStress, Chn3_CloseDuringTraffic) {
  test::Watchdog dog("close during traffic");
  test::Rng rng = test::MakeRng();
  test::StressTime time;
  do {
    Chan<std::unique_ptr<int>> ch(static_cast<int>(rng() % 4));
    std::atomic<int> sent{0};
    std::atomic<int> panicked{0};
    std::atomic<int> received{0};
    WaitGroup wg;
    constexpr int kSenders = 6;
    for (int s = 0; s < kSenders; s++) {
      wg.Go([&, ch]() mutable {
        try {
          for (;;) {
            ch.Send(std::make_unique<int>(1));
            sent.fetch_add(1, std::memory_order_relaxed);
          }
        } catch (const Panic&) {
          panicked.fetch_add(1, std::memory_order_relaxed);
        }
      });
    }
    for (int r = 0; r < 4; r++) {
      wg.Go([&, ch]() mutable {
        while (auto p = ch.Next()) {
          received.fetch_add(**p, std::memory_order_relaxed);
        }
      });
    }
    for (unsigned i = rng() % 50; i > 0; i--) Gosched();
    if (rng() % 2 == 0) Sleep(std::chrono::microseconds(rng() % 300));
    ch.Close();
    wg.Wait();
    ASSERT_EQ(panicked.load(), kSenders);
    ASSERT_EQ(received.load(), sent.load());
    dog.Progress();
  } while (time.Left());
}

// Tries among waiting ones.
TEST(ChanStress, TriesAmongWaiters) {
  test::Watchdog dog("TrySend and TryRecv among waiters");
  test::StressTime time;
  do {
    const int kEach = 2'000 / test::kSlowdown;
    Chan<int> ch(1);
    std::atomic<int> received{0};
    WaitGroup senders;
    WaitGroup receivers;
    for (int i = 0; i < 3; i++) {
      senders.Go([&, ch, i]() mutable {
        for (int k = 0; k < kEach; k++) {
          if (i == 0) {
            ch.Send(1);
          } else {
            while (ch.TrySend(1) != TryResult::kOk) Gosched();
          }
        }
      });
      receivers.Go([&, ch, i]() mutable {
        for (;;) {
          int v = 0;
          if (i == 0) {
            v = ch.Recv();
            if (v == 0) return;
          } else {
            const TryResult r = ch.TryRecv(v);
            if (r == TryResult::kClosed) return;
            if (r == TryResult::kWouldBlock) Gosched();
          }
          received.fetch_add(v, std::memory_order_relaxed);
          dog.Progress();
        }
      });
    }
    senders.Wait();
    ch.Close();
    receivers.Wait();
    ASSERT_EQ(received.load(), 3 * kEach);
  } while (time.Left());
}

// A channel that lives for one value: made, used and freed by two goroutines at
// once. Use after free would show under ASan.
TEST(ChanStress, ShortLivedChannels) {
  test::Watchdog dog("short-lived channels");
  const int n = MN_TSAN ? 100 : 20'000 / test::kSlowdown;
  WaitGroup wg;
  for (int g = 0; g < 4; g++) {
    wg.Go([&] {
      for (int i = 0; i < n; i++) {
        Chan<int> ch(i % 2);
        Go([ch, i]() mutable { ch.Send(i); });
        EXPECT_EQ(ch.Recv(), i);
        dog.Progress();
      }
    });
  }
  wg.Wait();
}

// The prime sieve: a chain of goroutines, each one's output the next one's
// input, that grows while it runs.
TEST(ChanStress, PrimeSieve) {
  test::Watchdog dog("prime sieve");
  const int kPrimes = MN_TSAN ? 40 : 200;
  Chan<int> numbers(0);
  Go([numbers]() mutable {
    try {
      for (int i = 2;; i++) numbers.Send(i);
    } catch (const Panic&) {
    }
  });
  Chan<int> ch = numbers;
  std::vector<Chan<int>> chain = {ch};
  int prime = 0;
  for (int i = 0; i < kPrimes; i++) {
    prime = ch.Recv();
    dog.Progress();
    Chan<int> next(0);
    Go([in = ch, out = next, prime]() mutable {
      try {
        while (auto v = in.Next()) {
          if (*v % prime != 0) out.Send(*v);
        }
      } catch (const Panic&) {
      }
    });
    ch = next;
    chain.push_back(next);
  }
  EXPECT_EQ(prime, MN_TSAN ? 173 : 1223);  // the 40th and the 200th prime
  for (Chan<int>& c : chain) c.Close();
  while (NumGoroutine() != 1) Gosched();
}

}  // namespace
}  // namespace mn
