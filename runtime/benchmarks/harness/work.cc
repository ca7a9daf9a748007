#include "runtime/benchmarks/harness/work.h"

#include <atomic>
#include <cerrno>
#include <ctime>

namespace mn::bench {
namespace {

struct alignas(128) Counter {
  std::atomic<std::uint64_t> value{0};
};

Counter g_hogs[kMostHogs];

}  // namespace

[[gnu::noinline]] std::uint64_t Work(std::uint64_t x, std::int64_t steps) {
  for (std::int64_t i = 0; i < steps; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  return x;
}

[[gnu::noinline]] std::int64_t Empty(std::int64_t x) { return x + 1; }

[[gnu::noinline]] std::int64_t Fib(std::int64_t n) {
  if (n < 2) return n;
  // Each Keep ends the compiler's view: neither call becomes a loop, and no
  // copy of this function is made for a known n.
  std::int64_t a = n - 1;
  Keep(a);
  a = Fib(a);
  Keep(a);
  std::int64_t b = n - 2;
  Keep(b);
  b = Fib(b);
  Keep(b);
  return a + b;
}

[[gnu::noinline]] void Hog(std::int64_t i) {
  std::atomic<std::uint64_t>& value = g_hogs[i].value;
  for (;;) {
    value.store(value.load(std::memory_order_relaxed) + 1,
                std::memory_order_relaxed);
  }
}

std::uint64_t HogCount(std::int64_t i) {
  return g_hogs[i].value.load(std::memory_order_relaxed);
}

extern "C" {

[[gnu::noinline]] void CEmpty() { asm volatile(""); }

void CSleep(std::int64_t us) {
  timespec left = {us / 1'000'000, us % 1'000'000 * 1000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

void CRepeat(std::int64_t n, void (*f)(void*), void* arg) {
  for (std::int64_t i = 0; i < n; i++) f(arg);
}

}  // extern "C"

}  // namespace mn::bench
