#include "runtime/benchmarks/harness/work.h"

namespace mn::bench {

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

}  // namespace mn::bench
