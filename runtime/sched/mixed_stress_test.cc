// Everything at once: goroutines that spawn, yield, meet on channels, sleep,
// block their thread, throw and exit, in random order. What it can find is what
// only the mixture does: a hang, a lost or doubled goroutine, a race (TSan).
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

#include "runtime/mn.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

class Mixture {
 public:
  explicit Mixture(int budget) : budget_(budget) {}

  // Runs until the budget of goroutines is used up and all have ended.
  void Run() {
    for (int i = 0; i < 8; i++) Spawn(6);
    wg_.Wait();
    EXPECT_EQ(ended_.load(), started_.load());
    EXPECT_EQ(destroyed_.load(), started_.load());
    EXPECT_EQ(received_.load(), sent_.load());
  }

  test::Watchdog dog{"the mixture"};

 private:
  struct AtEnd {
    Mixture* mix;
    std::string on_the_heap = std::string(64, 'x');
    ~AtEnd() { mix->destroyed_.fetch_add(1, std::memory_order_relaxed); }
  };

  void Spawn(int depth) {
    if (budget_.fetch_sub(1, std::memory_order_relaxed) <= 0) return;
    started_.fetch_add(1, std::memory_order_relaxed);
    wg_.Go([this, depth, rng = test::MakeRng()]() mutable {
      AtEnd at_end{this};
      for (unsigned n = rng() % 12; n > 0; n--) Step(rng, depth);
      ended_.fetch_add(1, std::memory_order_relaxed);
      dog.Progress();
      if (rng() % 4 == 0) Goexit();
    });
  }

  void Step(test::Rng& rng, int depth) {
    switch (rng() % 9) {
      case 0:
        Gosched();
        break;
      case 1:
        if (depth > 0) Spawn(depth - 1);
        break;
      case 2:
        Rendezvous(rng);
        break;
      case 3:
        Sleep(nanoseconds(rng() % 200'000));
        break;
      case 4:
        BlockingCall([&] { test::Spin(nanoseconds(rng() % 10'000)); });
        break;
      case 5:
        ThrowAndParkInTheHandler(rng);
        break;
      case 6:
        Pipeline(rng);
        break;
      case 7: {
        mu_.Lock();
        const int before = guarded_++;
        if (rng() % 8 == 0) Gosched();
        EXPECT_EQ(guarded_, before + 1);
        mu_.Unlock();
        break;
      }
      case 8:
        test::Spin(nanoseconds(rng() % 3'000));
        break;
    }
  }

  // Two goroutines on a channel of their own, unbuffered.
  void Rendezvous(test::Rng& rng) {
    const auto n = static_cast<int>(rng() % 5);
    Chan<int> ch(0);
    wg_.Go([this, ch, n]() mutable {
      for (int i = 0; i < n; i++) ch.Send(i);
      sent_.fetch_add(n, std::memory_order_relaxed);
      ch.Close();
    });
    int want = 0;
    while (auto v = ch.Next()) {
      EXPECT_EQ(*v, want++);
      received_.fetch_add(1, std::memory_order_relaxed);
    }
    EXPECT_EQ(want, n);
  }

  // One goroutine after the other, with elements that own memory.
  void Pipeline(test::Rng& rng) {
    Chan<std::string> in(rng() % 3);
    Chan<std::string> out(rng() % 3);
    wg_.Go([in, out]() mutable {
      while (auto s = in.Next()) out.Send(*s + "!");
      out.Close();
    });
    wg_.Go([in]() mutable {
      for (int i = 0; i < 3; i++) {
        in.Send(std::string(40, static_cast<char>('a' + i)));
      }
      in.Close();
    });
    int n = 0;
    for (std::string& s : out) {
      EXPECT_EQ(s, std::string(40, static_cast<char>('a' + n)) + "!");
      n++;
    }
    EXPECT_EQ(n, 3);
  }

  // The exceptions being handled belong to the goroutine, not to the thread.
  void ThrowAndParkInTheHandler(test::Rng& rng) {
    const std::string text = std::to_string(rng());
    try {
      throw std::runtime_error(text);
    } catch (const std::runtime_error&) {
      if (rng() % 2 == 0) {
        Gosched();
      } else {
        Sleep(microseconds(rng() % 50));
      }
      try {
        throw;  // the one that is being handled
      } catch (const std::runtime_error& e) {
        EXPECT_EQ(e.what(), text);
      }
    }
    EXPECT_EQ(std::uncaught_exceptions(), 0);
  }

  WaitGroup wg_;
  std::atomic<int> budget_;
  std::atomic<int> started_{0};
  std::atomic<int> ended_{0};
  std::atomic<int> destroyed_{0};
  std::atomic<int> sent_{0};
  std::atomic<int> received_{0};
  Mutex mu_;
  int guarded_ = 0;  // guarded by mu_
};

TEST(Mixture, EverythingAtOnce) {
  test::StressTime time;
  do {
    Mixture mix(4000 / test::kSlowdown);
    mix.Run();
    if (HasFailure()) break;
  } while (time.Left());
  while (NumGoroutine() != 1) Gosched();
}

}  // namespace
}  // namespace mn
