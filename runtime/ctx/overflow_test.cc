// The report of a stack overflow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "runtime/mn.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using test::Died;
using test::ProcessResult;
using test::RunProgram;
using ::testing::HasSubstr;

__attribute__((noinline)) int RecurseForEver(volatile int* p) {
  volatile char frame[256];
  frame[0] = static_cast<char>(*p);
  volatile int depth = *p + 1;
  if (depth < 0) return frame[0];
  return RecurseForEver(&depth) + frame[0];
}

MN_PROGRAM(Overflows) {
  Go([] {
    volatile int depth = 0;
    RecurseForEver(&depth);
  });
  Chan<int>().Recv();
  return 0;
}

// Locked memory takes no guard by madvise.
MN_PROGRAM(OverflowsInLockedMemory) {
  rlimit limit;
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  if (limit.rlim_cur < (std::uint64_t{1} << 30) ||
      ::mlockall(MCL_FUTURE | MCL_ONFAULT) != 0) {
    return 77;
  }
  Chan<int> gate(0);
  for (int i = 0; i < 2000; i++) Go([gate]() mutable { gate.Recv(); });
  Go([] {
    volatile int depth = 0;
    RecurseForEver(&depth);
  });
  gate.Recv();
  return 0;
}

TEST(Overflow, IsReportedInLockedMemoryToo) {
  const ProcessResult r = RunProgram("OverflowsInLockedMemory");
  if (r.exit_status == 77)
    GTEST_SKIP() << "may not lock memory here (ulimit -l)";
  EXPECT_TRUE(Died(r, "runtime: goroutine stack exceeds 65536-byte limit\n"));
}

TEST(Overflow, IsReportedWithTheSizeAndTheOption) {
  const ProcessResult r = RunProgram("Overflows");
  EXPECT_TRUE(Died(r, "runtime: goroutine stack exceeds 65536-byte limit\n"));
  EXPECT_THAT(r.err, HasSubstr("mn::Go({.stack_size = BYTES}, f)"));
  EXPECT_THAT(r.err, HasSubstr("fatal error: stack overflow\n"));
}

MN_PROGRAM(OverflowsALargeStack) {
  Go({.stack_size = 1 << 20}, [] {
    volatile int depth = 0;
    RecurseForEver(&depth);
  });
  Chan<int>().Recv();
  return 0;
}

TEST(Overflow, ShowsAStackPointerAtTheEndOfTheStack) {
  const ProcessResult r = RunProgram("Overflows");
  unsigned long sp = 0, lo = 0, hi = 0;
  const std::size_t line = r.err.find("runtime: sp=");
  ASSERT_NE(line, r.err.npos) << r.err;
  ASSERT_EQ(std::sscanf(r.err.c_str() + line,
                        "runtime: sp=%lx stack=[%lx, %lx]", &sp, &lo, &hi),
            3);
  EXPECT_GT(hi - lo, 60'000u);
  EXPECT_LE(hi - lo, 65'536u);
  EXPECT_LT(sp, lo + 512) << "the frame below it is one of 256 bytes";
  EXPECT_GT(sp, lo - 4096);
}

TEST(Overflow, NamesTheSizeOfTheStackThatOverflowed) {
  EXPECT_TRUE(Died(RunProgram("OverflowsALargeStack"),
                   "runtime: goroutine stack exceeds 1048576-byte limit\n"));
}

MN_PROGRAM(OverflowsMain) {
  volatile int depth = 0;
  return RecurseForEver(&depth);
}

TEST(Overflow, OfMainIsReportedToo) {
  const ProcessResult r = RunProgram("OverflowsMain");
  EXPECT_TRUE(Died(r, "runtime: goroutine stack exceeds 8388608-byte limit\n"));
  EXPECT_THAT(r.err, HasSubstr("goroutine 1 overflowed"));
}

// While others run on other threads and while the goroutine has moved.
MN_PROGRAM(OverflowsAfterAMove) {
  for (int i = 0; i < 4; i++) {
    Go([] {
      for (;;) Gosched();
    });
  }
  Go([] {
    for (int i = 0; i < 100; i++) Gosched();
    volatile int depth = 0;
    RecurseForEver(&depth);
  });
  Chan<int>().Recv();
  return 0;
}

TEST(Overflow, IsReportedOnAnyThread) {
  EXPECT_TRUE(
      Died(RunProgram("OverflowsAfterAMove", {.env = {{"GOMAXPROCS", "4"}}}),
           "runtime: goroutine stack exceeds 65536-byte limit\n"));
}

// Other faults: diag/crash_signals_test.cc.

}  // namespace
}  // namespace mn
