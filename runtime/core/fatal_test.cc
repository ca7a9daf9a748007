// The runtime's last words.
#include "runtime/core/fatal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "runtime/base/sanitizer.h"
#include "runtime/testing/bare_program.h"

namespace mn {
namespace {

using test::Died;
using test::Exited;
using test::ProcessResult;
using test::RunProgram;

MN_BARE_PROGRAM(PrintsNumbers) {
  FatalText text;
  text << std::int64_t{0} << " " << std::int64_t{-1} << " " << INT64_MAX << " "
       << INT64_MIN;
  text.Print();
  return 0;
}

TEST(FatalText, PrintsNumbersInDecimal) {
  EXPECT_EQ(RunProgram("PrintsNumbers").err,
            "0 -1 9223372036854775807 -9223372036854775808");
}

MN_BARE_PROGRAM(PrintsHex) {
  FatalText text;
  text << Hex{0} << " " << Hex{0x1f} << " " << Hex{UINT64_MAX};
  text.Print();
  return 0;
}

TEST(FatalText, PrintsHexLikeGo) {
  EXPECT_EQ(RunProgram("PrintsHex").err, "0x0 0x1f 0xffffffffffffffff");
}

MN_BARE_PROGRAM(PrintsMuch) {
  FatalText text;
  for (int i = 0; i < 1000; i++) text << "0123456789";
  text.Print();
  text.Print();  // empty by now
  return 0;
}

TEST(FatalText, PrintsMoreThanItsBufferHolds) {
  std::string want;
  for (int i = 0; i < 1000; i++) want += "0123456789";
  EXPECT_EQ(RunProgram("PrintsMuch").err, want);
}

MN_BARE_PROGRAM(Throws) { Throw("something is broken"); }
MN_BARE_PROGRAM(ThrowsWithDetail) { Throw("the detail", "something"); }

TEST(Throw, PrintsTheTextAndExitsWith2) {
  EXPECT_TRUE(Died(RunProgram("Throws"), "fatal error: something is broken\n"));
  EXPECT_TRUE(Died(RunProgram("ThrowsWithDetail"),
                   "runtime: the detail\nfatal error: something\n"));
}

MN_BARE_PROGRAM(BreaksAnInvariant) {
  MN_CHECK(1 + 1 == 3, "XX-1");
  return 0;
}

TEST(Check, NamesTheInvariantAndTheCondition) {
  EXPECT_TRUE(Died(RunProgram("BreaksAnInvariant"),
                   "runtime: invariant XX-1 broken: 1 + 1 == 3\n"
                   "fatal error: internal\n"));
}

MN_BARE_PROGRAM(ManyThrowAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; i++) {
    threads.emplace_back([] { Throw("the detail", "one of many"); });
  }
  for (std::thread& t : threads) t.join();
  return 0;
}

TEST(Throw, OnlyOneOfManyThreadsReports) {
  for (int i = 0; i < (MN_TSAN ? 3 : 20); i++) {
    const ProcessResult r = RunProgram("ManyThrowAtOnce");
    EXPECT_EQ(r.err, "runtime: the detail\nfatal error: one of many\n");
    EXPECT_TRUE(Exited(r, 2));
  }
}

MN_BARE_PROGRAM(ThrowsWhileReporting) {
  fatal_traceback = [](bool) { Throw("again"); };
  Throw("first");
}

TEST(Throw, WhileReportingEndsTheReport) {
  const ProcessResult r = RunProgram("ThrowsWhileReporting");
  EXPECT_EQ(r.err, "fatal error: first\npanic during panic\n");
  EXPECT_TRUE(Exited(r, 4));
}

}  // namespace
}  // namespace mn
