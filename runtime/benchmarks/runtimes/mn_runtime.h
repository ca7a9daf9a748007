// The runtime of this repository, as the workloads see it (workloads/all.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>

#include "runtime/mn.h"

namespace mn::bench {

struct MnRuntime {
  static constexpr char kName[] = "mn";
  static constexpr std::size_t kStackBytes = mn::GoOptions().stack_size;
  static constexpr std::int64_t kMostAlive =
      std::numeric_limits<std::int64_t>::max();
  static constexpr std::int64_t kMostSpawns = kMostAlive;
  static constexpr std::int64_t kMostSwitches = kMostAlive;
  static constexpr std::int64_t kMostMessages = kMostAlive;
  static constexpr std::int64_t kMostPrimes = kMostAlive;

  using WaitGroup = mn::WaitGroup;
  using Mutex = mn::Mutex;
  using RWMutex = mn::RWMutex;

  template <class T>
  struct Chan : mn::Chan<T> {
    using mn::Chan<T>::Chan;
    static std::int64_t Slots(std::int64_t cap) { return cap; }
  };

  template <class F>
  static void Run(int p, F driver) {
    if (p > 0) setenv("GOMAXPROCS", std::to_string(p).c_str(), 1);
    mn::Main([&driver] {
      driver();
      return 0;
    });
  }
  static int Processors() { return mn::GOMAXPROCS(); }

  template <class F>
  static void Go(F&& f) {
    mn::Go(std::forward<F>(f));
  }
  static void Yield() { mn::Gosched(); }
  static void Sleep(std::chrono::nanoseconds d) { mn::Sleep(d); }

  static constexpr bool kPreempts = true;
  template <class F>
  static auto Syscall(F&& f) {
    return mn::Syscall(std::forward<F>(f));
  }
  template <class F>
  static void Foreign(F&& f) {
    mn::Foreign(std::forward<F>(f));
  }
  template <class F>
  static void Callback(F&& f) {
    mn::Callback(std::forward<F>(f));
  }
  static void StopTheWorld() { mn::GOMAXPROCS(mn::GOMAXPROCS()); }
  static constexpr bool kAlwaysLocked = false;
  static void LockOSThread() { mn::LockOSThread(); }
};

}  // namespace mn::bench
