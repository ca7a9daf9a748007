// The deadlock report: when, with which text, and what it says of each
// goroutine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "conformance/claim.h"
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

CLAIM(Deadlock, IsReportedWhenNothingCanEverRun,
      {.id = "deadlock.report",
       .section = 0,
       .source = "Go checkdead, go:DLK-01",
       .says = "When no goroutine can ever run again the process says `all "
               "goroutines are asleep - deadlock!` and exits with status 2."}) {
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

CLAIM(
    Deadlock, NamesWhatEachGoroutineWaitsFor,
    {.id = "deadlock.wait_reason",
     .section = 0,
     .source = "Go runtime2.go waitReasonStrings, go:DLK-07",
     .says =
         "The report says of a goroutine what it waits for, in Go's words."}) {
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

CLAIM(Deadlock, ReportHasEveryGoroutine,
      {.id = "deadlock.every_goroutine",
       .section = 0,
       .source = "go:DLK-14",
       .says = "A deadlock report shows every goroutine, at GOTRACEBACK=single "
               "too."}) {
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

CLAIM(Deadlock, IsNotReportedWhileSomebodySleeps,
      {.id = "deadlock.not_while_asleep",
       .section = 0,
       .source = "Go checkdead: pending timers",
       .says = "There is no deadlock while a goroutine sleeps."}) {
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

CLAIM(
    Deadlock, IsNotReportedDuringABlockingCall,
    {.id = "deadlock.not_while_blocked",
     .section = 0,
     .source = "go:DLK-11",
     .says = "There is no deadlock while a thread is blocked in the kernel."}) {
  EXPECT_TRUE(Exited(RunProgram("WokenByABlockedThread"), 0));
  Measured("no report");
}

MN_PROGRAM(SleepsThenWaitsForEver) {
  Chan<int> ch(0);
  Go([] { Sleep(milliseconds(50)); });
  ch.Recv();
  return 0;
}

CLAIM(Deadlock, IsReportedAfterTheLastSleeperIsGone,
      {.id = "deadlock.after_last_timer",
       .section = 0,
       .source = "go:DLK-05",
       .says = "A deadlock is reported once the last sleeper has ended."}) {
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

CLAIM(Deadlock, MainGoexitIsReportedOnceTheOthersHaveEnded,
      {.id = "deadlock.main_goexit",
       .section = 0,
       .source = "go:DLK-04",
       .says =
           "After main's Goexit the others run to their end, then the process "
           "says that there are no goroutines and exits with status 2."}) {
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

CLAIM(Deadlock, MainGoexitWithAWaiterLeftIsAnOrdinaryDeadlock,
      {.id = "deadlock.main_goexit_waiter",
       .section = 0,
       .source = "go:DLK-06",
       .says = "After main's Goexit, a goroutine that waits for ever makes it "
               "an ordinary deadlock."}) {
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

CLAIM(Deadlock, IsReportedOfPinnedGoroutines,
      {.id = "deadlock.pinned",
       .section = 0,
       .source = "Go crash_test.go TestLockedDeadlock, go:DLK-03",
       .says = "That all who wait are pinned to their threads makes no "
               "difference."}) {
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

CLAIM(Deadlock, IsNotReportedWhileOneSpins,
      {.id = "deadlock.not_while_spinning",
       .section = 0,
       .source = "go:DLK-13",
       .says = "There is no deadlock while a goroutine computes."}) {
  for (int procs : {1, 2}) {
    EXPECT_TRUE(Exited(RunProgram("OneSpins", OnProcs(procs)), 0));
  }
  Measured("no report");
}

CLAIM(Deadlock, ReportIsOneLineIfTracesAreOff,
      {.id = "deadlock.no_traces",
       .section = 0,
       .source = "go:DLK-14",
       .says = "With GOTRACEBACK=none a deadlock report shows no goroutine."}) {
  const ProcessResult r =
      RunProgram("ThreeWaitDifferently", {.env = {{"GOTRACEBACK", "none"}}});
  EXPECT_TRUE(Died(r, kDeadlock));
  EXPECT_EQ(Dump(r.err).size(), 0u) << r.Describe();
  Measured("0 of 3 goroutines");
}

}  // namespace
}  // namespace mn::conformance
