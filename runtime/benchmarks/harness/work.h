// The pieces of work that every workload shares, and the clock.
//
// Work, Empty and Fib live in a file of their own and look opaque to their
// callers: a compiler that saw through them would compute the answer once, or
// not at all, and the benchmark would measure that.
#pragma once

#include <chrono>
#include <cstdint>

namespace mn::bench {

// CLOCK_MONOTONIC through the vDSO; about 25 ns a reading.
inline std::int64_t Nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Makes the compiler believe that `value` is read and may have changed.
template <class T>
inline void Keep(T& value) {
  asm volatile("" : "+r"(value));
}

inline constexpr std::uint64_t kSeed = 0x9E3779B97F4A7C15;

// `steps` dependent xorshift64 steps.
std::uint64_t Work(std::uint64_t x, std::int64_t steps);

// x + 1, through a call.
std::int64_t Empty(std::int64_t x);

// fib(n) by plain recursion: fib(0) = 0, fib(1) = 1. Both calls are made.
std::int64_t Fib(std::int64_t n);

}  // namespace mn::bench
