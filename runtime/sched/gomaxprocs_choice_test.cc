// What decides the number of Ps: the environment, a call, or the CPUs and the
// quota.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "runtime/mn.h"
#include "runtime/sched/procresize.h"
#include "runtime/testing/gomaxprocs.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using test::Died;
using test::Exited;
using test::Gomaxprocs;
using test::ProcessResult;
using test::RunProgram;
using ::testing::StartsWith;

MN_BARE_PROGRAM(CountsBeforeMain) {
  return NumGoroutine() + GOMAXPROCS() + NumCPU();
}

TEST(GomaxprocsEnvironment, NothingIsThereBeforeMain) {
  EXPECT_TRUE(Exited(RunProgram("CountsBeforeMain"), 0));
}

TEST_F(Gomaxprocs, ACallMakesTheNumberCustomAndSetDefaultUndoesIt) {
  SetDefaultGOMAXPROCS();
  EXPECT_FALSE(GomaxprocsIsCustom());
  const int standard = GOMAXPROCS();
  GOMAXPROCS(0);
  EXPECT_FALSE(GomaxprocsIsCustom()) << "reading is no setting";
  GOMAXPROCS(standard);
  EXPECT_TRUE(GomaxprocsIsCustom()) << "the same number is a setting too";
  GOMAXPROCS(standard + 2);
  SetDefaultGOMAXPROCS();
  EXPECT_FALSE(GomaxprocsIsCustom());
  EXPECT_EQ(GOMAXPROCS(), standard);
}

MN_PROGRAM(AsksForTooMany) {
  GOMAXPROCS(2'000'000'000);
  return 0;
}

TEST(GomaxprocsEnvironment, ANumberWithADigitTooManyIsFatal) {
  const char* const says =
      "runtime: GOMAXPROCS=2000000000 exceeds the limit of 65536\n"
      "fatal error: too many processors\n";
  EXPECT_TRUE(Died(RunProgram("AsksForTooMany"), says));
  EXPECT_TRUE(Died(
      RunProgram("IsCustom", {.env = {{"GOMAXPROCS", "2000000000"}}}), says));
}

MN_PROGRAM(IsCustom) { return GomaxprocsIsCustom() ? 1 : 0; }

TEST(GomaxprocsEnvironment, MakesTheNumberCustom) {
  EXPECT_TRUE(
      Exited(RunProgram("IsCustom", {.env = {{"GOMAXPROCS", "3"}}}), 1));
  EXPECT_TRUE(Exited(RunProgram("IsCustom"), 0));
  EXPECT_TRUE(
      Exited(RunProgram("IsCustom", {.env = {{"GOMAXPROCS", "0"}}}), 0));
}

MN_PROGRAM(SetDefaultUndoesTheEnvironment) {
  if (GOMAXPROCS() != 77) return 1;
  SetDefaultGOMAXPROCS();
  return !GomaxprocsIsCustom() && GOMAXPROCS() <= NumCPU() ? 0 : 2;
}

TEST(GomaxprocsEnvironment, SetDefaultUndoesIt) {
  EXPECT_TRUE(Exited(RunProgram("SetDefaultUndoesTheEnvironment",
                                {.env = {{"GOMAXPROCS", "77"}}}),
                     0));
}

MN_PROGRAM(WorksOn1024Ps) {
  if (GOMAXPROCS() != 1024) return 1;
  std::atomic<int> ran{0};
  WaitGroup wg;
  for (int i = 0; i < 2000; i++) {
    wg.Go([&] {
      Gosched();
      ran++;
    });
  }
  wg.Wait();
  if (ran != 2000) return 2;
  GOMAXPROCS(2);
  GOMAXPROCS(1024);
  return 0;
}

TEST(GomaxprocsEnvironment, GoSch22_A1024PsWork) {
  EXPECT_TRUE(Exited(
      RunProgram("WorksOn1024Ps", {.env = {{"GOMAXPROCS", "1024"}}}), 0));
}

MN_PROGRAM(DoesNothing) { return 0; }

TEST(GodebugMaxprocs, SaysThatTheEnvironmentDecided) {
  const ProcessResult r = RunProgram(
      "DoesNothing", {.env = {{"GOMAXPROCS", "3"}, {"GODEBUG", "maxprocs=1"}}});
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_EQ(r.err, "maxprocs: GOMAXPROCS=3: from the environment\n");
}

TEST(GodebugMaxprocs, SaysWhatTheDefaultIsAndWhy) {
  const ProcessResult r =
      RunProgram("DoesNothing", {.env = {{"GODEBUG", "maxprocs=1"}}});
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_THAT(r.err, StartsWith("maxprocs: GOMAXPROCS="));
  EXPECT_EQ(std::count(r.err.begin(), r.err.end(), '\n'), 1) << r.err;
}

TEST(GodebugMaxprocs, WithoutItNothingIsSaid) {
  EXPECT_EQ(RunProgram("DoesNothing").err, "");
}

}  // namespace
}  // namespace mn
