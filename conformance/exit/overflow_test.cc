// A goroutine that needs more stack than it has gets a report, not a crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// Uses the array after the call, so that the call is not a jump. `for_ever` is
// a variable so that no compiler proves that this never returns.
volatile bool for_ever = true;
[[gnu::noinline]] int Recurse(int depth) {
  volatile char frame[128];
  frame[0] = static_cast<char>(depth);
  if (!for_ever) return 0;
  return Recurse(depth + 1) + frame[0];
}

MN_PROGRAM(RecursesForEver) {
  const auto size = static_cast<std::size_t>(Parameter("STACK"));
  Go({.stack_size = size}, [] { Say("depth", Recurse(0)); });
  Chan<int>(0).Recv();
  return 0;
}

CLAIM(StackOverflow, IsReportedWithTheSizeOfTheStack,
      {.id = "overflow.report",
       .section = 0,
       .source = "go:PAN-12",
       .says = "A goroutine that outgrows its stack ends the process with a "
               "report that names the limit, and status 2."}) {
  for (const std::string size : {"65536", "262144"}) {
    const ProcessResult r =
        RunProgram("RecursesForEver", {.env = {{"STACK", size}}});
    EXPECT_TRUE(
        Died(r, "runtime: goroutine stack exceeds " + size + "-byte limit\n"));
    EXPECT_THAT(r.err, ContainsRegex("\nruntime: sp=0x[0-9a-f]+ "
                                     "stack=.0x[0-9a-f]+, 0x[0-9a-f]+]\n"));
    EXPECT_THAT(r.err, HasSubstr("\nfatal error: stack overflow\n"));
    EXPECT_THAT(r.err, HasSubstr("stack_size"))
        << "the report must name the option that helps";
  }
  Measured("64 KiB and 256 KiB, exit status 2");
}

}  // namespace
}  // namespace mn::conformance
