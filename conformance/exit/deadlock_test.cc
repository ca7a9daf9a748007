// The deadlock report: when, with which text, and what it says of each
// goroutine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr char kDeadlock[] =
    "fatal error: all goroutines are asleep - deadlock!\n";

MN_PROGRAM(ReceivesFromNobody) {
  Chan<int> ch(0);
  ch.Recv();
  return 0;
}

TEST(Deadlock, IsReportedWhenNothingCanEverRun) {
  const ProcessResult r = RunProgram("ReceivesFromNobody");
  EXPECT_TRUE(
      Died(r, std::string(kDeadlock) + "\ngoroutine 1 [chan receive]:\n"));
  Measured("exit status " + std::to_string(r.exit_status));
}

// Goroutine 1 waits in the way that WAIT names.
MN_PROGRAM(WaitsForEver) {
  const std::string wait = TextParameter("WAIT");
  Chan<int> nil, ch(0);
  WaitGroup wg;
  Mutex mu;
  RWMutex rw;
  if (wait == "chan receive") ch.Recv();
  if (wait == "chan send") ch.Send(1);
  if (wait == "chan receive (nil chan)") nil.Recv();
  if (wait == "chan send (nil chan)") nil.Send(1);
  if (wait == "sync.WaitGroup.Wait") {
    wg.Add(1);
    wg.Wait();
  }
  if (wait == "sync.Mutex.Lock") {
    mu.Lock();
    mu.Lock();
  }
  if (wait == "sync.RWMutex.Lock") {
    rw.RLock();
    rw.Lock();
  }
  if (wait == "sync.RWMutex.RLock") {
    rw.Lock();
    rw.RLock();
  }
  if (wait == "sync.Cond.Wait") {
    Cond cond(mu);
    mu.Lock();
    cond.Wait();
  }
  return 0;
}

TEST(Deadlock, NamesWhatEachGoroutineWaitsFor) {
  const char* const reasons[] = {
      "chan receive",         "chan send",           "chan receive (nil chan)",
      "chan send (nil chan)", "sync.WaitGroup.Wait", "sync.Mutex.Lock",
      "sync.RWMutex.Lock",    "sync.RWMutex.RLock",  "sync.Cond.Wait",
  };
  for (const std::string reason : reasons) {
    const ProcessResult r =
        RunProgram("WaitsForEver", {.env = {{"WAIT", reason}}});
    EXPECT_TRUE(
        Died(r, std::string(kDeadlock) + "\ngoroutine 1 [" + reason + "]:\n"));
  }
  Measured(std::to_string(std::size(reasons)) + " wait reasons, as Go's");
}

MN_PROGRAM(ThreeWaitDifferently) {
  static Chan<int> ch(0), nil;
  static WaitGroup wg;
  wg.Add(1);
  Go([] { ch.Send(1); });
  Go([] { nil.Recv(); });
  wg.Wait();
  return 0;
}

TEST(Deadlock, ReportHasEveryGoroutine) {
  for (const std::string level : {"", "single"}) {
    const ProcessResult r =
        RunProgram("ThreeWaitDifferently", {.env = {{"GOTRACEBACK", level}}});
    EXPECT_TRUE(Died(r, kDeadlock));
    EXPECT_EQ(Dump(r.err).size(), 3u) << r.Describe();
    EXPECT_THAT(r.err, HasSubstr("goroutine 1 [sync.WaitGroup.Wait]:"));
    EXPECT_THAT(r.err, HasSubstr(" [chan send]:"));
    EXPECT_THAT(r.err, HasSubstr(" [chan receive (nil chan)]:"));
  }
  Measured("3 of 3 goroutines");
}

MN_PROGRAM(WokenByASleeper) {
  Chan<int> ch(0);
  Go([ch]() mutable {
    Sleep(milliseconds(50));
    ch.Send(1);
  });
  ch.Recv();
  return 0;
}

TEST(Deadlock, IsNotReportedWhileSomebodySleeps) {
  EXPECT_TRUE(Exited(RunProgram("WokenByASleeper"), 0));
  Measured("no report");
}

