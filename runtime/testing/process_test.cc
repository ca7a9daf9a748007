// What RunProcess and RunProgram promise, without the runtime.
#include "runtime/testing/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "runtime/testing/bare_program.h"

namespace {

using mn::test::Died;
using mn::test::Exited;
using mn::test::RunProcess;
using mn::test::RunProgram;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

MN_BARE_PROGRAM(ExitsWithSeven) { return 7; }

TEST(Process, ExitStatusIsReported) {
  EXPECT_TRUE(Exited(RunProgram("ExitsWithSeven"), 7));
}

MN_BARE_PROGRAM(KillsItself) { return raise(SIGTERM); }

TEST(Process, SignalIsReported) {
  auto r = RunProgram("KillsItself");
  EXPECT_EQ(r.signal, SIGTERM);
  EXPECT_EQ(r.exit_status, -1);
  EXPECT_FALSE(Exited(r, 0));
}

MN_BARE_PROGRAM(FillsBothPipes) {
  const std::string line(1000, 'x');
  for (int i = 0; i < 300; i++) {
    fprintf(stderr, "%s\n", line.c_str());
    puts(line.c_str());
  }
  return 0;
}

TEST(Process, OutputLargerThanAPipeArrivesWhole) {
  auto r = RunProgram("FillsBothPipes");
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_EQ(r.out.size(), 300u * 1001);
  EXPECT_EQ(r.err.size(), 300u * 1001);
}

MN_BARE_PROGRAM(DiesAsGoDoes) {
  printf("printed without a newline");
  fflush(stdout);
  fprintf(stderr, "panic: boom\n\ngoroutine 1 [running]:\n");
  _exit(2);
}

TEST(Process, DiedLooksAtStatusAndPrefix) {
  auto r = RunProgram("DiesAsGoDoes");
  EXPECT_TRUE(Died(r, "panic: boom\n\n"));
  EXPECT_FALSE(Died(r, "fatal error: "));
  EXPECT_FALSE(Died(RunProgram("ExitsWithSeven"), ""));
  EXPECT_EQ(r.out, "printed without a newline");
}

MN_BARE_PROGRAM(Hangs) {
  puts("about to hang");
  for (;;) pause();
}

TEST(Process, HangIsKilledAtTheDeadline) {
  auto r =
      RunProgram("Hangs", {.env = {}, .deadline = std::chrono::seconds(1)});
  EXPECT_TRUE(r.timed_out);
  EXPECT_FALSE(Exited(r, 0));
  EXPECT_EQ(r.out, "about to hang\n");
  EXPECT_THAT(r.Describe(), HasSubstr("still running after"));
}

MN_BARE_PROGRAM(WaitsForOneThatHangs) {
  printf("%s", RunProgram("Hangs").Describe().c_str());
  return 0;
}

TEST(Process, HangIsKilledBeforeBazelKillsTheTest) {
  auto r = RunProgram("WaitsForOneThatHangs", {.env = {{"TEST_TIMEOUT", "6"}}});
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_THAT(r.out, HasSubstr("still running after"));
}

MN_BARE_PROGRAM(LeavesAChild) {
  if (fork() == 0) {
    for (;;) pause();
  }
  return 3;
}

TEST(Process, ChildLeftBehindHoldsNothingUp) {
  EXPECT_TRUE(Exited(RunProgram("LeavesAChild"), 3));
}

MN_BARE_PROGRAM(HasFiveThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back(
        [] { std::this_thread::sleep_for(milliseconds(100)); });
  }
  for (auto& t : threads) t.join();
  return 0;
}

TEST(Process, ThreadsAreCounted) {
  EXPECT_GE(RunProgram("HasFiveThreads").max_threads, 5);
}

MN_BARE_PROGRAM(BurnsCpu) {
  const clock_t start = clock();
  while (clock() - start < CLOCKS_PER_SEC / 10) {
  }
  return 0;
}

TEST(Process, CpuTimeIsReported) {
  EXPECT_GE(RunProgram("BurnsCpu").cpu, milliseconds(90));
}

MN_BARE_PROGRAM(PrintsGomaxprocs) {
  const char* v = getenv("GOMAXPROCS");
  puts(v == nullptr ? "unset" : v);
  return 0;
}

TEST(Process, EnvironmentIsSetAndTheTestersOwnIsNotInherited) {
  setenv("GOMAXPROCS", "17", /*overwrite=*/1);
  EXPECT_EQ(RunProgram("PrintsGomaxprocs").out, "unset\n");
  EXPECT_EQ(RunProgram("PrintsGomaxprocs", {.env = {{"GOMAXPROCS", ""}}}).out,
            "\n");
  unsetenv("GOMAXPROCS");
}

TEST(Process, UnknownProgramIsNamed) {
  auto r = RunProgram("Misspelt");
  EXPECT_NE(r.exit_status, 0);
  EXPECT_THAT(r.err, HasSubstr("no program named `Misspelt`"));
  EXPECT_THAT(r.err, HasSubstr("ExitsWithSeven"));
}

TEST(Process, AnyExecutableRuns) {
  auto r = RunProcess({"/bin/sh", "-c", "echo out; echo err >&2; exit 4"});
  EXPECT_TRUE(Exited(r, 4));
  EXPECT_EQ(r.out, "out\n");
  EXPECT_EQ(r.err, "err\n");
}

}  // namespace
