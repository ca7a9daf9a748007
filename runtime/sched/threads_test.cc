// Threads: the limit, what happens when the kernel refuses one, their reuse and
// their end.
#include "runtime/sched/threads.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <chrono>
#include <climits>
#include <string>
#include <thread>
#include <vector>

#include "runtime/core/in_runtime.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/testing/kernel_threads.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using test::Died;
using test::Exited;
using test::KernelThreads;
using test::OnProcs;
using test::ProcessOptions;
using test::ProcessResult;
using test::RunProgram;

constexpr int kDefaultLimit = 10'000;

// `n` goroutines in the kernel at once; returns the runtime's threads then.
int Storm(int n) {
  std::atomic<int> inside{0};
  std::atomic<bool> release{false};
  WaitGroup wg;
  for (int i = 0; i < n; i++) {
    wg.Go([&] {
      BlockingCall([&] {
        inside++;
        while (!release) ::usleep(500);
      });
    });
  }
  while (inside != n) Gosched();
  const int threads = NumThreads();
  release = true;
  wg.Wait();
  return threads;
}

// ---- THR-1: the limit ---------------------------------------------------

TEST(SetMaxThreads, Thr1_ReturnsThePreviousLimit) {
  EXPECT_EQ(SetMaxThreads(INT_MAX), kDefaultLimit);
  EXPECT_EQ(SetMaxThreads(500), INT_MAX);
  EXPECT_EQ(SetMaxThreads(kDefaultLimit), 500);
}

MN_PROGRAM(ExceedsTheLimit) {
  MUST(SetMaxThreads(10) == kDefaultLimit);
  MUST(Storm(7) <= 10);  // as many as are allowed
  Storm(20);
  return 0;
}

TEST(SetMaxThreads, Thr1_TheThreadThatWouldExceedItEndsTheProcess) {
  EXPECT_TRUE(Died(RunProgram("ExceedsTheLimit", OnProcs(1)),
                   "runtime: program exceeds 10-thread limit\n"
                   "fatal error: thread exhaustion\n"));
}

MN_PROGRAM(LimitBelowWhatThereIs) {
  Storm(10);
  MUST(NumThreads() > 5);
  SetMaxThreads(5);
  return 0;
}

TEST(SetMaxThreads, Thr1_ALimitBelowWhatThereIsEndsTheProcess) {
  EXPECT_TRUE(Died(RunProgram("LimitBelowWhatThereIs", OnProcs(1)),
                   "runtime: program exceeds 5-thread limit\n"
                   "fatal error: thread exhaustion\n"));
}

MN_PROGRAM(NegativeLimit) {
  SetMaxThreads(-1);
  return 0;
}

TEST(SetMaxThreads, Thr1_ANegativeLimitIsZero) {
  EXPECT_TRUE(Died(RunProgram("NegativeLimit"),
                   "runtime: program exceeds 0-thread limit\n"
                   "fatal error: thread exhaustion\n"));
}

// All call in at once: one more than there is room for, if they counted. Room
// is needed for threads that are about to be idle when another is made.
MN_PROGRAM(ForeignThreadsBeyondTheLimit) {
  constexpr int kForeign = 30;
  SetMaxThreads(NumThreads() + kForeign - 1);
  std::atomic<int> inside{0};
  Chan<int> leave(0);
  std::vector<std::thread> threads;
  for (int i = 0; i < kForeign; i++) {
    threads.emplace_back([&] {
      Callback([&] {
        inside++;
        leave.Next();
      });
    });
  }
  while (inside != kForeign) Gosched();
  leave.Close();
  BlockingCall([&] {
    for (auto& t : threads) t.join();
  });
  return 8;
}

TEST(SetMaxThreads, Thr1_ForeignThreadsDoNotCount) {
  // A goroutine that is interrupted keeps its thread, and needs one more.
  EXPECT_TRUE(Exited(RunProgram("ForeignThreadsBeyondTheLimit",
                                OnProcs(1, test::kCooperative)),
                     8));
}

// ---- THR-2: reuse -------------------------------------------------------

MN_PROGRAM(ThreeStorms) {
  const int first = Storm(100);
  const int second = Storm(100);
  const int third = Storm(50);
  MUST(first >= 100);
  MUST(second <= first + 5);
  MUST(third <= first + 5);
  return 8;
}

TEST(Threads, Thr2_ASecondStormUsesTheThreadsOfTheFirst) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(Exited(RunProgram("ThreeStorms", OnProcs(procs)), 8));
  }
}

MN_PROGRAM(DoesLittle) {
  WaitGroup wg;
  for (int i = 0; i < 100; i++) wg.Go([] { Sleep(milliseconds(1)); });
  wg.Wait();
  MUST(NumThreads() <= GOMAXPROCS() + 5);
  return 8;
}

TEST(Threads, AnOrdinaryProgramHasFew) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(Exited(RunProgram("DoesLittle", OnProcs(procs)), 8));
  }
}

