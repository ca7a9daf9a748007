// GOTRACEBACK and SetTraceback: how much a dying process says.
#include "runtime/diag/gotraceback.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <stdexcept>

#include "runtime/mn.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using test::Died;
using test::ProcessResult;
using test::RunProgram;
using test::StartTwoWaiters;
using test::TracesIn;

MN_PROGRAM(PanicAmongThree) {
  StartTwoWaiters();
  throw Panic("boom");
}

ProcessResult PanicWith(const char* gotraceback) {
  return RunProgram("PanicAmongThree", {.env = {{"GOTRACEBACK", gotraceback}}});
}

TEST(Gotraceback, NoneShowsNoGoroutine) {
  for (const char* value : {"none", "0"}) {
    const ProcessResult r = PanicWith(value);
    EXPECT_TRUE(Died(r, "panic: boom\n"));
    EXPECT_EQ(TracesIn(r.err), 0) << r.err;
  }
}

TEST(Gotraceback, SingleAndTheDefaultShowTheOneThatPanicked) {
  for (const char* value : {"", "single"}) {
    const ProcessResult r = PanicWith(value);
    EXPECT_TRUE(Died(r, "panic: boom\n\ngoroutine 1 [running]:\n"));
    EXPECT_EQ(TracesIn(r.err), 1) << r.err;
  }
}

TEST(Gotraceback, AllShowsThePanickingOneFirst) {
  for (const char* value : {"all", "1"}) {
    const ProcessResult r = PanicWith(value);
    EXPECT_TRUE(Died(r, "panic: boom\n\ngoroutine 1 [running]:\n"));
    EXPECT_EQ(TracesIn(r.err), 3) << r.err;
  }
}

TEST(Gotraceback, CrashEndsWithSigabrt) {
  const ProcessResult r = PanicWith("crash");
  EXPECT_EQ(r.signal, SIGABRT) << r.Describe();
  EXPECT_EQ(TracesIn(r.err), 3) << r.err;
}

MN_PROGRAM(Deadlock) {
  StartTwoWaiters();
  Chan<int>(0).Recv();
  return 0;
}

TEST(Gotraceback, NoneSilencesADeadlockToo) {
  const ProcessResult r =
      RunProgram("Deadlock", {.env = {{"GOTRACEBACK", "none"}}});
  EXPECT_TRUE(Died(r, "fatal error: all goroutines are asleep - deadlock!\n"));
  EXPECT_EQ(TracesIn(r.err), 0) << r.err;
}

TEST(Gotraceback, NonsenseMeansTheDefaultAndSaysSo) {
  for (const char* value : {"yes", "1x", "-1", "All"}) {
    EXPECT_FALSE(ParseGotraceback(value).has_value()) << value;
  }
  const ProcessResult r = PanicWith("All");
  EXPECT_TRUE(Died(r,
                   "runtime: GOTRACEBACK=All is not none, single, all, system, "
                   "crash or a number; using single\npanic: boom\n"));
  EXPECT_EQ(TracesIn(r.err), 1) << r.err;
}

// ---- SetTraceback -----------------------------------------------------------

MN_PROGRAM(SetsTracebackAndPanics) {
  SetTraceback(std::getenv("LEVEL"));
  StartTwoWaiters();
  throw Panic("boom");
}

ProcessResult PanicAfterSet(const char* gotraceback, const char* level) {
  return RunProgram("SetsTracebackAndPanics",
                    {.env = {{"GOTRACEBACK", gotraceback}, {"LEVEL", level}}});
}

TEST(SetTraceback, GoPan18_AddsToTheEnvironment) {
  EXPECT_EQ(TracesIn(PanicAfterSet("single", "all").err), 3);
  EXPECT_EQ(TracesIn(PanicAfterSet("none", "single").err), 1);
  EXPECT_EQ(PanicAfterSet("single", "crash").signal, SIGABRT);
}

TEST(SetTraceback, GoPan18_TakesNothingFromTheEnvironment) {
  EXPECT_EQ(TracesIn(PanicAfterSet("all", "single").err), 3);
  EXPECT_EQ(TracesIn(PanicAfterSet("single", "none").err), 1);
  EXPECT_EQ(PanicAfterSet("crash", "none").signal, SIGABRT);
}

TEST(SetTraceback, TheLastCallCounts) {
  SetTraceback("crash");
  SetTraceback("all");
  const TracebackSettings s = CurrentTraceback();
  EXPECT_EQ(s.level, 1);
  EXPECT_TRUE(s.all);
  EXPECT_FALSE(s.crash);
  SetTraceback("none");
  EXPECT_FALSE(CurrentTraceback().all);
}

TEST(SetTraceback, RefusesAWordThatMeansNothing) {
  try {
    SetTraceback("everything");
    FAIL() << "taken";
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(),
                 "mn::SetTraceback: \"everything\" is not none, single, all, "
                 "system, crash or a number");
  }
}

}  // namespace
}  // namespace mn
