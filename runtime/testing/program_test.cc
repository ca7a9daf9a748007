// Tests that run in goroutine 1 can run programs too.
#include "runtime/testing/program.h"

#include <gtest/gtest.h>
#include <stdio.h>

#include "runtime/mn.h"

namespace {

using mn::test::Exited;
using mn::test::ProcessResult;
using mn::test::RunProgram;

MN_PROGRAM(ReceivesFromAGoroutine) {
  mn::Chan<int> ch(0);
  mn::Go([ch]() mutable { ch.Send(42); });
  printf("%d\n", ch.Recv());
  return 5;
}

TEST(Program, IsGoroutineOneOfAProcessOfItsOwn) {
  ProcessResult r = RunProgram("ReceivesFromAGoroutine");
  EXPECT_TRUE(Exited(r, 5));
  EXPECT_EQ(r.out, "42\n");
}

TEST(Program, RunsWithoutHoldingUpOtherGoroutines) {
  mn::Chan<int> ch(0);
  mn::Go([ch]() mutable {
    ch.Send(mn::BlockingCall(
        [] { return RunProgram("ReceivesFromAGoroutine").exit_status; }));
  });
  EXPECT_EQ(ch.Recv(), 5);
}

}  // namespace
