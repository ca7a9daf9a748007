// When a process that has threads of its own is deadlocked, and when not: any
// of them could call in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "runtime/core/sched.h"
#include "runtime/foreign.h"
#include "runtime/mn.h"
#include "runtime/testing/kernel_threads.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using test::Died;
using test::Exited;
using test::Join;
using test::kCooperative;
using test::OnProcs;
using test::ProcessResult;
using test::RunProgram;

// Nothing of the runtime runs any more. Any thread.
bool NothingRuns() {
  RtLock lock(sched.lock);
  return sched.mcount.load() - sched.nmidle - sched.nmidlelocked -
             sched.nmsys <=
         0;
}

// For a thread that the runtime does not know, which nobody could wake.
void WaitUntilNothingRuns() {
  while (!NothingRuns()) ::usleep(100);
}

MN_PROGRAM(OnlyAForeignThreadIsLeft) {
  Chan<int> ch(0);
  std::atomic<bool> called{false};
  std::thread t([&] {
    Callback([&] { called = true; });
    WaitUntilNothingRuns();
    Callback([&] { ch.Send(13); });
  });
  while (!called) Gosched();
  const int got = ch.Recv();
  Join(t);
  return got;
}

TEST(ForeignThread, Dlk_IsNotReportedWhileOneThatCalledInLives) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(Exited(
        RunProgram("OnlyAForeignThreadIsLeft", OnProcs(procs, kCooperative)),
        13));
  }
}

// The policy of foreign.h: any thread that is not ours could call in.
int ReceiveFromOneThatHasNeverCalledIn() {
  Chan<int> ch(0);
  std::thread t([&] {
    WaitUntilNothingRuns();
    Callback([&] { ch.Send(13); });
  });
  const int got = ch.Recv();
  Join(t);
  return got;
}

MN_PROGRAM(AThreadHasNeverCalledIn) {
  return ReceiveFromOneThatHasNeverCalledIn();
}

TEST(ForeignThread, Dlk_IsNotReportedWhileOneThatMayCallInLives) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(Exited(
        RunProgram("AThreadHasNeverCalledIn", OnProcs(procs, kCooperative)),
        13));
  }
}

MN_PROGRAM(AThreadHasNeverCalledInAndProcIsGone) {
  if (::chroot("/dev") != 0) return 77;
  ::_exit(ReceiveFromOneThatHasNeverCalledIn());  // LSan wants /proc
}

TEST(ForeignThread, Dlk_IsNotReportedWhereProcIsGoneEither) {
  const ProcessResult r = RunProgram("AThreadHasNeverCalledInAndProcIsGone",
                                     OnProcs(1, kCooperative));
  if (r.exit_status == 77) GTEST_SKIP() << "may not chroot here";
  EXPECT_TRUE(Exited(r, 13));
}

MN_PROGRAM(TheForeignThreadEnds) {
  Chan<int> ch(0);
  std::atomic<bool> called{false};
  std::thread([&] {
    Callback([&] { called = true; });
    WaitUntilNothingRuns();
    puts("the foreign thread ends");
    fflush(stdout);
  }).detach();
  while (!called) Gosched();
  ch.Recv();
  return 0;
}

TEST(ForeignThread, Dlk_IsReportedOnceItHasEndedBesideSchedtraceToo) {
  const ProcessResult r = RunProgram(
      "TheForeignThreadEnds", OnProcs(1, "asyncpreemptoff=1,schedtrace=50"));
  EXPECT_EQ(r.exit_status, 2) << r.Describe();
  EXPECT_THAT(r.err, ::testing::HasSubstr(
                         "fatal error: all goroutines are asleep - deadlock!"));
}

TEST(ForeignThread, Dlk_IsReportedOnceItHasEnded) {
  for (int procs : {1, 4}) {
    const ProcessResult r =
        RunProgram("TheForeignThreadEnds", OnProcs(procs, kCooperative));
    EXPECT_TRUE(Died(r, "fatal error: all goroutines are asleep - deadlock!"));
    EXPECT_EQ(r.out, "the foreign thread ends\n");
  }
}

}  // namespace
}  // namespace mn
