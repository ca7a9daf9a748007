// Panics: what ends the process, what it prints, and what can be caught.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>

#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

MN_PROGRAM(MainPanics) { throw Panic("test"); }

TEST(Panic, InMainNamesGoroutineOne) {
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

TEST(Panic, InAnyGoroutineEndsTheProcess) {
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

TEST(Panic, SendOnAClosedChannelPanics) {
  const ProcessResult r =
      RunProgram("MisusesAChannel",
                 {.env = {{"WHAT", "send on closed channel"}, {"CATCH", "0"}}});
  EXPECT_TRUE(
      Died(r, "panic: send on closed channel\n\ngoroutine 1 [running]:\n"));
  Measured("exit status " + std::to_string(r.exit_status));
}

TEST(Panic, MisusePanicsWithGosText) {
  for (const std::string what : kMisuses) {
    const ProcessResult r = RunProgram(
        "MisusesAChannel", {.env = {{"WHAT", what}, {"CATCH", "0"}}});
    EXPECT_TRUE(Died(r, "panic: " + what + "\n\ngoroutine 1 [running]:\n"));
  }
  Measured(std::to_string(std::size(kMisuses)) + " texts, as Go's");
}

TEST(Panic, CanBeCaughtAsAnOrdinaryException) {
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

TEST(Panic, CloseWakesAWaitingSenderWithAPanic) {
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

TEST(Panic, GoOfANullFunctionIsFatal) {
  const ProcessResult r = RunProgram("GoOfNothing");
  EXPECT_TRUE(Died(r, "fatal error: go of nil func value\n"));
  EXPECT_THAT(r.out, Not(HasSubstr("caught")));
  Measured("exit status 2, cannot be caught");
}

}  // namespace
}  // namespace mn::conformance
