// Work under fire: goroutines that do what is dangerous to interrupt, and check
// their own results.
//
// malloc, stdio, iostreams, exceptions, std::mutex, std::call_once, errno,
// thread_local, libc calls with a comparator, plain arithmetic; in between, at
// random, channels, sleeps and system calls. Interrupted badly
// (sched/preempt_signal.h) it corrupts the heap, deadlocks or finds a wrong
// value.
//
// For preempt_stress_test, which burns for a moment, and
// //runtime/testing/fire, which does for as long as you like.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <string>

namespace mn::test {

inline constexpr std::array<const char*, 10> kFireKinds = {
    "malloc", "printf",    "iostream", "exceptions", "mutex",
    "once",   "libc sort", "errno",    "tls",        "loops"};

struct FireReport {
  std::array<std::atomic<long>, kFireKinds.size()> steps{};
  std::atomic<long> wrong{0};  // results that were not as they must be
  // What the first of them was. Guarded by being set once.
  std::atomic<const char*> first_wrong{nullptr};
  int max_threads = 0;

  long Steps() const {
    long n = 0;
    for (const auto& s : steps) n += s.load();
    return n;
  }
};

// Burns for `duration` in `goroutines` goroutines (at least one for each kind),
// which all have ended when it returns. Calls `progress` now and then.
// Caller: a goroutine. Parks.
void RunFire(int goroutines, std::chrono::nanoseconds duration,
             FireReport& report, void (*progress)(void*) = nullptr,
             void* arg = nullptr);

}  // namespace mn::test
