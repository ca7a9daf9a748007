// What a parked goroutine costs: one page of stack and its share of a page
// table (document, section 2).
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>

#include "runtime/base/sanitizer.h"
#include "runtime/mn.h"

namespace mn {
namespace {

// A field of /proc/self/status, in bytes.
long StatusBytes(const char* field) {
  FILE* f = ::fopen("/proc/self/status", "r");
  char line[256];
  long kib = -1;
  while (::fgets(line, sizeof line, f) != nullptr) {
    if (::strncmp(line, field, ::strlen(field)) == 0) {
      kib = ::strtol(line + ::strlen(field), nullptr, 10);
    }
  }
  ::fclose(f);
  return kib * 1024;
}

long Memory() { return StatusBytes("VmRSS:") + StatusBytes("VmPTE:"); }

// $MN_GOROUTINES of them.
int NumberOfGoroutines() {
  const char* s = ::getenv("MN_GOROUTINES");
  return s == nullptr ? 200'000 : ::atoi(s);
}

TEST(Memory, AParkedGoroutineCostsItsFirstPageAndNotMore) {
  if (MN_ASAN || MN_TSAN) GTEST_SKIP() << "shadow memory counts too";
  const int n = NumberOfGoroutines();
  std::atomic<int> waiting{0};
  Chan<int> gate(0);
  WaitGroup wg;
  const long before = Memory();
  for (int i = 0; i < n; i++) {
    wg.Go([&, gate]() mutable {
      waiting.fetch_add(1, std::memory_order_relaxed);
      gate.Next();
    });
    if (i % 1000 == 0) Gosched();
  }
  while (waiting.load() != n) Gosched();
  const double each = static_cast<double>(Memory() - before) / n;
  printf("%d parked goroutines: %.0f bytes each\n", n, each);
  RecordProperty("bytes_each", static_cast<int>(each));
  EXPECT_LE(each, 4.4 * 1024);
  gate.Close();
  wg.Wait();
}

}  // namespace
}  // namespace mn