MN_PROGRAM(CountsThreads) {
  for (int n : {0, 5, 20}) {
    if (n > 0) Storm(n);
    // One that is being made, or ends, is in one of the two only.
    while (NumThreads() != KernelThreads()) Sleep(milliseconds(1));
  }
  for (int i = 0; i < 5; i++) {
    WaitGroup wg;
    wg.Go([] { LockOSThread(); });  // ends a thread
    wg.Wait();
    while (NumThreads() != KernelThreads()) Sleep(milliseconds(1));
  }
  return 8;
}

TEST(NumThreads, IsWhatTheKernelSays) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(Exited(RunProgram("CountsThreads", OnProcs(procs)), 8));
  }
}

TEST(NumThreads, MayBeCalledByAnyThread) {
  int n = 0;
  std::thread([&] { n = NumThreads(); }).join();
  EXPECT_GE(n, 2);  // this one and sysmon
}

// ---- THR-4: idle threads ------------------------------------------------

// The pool that is kept, the main thread, sysmon, and the one that asks.
int Kept() { return GOMAXPROCS() + 4 + 3; }

ProcessOptions WithProfile(const char* profile, const char* godebug) {
  return {.env = {{"GOMAXPROCS", "2"},
                  {"MN_PROFILE", profile},
                  {"GODEBUG", godebug}}};
}

MN_PROGRAM(BusyWhileOthersIdle) {
  MUST(Storm(40) >= 40);
  while (NumThreads() > Kept()) Sleep(milliseconds(1));
  while (KernelThreads() > Kept()) Sleep(milliseconds(1));
  MUST(NumThreads() >= GOMAXPROCS() + 1);
  // They can be made again.
  MUST(Storm(40) >= 40);
  return 8;
}

TEST(Threads, Thr4_IdleThreadsEndWhileOthersWork) {
  EXPECT_TRUE(Exited(RunProgram("BusyWhileOthersIdle",
                                WithProfile("document", "idlethreadms=50")),
                     8));
}

// Nothing runs: not even a timer wakes anybody.
MN_PROGRAM(AllIdle) {
  int fds[2];
  MUST(::pipe(fds) == 0);
  MUST(Storm(60) >= 60);
  std::thread watcher([&] {  // the runtime does not know it
    while (NumThreads() > Kept()) ::usleep(1000);
    MUST(::write(fds[1], "x", 1) == 1);
  });
  char c = 0;
  MUST(BlockingCall([&] { return ::read(fds[0], &c, 1); }) == 1);
  watcher.join();
  return 8;
}

TEST(Threads, Thr4_IdleThreadsEndWhenNothingRuns) {
  EXPECT_TRUE(Exited(
      RunProgram("AllIdle", WithProfile("document", "idlethreadms=50")), 8));
}

int Reaped() {
  Storm(40);
  const int before = NumThreads();
  MUST(before >= 40);
  // Idle: all but the one that runs this, sysmon, and who looks for work.
  for (;;) {
    InRuntimeScope scope;
    RtLock lock(sched.lock);
    if (sched.nmidle >= before - 4) break;
  }
  InRuntimeScope scope;
  const std::int64_t tomorrow = Nanotime() + 86'400'000'000'000;
  return ReapIdleMs(tomorrow);
}

MN_PROGRAM(ADayLaterInTheDocumentsProfile) {
  MUST(Reaped() > 20);
  return 8;
}

MN_PROGRAM(ADayLaterInGosProfile) {
  MUST(Reaped() == 0);
  MUST(NumThreads() >= 40);
  MUST(!ThreadsMayBeReaped());
  return 8;
}

TEST(Threads, Thr4_TheLongIdleOnesAreEndedInOneGo) {
  EXPECT_TRUE(Exited(
      RunProgram("ADayLaterInTheDocumentsProfile", WithProfile("document", "")),
      8));
}

TEST(Threads, Thr4_InGosProfileTheyStayForEver) {
  EXPECT_TRUE(
      Exited(RunProgram("ADayLaterInGosProfile", WithProfile("go", "")), 8));
}

MN_PROGRAM(NotIdleForLong) {
  Storm(40);
  InRuntimeScope scope;
  MUST(IdleNs() == 3'600'000'000'000);
  MUST(ReapIdleMs(Nanotime()) == 0);
  return 8;
}

TEST(Threads, Thr4_ThreadsThatWereIdleForAMomentStay) {
  EXPECT_TRUE(
      Exited(RunProgram("NotIdleForLong",
                        WithProfile("document", "idlethreadms=3600000")),
             8));
}

TEST(Threads, Thr4_IdleMeansForFiveSeconds) {
  EXPECT_EQ(IdleNs(), 5'000'000'000);
}

MN_PROGRAM(IdlesForMoreThanAYear) {
  return IdleNs() > 365LL * 24 * 3600 * 1'000'000'000 ? 0 : 1;
}

TEST(Threads, Thr4_AnAbsurdTimeMeansForEver) {
  EXPECT_TRUE(Exited(
      RunProgram("IdlesForMoreThanAYear",
                 {.env = {{"GODEBUG", "idlethreadms=9223372036854775807"}}}),
      0));
}

}  // namespace
}  // namespace mn
