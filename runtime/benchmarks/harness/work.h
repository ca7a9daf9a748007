// The pieces of work that every workload shares, and the clock.
//
// They live in a file of their own and look opaque to their callers: a compiler
// that saw through them would compute the answer once, or not at all, and the
// benchmark would measure that.
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

// Adds 1 to the counter of hog `i`, a load, an addition and a store, for ever
// and without a call. Each counter has its own cache lines.
[[noreturn]] void Hog(std::int64_t i);
std::uint64_t HogCount(std::int64_t i);
inline constexpr std::int64_t kMostHogs = 64;

// fib(n) by plain recursion: fib(0) = 0, fib(1) = 1. Both calls are made.
std::int64_t Fib(std::int64_t n);

// What a C library might have.
extern "C" {
void CEmpty(void);
// Sleeps in nanosleep(2), whatever interrupts it.
void CSleep(int64_t us);
// Calls f(arg) n times.
void CRepeat(int64_t n, void (*f)(void*), void* arg);
}

}  // namespace mn::bench
