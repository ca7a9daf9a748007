// A pinned goroutine ends, and its thread with it (LOT-4), or it waits for
// ever.
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "runtime/mn.h"
#include "runtime/testing/kernel_threads.h"
#include "runtime/testing/pinned.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using test::AllPsMeet;
using test::Died;
using test::Exited;
using test::kCooperative;
using test::OnProcs;
using test::PinnedCrowd;
using test::ProcessResult;
using test::RunProgram;
using test::RunToItsEnd;
using test::SamePs;
using test::ThreadLives;
using test::ThreadsThatRunGoroutines;

constexpr char kDeadlock[] =
    "fatal error: all goroutines are asleep - deadlock!";

// Goroutine 1 keeps the main thread; another one ends pinned.
void EndsPinnedElsewhere(bool by_goexit) {
  LockOSThread();
  MUST(Gettid() == ::getpid());
  int tid = 0;
  RunToItsEnd([&] {
    LockOSThread();
    LockOSThread();  // however often
    tid = Gettid();
    if (by_goexit) Goexit();
  });
  MUST(tid != 0 && tid != ::getpid());
  while (ThreadLives(tid)) Sleep(milliseconds(1));
}

MN_PROGRAM(ReturnsPinned) {
  EndsPinnedElsewhere(false);
  return 4;
}
MN_PROGRAM(GoexitsPinned) {
  EndsPinnedElsewhere(true);
  return 4;
}

// go:CGO-09, with those that follow.
TEST(LockOSThread, Lot4_ReturningWhilePinnedEndsTheThread) {
  EXPECT_TRUE(Exited(RunProgram("ReturnsPinned", OnProcs(1, kCooperative)), 4));
}

TEST(LockOSThread, Lot4_GoexitWhilePinnedEndsTheThread) {
  EXPECT_TRUE(Exited(RunProgram("GoexitsPinned", OnProcs(1, kCooperative)), 4));
}

MN_PROGRAM(UnlocksBeforeItEnds) {
  LockOSThread();
  MUST(Gettid() == ::getpid());
  int tid = 0;
  RunToItsEnd([&] {
    LockOSThread();
    tid = Gettid();
    UnlockOSThread();
  });
  // Once on the thread of the next one: it was not ended.
  int next = 0;
  while (next != tid) RunToItsEnd([&] { next = Gettid(); });
  return 4;
}

TEST(LockOSThread, Lot4_AThreadThatWasUnlockedGoesOnWithOthers) {
  EXPECT_TRUE(
      Exited(RunProgram("UnlocksBeforeItEnds", OnProcs(1, kCooperative)), 4));
}

MN_PROGRAM(TwentyEndPinned) {
  std::vector<int> tids(20);
  std::atomic<int> pinned{0};
  WaitGroup wg;
  for (int& tid : tids) {
    wg.Go([&] {
      LockOSThread();
      tid = Gettid();
      pinned++;
      while (pinned != 20) Gosched();
    });
  }
  wg.Wait();
  MUST(std::set<int>(tids.begin(), tids.end()).size() == 20);
  for (int tid : tids) {
    while (tid != ::getpid() && ThreadLives(tid)) Sleep(milliseconds(1));
  }
  while (NumGoroutine() != 1) Sleep(milliseconds(1));
  AllPsMeet();  // no P went with them
  return 4;
}

TEST(LockOSThread, Lot4_TwentyThreadsEndAndNoP) {
  EXPECT_TRUE(Exited(RunProgram("TwentyEndPinned", SamePs()), 4));
}

// On one P the first goroutine that main waits for runs on the main thread.
MN_PROGRAM(EndsPinnedOnTheMainThread) {
  MUST(Gettid() == ::getpid());
  int tid = 0;
  RunToItsEnd([&] {
    LockOSThread();
    tid = Gettid();
  });
  MUST(tid == ::getpid());
  MUST(Gettid() != ::getpid());  // goroutine 1 goes on elsewhere
  const std::set<int> tids = ThreadsThatRunGoroutines(10);
  MUST(tids.size() >= 8);
  MUST(!tids.contains(::getpid()));
  // It falls asleep and does not end: its end would be the end of the process.
  for (std::string line; line.find(") S ") == line.npos;
       Sleep(milliseconds(1))) {
    MUST(ThreadLives(::getpid()));
    std::ifstream stat("/proc/self/task/" + std::to_string(::getpid()) +
                       "/stat");
    std::getline(stat, line);
  }
  atexit([] { puts("exit handlers ran"); });
  return 4;
}

TEST(LockOSThread, Lot4_TheMainThreadIsParkedForEverAndNeverReused) {
  const ProcessResult r =
      RunProgram("EndsPinnedOnTheMainThread", OnProcs(1, kCooperative));
  EXPECT_TRUE(Exited(r, 4));
  EXPECT_EQ(r.out, "exit handlers ran\n");
}

MN_PROGRAM(MainGoexitsPinned) {
  LockOSThread();
  Go([] {
    for (int i = 0; i < 10; i++) Sleep(milliseconds(1));
    puts("the other one ended");
  });
  Goexit();
}

TEST(LockOSThread, Lot4_MainGoexitWhilePinnedLetsTheOthersEnd) {
  for (int procs : {1, 4}) {
    const ProcessResult r =
        RunProgram("MainGoexitsPinned", OnProcs(procs, kCooperative));
    EXPECT_TRUE(Died(r,
                     "fatal error: no goroutines (main called runtime.Goexit) "
                     "- deadlock!"));
    EXPECT_EQ(r.out, "the other one ended\n");
  }
}

// ---- deadlocks ----------------------------------------------------------

MN_PROGRAM(MainDeadlocksPinned) {
  LockOSThread();
  Chan<int> ch(0);
  ch.Recv();
  return 0;
}

TEST(LockOSThread, Dlk_IsReportedWhenTheOnlyGoroutineIsPinned) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(
        Died(RunProgram("MainDeadlocksPinned", OnProcs(procs, kCooperative)),
             kDeadlock));
  }
}

MN_PROGRAM(ManyDeadlockPinned) {
  Chan<int> ch(0);
  PinnedCrowd crowd(10, [ch]() mutable { ch.Recv(); });
  crowd.WaitForTheEnd();
  return 0;
}

TEST(LockOSThread, Dlk_IsReportedWhenManyArePinned) {
  for (int procs : {1, 2, 8}) {
    EXPECT_TRUE(
        Died(RunProgram("ManyDeadlockPinned", OnProcs(procs, kCooperative)),
             kDeadlock));
  }
}

MN_PROGRAM(LastRunnerEndsPinned) {
  Chan<int> ch(0);
  Go([] {
    LockOSThread();
    Sleep(milliseconds(5));
  });
  ch.Recv();
  return 0;
}

TEST(LockOSThread, Dlk_IsReportedWhenTheLastRunnerEndsPinned) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(
        Died(RunProgram("LastRunnerEndsPinned", OnProcs(procs, kCooperative)),
             kDeadlock));
  }
}

MN_PROGRAM(SleepsPinned) {
  LockOSThread();
  Sleep(milliseconds(100));
  return 7;
}

TEST(LockOSThread, Dlk_IsNotReportedWhileAPinnedOneSleeps) {
  EXPECT_TRUE(Exited(RunProgram("SleepsPinned", SamePs()), 7));
}

}  // namespace
}  // namespace mn