MN_PROGRAM(WokenByABlockedThread) {
  Chan<int> ch(0);
  Go([ch]() mutable {
    BlockingCall([] { usleep(50 * 1000); });
    ch.Send(1);
  });
  ch.Recv();
  return 0;
}

TEST(Deadlock, IsNotReportedDuringABlockingCall) {
  EXPECT_TRUE(Exited(RunProgram("WokenByABlockedThread"), 0));
  Measured("no report");
}

MN_PROGRAM(SleepsThenWaitsForEver) {
  Chan<int> ch(0);
  Go([] { Sleep(milliseconds(50)); });
  ch.Recv();
  return 0;
}

TEST(Deadlock, IsReportedAfterTheLastSleeperIsGone) {
  const ProcessResult r = RunProgram("SleepsThenWaitsForEver");
  EXPECT_TRUE(Died(r, kDeadlock));
  EXPECT_GE(r.wall, milliseconds(50));
  EXPECT_EQ(Dump(r.err).size(), 1u) << r.Describe();
  Measured("1 goroutine left, reported");
}

MN_PROGRAM(MainGoexits) {
  Go([] { Sleep(milliseconds(20)); });
  Go([] { Say("other", "ran"); });
  Goexit();
}

TEST(Deadlock, MainGoexitIsReportedOnceTheOthersHaveEnded) {
  const ProcessResult r = RunProgram("MainGoexits");
  EXPECT_TRUE(Died(
      r,
      "fatal error: no goroutines (main called runtime.Goexit) - deadlock!"));
  EXPECT_EQ(r.out, "other=ran\n");
  EXPECT_GE(r.wall, milliseconds(20));
  Measured("exit status 2, after the others");
}

MN_PROGRAM(MainGoexitsAndOneWaits) {
  static Chan<int> ch(0);
  Go([] { ch.Recv(); });
  Goexit();
}

TEST(Deadlock, MainGoexitWithAWaiterLeftIsAnOrdinaryDeadlock) {
  const ProcessResult r = RunProgram("MainGoexitsAndOneWaits");
  EXPECT_TRUE(Died(r, kDeadlock));
  EXPECT_EQ(Dump(r.err).size(), 1u) << r.Describe();
  Measured("all goroutines are asleep");
}

// Main waits for ever, pinned; with OTHERS=1 another one does so too.
MN_PROGRAM(PinnedOnesWait) {
  static Chan<int> ch(0);
  LockOSThread();
  if (Parameter("OTHERS") == 1) {
    Go([] {
      LockOSThread();
      ch.Recv();
    });
  }
  ch.Recv();
  return 0;
}

TEST(Deadlock, IsReportedOfPinnedGoroutines) {
  for (const std::string others : {"0", "1"}) {
    const ProcessResult r =
        RunProgram("PinnedOnesWait", {.env = {{"OTHERS", others}}});
    EXPECT_TRUE(Died(r, kDeadlock));
    EXPECT_EQ(Dump(r.err).size(), others == "0" ? 1u : 2u) << r.Describe();
    EXPECT_THAT(r.err,
                HasSubstr("goroutine 1 [chan receive, locked to thread]:"));
  }
  Measured("1 and 2 pinned goroutines, reported");
}

MN_PROGRAM(OneSpins) {
  Chan<int> ch(0);
  Go([ch]() mutable {
    const long long end = Nanotime() + 50'000'000;
    while (Nanotime() < end) {
    }
    ch.Send(1);
  });
  ch.Recv();
  return 0;
}

TEST(Deadlock, IsNotReportedWhileOneSpins) {
  for (int procs : {1, 2}) {
    EXPECT_TRUE(Exited(RunProgram("OneSpins", OnProcs(procs)), 0));
  }
  Measured("no report");
}

TEST(Deadlock, ReportIsOneLineIfTracesAreOff) {
  const ProcessResult r =
      RunProgram("ThreeWaitDifferently", {.env = {{"GOTRACEBACK", "none"}}});
  EXPECT_TRUE(Died(r, kDeadlock));
  EXPECT_EQ(Dump(r.err).size(), 0u) << r.Describe();
  Measured("0 of 3 goroutines");
}

}  // namespace
}  // namespace mn::conformance
