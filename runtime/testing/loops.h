// Loops for tests of preemption: they make no call into the runtime, and the
// test sees whether they were interrupted.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "runtime/mn.h"
#include "runtime/sched/preempt_signal.h"

namespace mn::test {

// A call of the program's own, with work in it.
__attribute__((noinline)) inline std::uint64_t Mix(std::uint64_t x) {
  x ^= x << 13;
  x ^= x >> 7;
  return x ^ x << 17;
}

// Counts as long as it lives, yielding each time: at one P it counts only while
// others give way.
class Witness {
 public:
  Witness() {
    wg_.Go([this] {
      while (!stop_.load(std::memory_order_relaxed)) {
        count_.fetch_add(1, std::memory_order_relaxed);
        Gosched();
      }
    });
  }
  ~Witness() {
    stop_ = true;
    wg_.Wait();
  }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  // Spins until the witness has counted on. At one P: until the caller has been
  // interrupted and has come back.
  void SpinUntilInterrupted() const {
    const long before = Count();
    while (Count() == before) {
    }
  }

  long Count() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<long> count_{0};
  std::atomic<bool> stop_{false};
  WaitGroup wg_;
};

// 100 loops, each of which has had a turn. Those that run on without a P share
// the CPUs with the test: fewer then.
class HundredLoops {
 public:
  const int count = CurrentPreemptMode() == PreemptMode::kStop ? 100 : 20;

  // `declared`: in a PreemptibleScope.
  explicit HundredLoops(bool declared) {
    for (int i = 0; i < count; i++) {
      wg_.Go([this, i, declared] {
        if (declared) {
          PreemptibleScope scope;
          Loop(turns_[i]);
        } else {
          Loop(turns_[i]);
        }
        ended_++;
      });
    }
    while (started_ < count) Gosched();
  }
  ~HundredLoops() {
    stop_ = true;
    wg_.Wait();
    EXPECT_EQ(ended_, count);
  }
  HundredLoops(const HundredLoops&) = delete;
  HundredLoops& operator=(const HundredLoops&) = delete;

  // How far each has come.
  std::array<long, 100> Turns() const {
    std::array<long, 100> turns;
    std::copy(turns_.begin(), turns_.end(), turns.begin());
    return turns;
  }

 private:
  void Loop(std::atomic<long>& turns) {
    started_++;
    while (!stop_.load(std::memory_order_relaxed)) {
      turns.fetch_add(1, std::memory_order_relaxed);
    }
  }
  std::array<std::atomic<long>, 100> turns_{};
  std::atomic<bool> stop_{false};
  std::atomic<int> started_{0};
  std::atomic<int> ended_{0};
  WaitGroup wg_;
};

}  // namespace mn::test
