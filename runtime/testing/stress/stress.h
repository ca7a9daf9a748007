// What the stress tests share: how long they run, random numbers that a failure
// can be replayed with, and a watchdog.
//
// Why a watchdog: what a lost wake-up does is nothing. Bazel's timeout would
// end the test too, minutes later and without a word about who waits for what.
//
// Environment:
//   MN_STRESS_SECONDS=N  run every stress test for N seconds (default: a third
//                        of one; 0: 5 ms, for many runs)
//   MN_STRESS_SEED=N     the seed that a failing run has printed
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "runtime/base/sanitizer.h"

namespace mn::test {

// How much slower everything is under this build's sanitizer, roughly. For the
// number of repetitions, never for a limit on time.
inline constexpr int kSlowdown = MN_TSAN ? 20 : MN_ASAN ? 4 : 1;

// Repeats while this returns true: for MN_STRESS_SECONDS.
class StressTime {
 public:
  StressTime();
  bool Left() const { return std::chrono::steady_clock::now() < end_; }

 private:
  std::chrono::steady_clock::time_point end_;
};

// A seed of its own for every call; the first is MN_STRESS_SEED if that is set,
// else random, and is printed when a test fails or hangs.
std::uint64_t NextSeed();

using Rng = std::minstd_rand;
inline Rng MakeRng() {
  return Rng(static_cast<Rng::result_type>(NextSeed() | 1));
}

// Ends the process with the state of every goroutine, P and the scheduler when
// nobody has called Progress for a minute. A thread of its own, which the
// runtime does not know: it works when no goroutine does.
class Watchdog {
 public:
  // `what` was being done when it hung.
  explicit Watchdog(std::string what);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // Any thread.
  void Progress() { steps_.fetch_add(1, std::memory_order_relaxed); }

 private:
  void Watch();

  const std::string what_;
  std::atomic<std::uint64_t> steps_{0};
  std::mutex mu_;
  std::condition_variable cv_;
  bool done_ = false;  // guarded by mu_
  std::thread thread_;
};

// Busy for about this long without telling the runtime.
void Spin(std::chrono::nanoseconds d);

}  // namespace mn::test
