// Panics: what ends the process, what it prints, and what can be caught.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

MN_PROGRAM(MainPanics) { throw Panic("test"); }

CLAIM(Panic, InMainNamesGoroutineOne,
      {.id = "panic.main",
       .section = 0,
       .source = "go:PAN-02",
       .says = "An exception that leaves main ends the process with `panic: "
               "TEXT`, the trace of goroutine 1 and status 2."}) {
  const ProcessResult r = RunProgram("MainPanics");
  EXPECT_TRUE(Died(r, "panic: test\n\ngoroutine 1 [running]:\n"));
  Measured("exit status " + std::to_string(r.exit_status));
}

// The others: one waits, one spins on a P of its own.
MN_PROGRAM(GoroutinePanics) {
  static std::atomic<bool> spinning{false};
  static Chan<int> ch(0);
  Go([] {
    spinning = true;
    for (;;) Spin();
  });
  while (!spinning) Gosched();
  Go([] { throw std::runtime_error("boom"); });
  ch.Recv();
  return 0;
}

CLAIM(Panic, InAnyGoroutineEndsTheProcess,
      {.id = "panic.any_goroutine",
       .section = 0,
       .source = "go:PAN-01",
       .says = "An exception that leaves any goroutine ends the process, "
               "whatever the others are doing."}) {
  const ProcessResult r = RunProgram("GoroutinePanics", OnProcs(2));
  // The type of a C++ exception may follow its text on the first line.
  EXPECT_TRUE(Died(r, "panic: boom"));
  EXPECT_EQ(r.err.find("\n\ngoroutine "), r.err.find('\n')) << r.Describe();
  ASSERT_GE(Dump(r.err).size(), 1u) << r.Describe();
  EXPECT_GT(Dump(r.err)[0].id, 1);
  EXPECT_EQ(Dump(r.err)[0].wait, "running");
  Measured("exit status 2 while another goroutine spins");
}

// WHAT names the misuse; CATCH=1 catches it.
MN_PROGRAM(MisusesAChannel) {
  const std::string what = TextParameter("WHAT");
  auto misuse = [&what] {
    Chan<int> nil, ch(1);
    if (what == "close of nil channel") nil.Close();
    if (what == "makechan: size out of range") Chan<int>(-1);
    if (what == "sync: negative WaitGroup counter") WaitGroup().Add(-1);
    ch.Close();
    if (what == "close of closed channel") ch.Close();
    if (what == "send on closed channel") ch.Send(1);
  };
  if (Parameter("CATCH") == 0) {
    misuse();
    return 0;
  }
  try {
    misuse();
  } catch (const Panic& e) {
    Say("caught", e.what());
  }
  return 0;
}

const char* const kMisuses[] = {
    "send on closed channel",
    "close of closed channel",
    "close of nil channel",
    "makechan: size out of range",
    "sync: negative WaitGroup counter",
};

CLAIM(
    Panic, SendOnAClosedChannelPanics,
    {.id = "panic.send_on_closed",
     .section = 0,
     .source = "Go chan.go chansend",
     .says =
         "A send on a closed channel panics with `send on closed channel`."}) {
  const ProcessResult r =
      RunProgram("MisusesAChannel",
                 {.env = {{"WHAT", "send on closed channel"}, {"CATCH", "0"}}});
  EXPECT_TRUE(
      Died(r, "panic: send on closed channel\n\ngoroutine 1 [running]:\n"));
  Measured("exit status " + std::to_string(r.exit_status));
}

CLAIM(Panic, MisusePanicsWithGosText,
      {.id = "panic.texts",
       .section = 0,
       .source = "Go chan.go, sync/waitgroup.go",
       .says = "Misuse of channels and wait groups panics with Go's texts."}) {
  for (const std::string what : kMisuses) {
    const ProcessResult r = RunProgram(
        "MisusesAChannel", {.env = {{"WHAT", what}, {"CATCH", "0"}}});
    EXPECT_TRUE(Died(r, "panic: " + what + "\n\ngoroutine 1 [running]:\n"));
  }
  Measured(std::to_string(std::size(kMisuses)) + " texts, as Go's");
}

CLAIM(Panic, CanBeCaughtAsAnOrdinaryException,
      {.id = "panic.catchable",
       .section = 0,
       .source = "go:PAN-13",
       .says = "The runtime's panics can be caught as exceptions, and the "
               "program goes on."}) {
  for (const std::string what : kMisuses) {
    const ProcessResult r = RunProgram(
        "MisusesAChannel", {.env = {{"WHAT", what}, {"CATCH", "1"}}});
    EXPECT_TRUE(Exited(r, 0));
    EXPECT_EQ(Text(r, "caught"), what);
  }
  Measured(std::to_string(std::size(kMisuses)) + " of " +
           std::to_string(std::size(kMisuses)) + " caught");
}

// A sender that waits when the channel is closed panics too.
MN_PROGRAM(ClosesUnderASender) {
  static Chan<int> ch(0);
  static bool sending = false;
  Go([] {
    sending = true;
    ch.Send(1);
  });
  while (!sending) Gosched();
  Gosched();
  ch.Close();
  Chan<int>(0).Recv();
  return 0;
}

CLAIM(Panic, CloseWakesAWaitingSenderWithAPanic,
      {.id = "panic.close_wakes_sender",
       .section = 0,
       .source = "Go chan.go closechan",
       .says = "Closing a channel panics the senders that wait on it."}) {
  EXPECT_TRUE(Died(RunProgram("ClosesUnderASender", OnProcs(1)),
                   "panic: send on closed channel\n\ngoroutine "));
  Measured("exit status 2");
}

MN_PROGRAM(GoOfNothing) {
  try {
    Go(std::function<void()>());
  } catch (...) {
    Say("caught", 1);
  }
  return 0;
}

CLAIM(
    Panic, GoOfANullFunctionIsFatal,
    {.id = "panic.go_nil",
     .section = 0,
     .source = "go:PAN-11",
     .says =
         "Starting a null function is a fatal error that cannot be caught."}) {
  const ProcessResult r = RunProgram("GoOfNothing");
  EXPECT_TRUE(Died(r, "fatal error: go of nil func value\n"));
  EXPECT_THAT(r.out, Not(HasSubstr("caught")));
  Measured("exit status 2, cannot be caught");
}

}  // namespace
}  // namespace mn::conformance
