#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include "runtime/mn.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using test::Died;
using test::ProcessResult;
using test::RunProgram;
using testing::HasSubstr;

extern "C" __attribute__((noinline)) void ThrowRuntimeError() {
  throw std::runtime_error("boom");
}

MN_PROGRAM(ThrowPanic) { throw Panic("test"); }
MN_PROGRAM(ThrowStandard) {
  ThrowRuntimeError();
  return 0;
}
MN_PROGRAM(ThrowString) { throw std::string("text"); }
MN_PROGRAM(ThrowCString) { throw "text"; }
MN_PROGRAM(ThrowInt) { throw 42; }
struct Custom {};
MN_PROGRAM(ThrowCustom) { throw Custom(); }

TEST(PanicReport, APanicLooksLikeGos) {
  const ProcessResult r = RunProgram("ThrowPanic");
  EXPECT_TRUE(Died(r, "panic: test\n\ngoroutine 1 [running]:\n"));
}

TEST(PanicReport, AStandardExceptionAlsoNamesItsType) {
  EXPECT_TRUE(Died(RunProgram("ThrowStandard"),
                   "panic: boom [std::runtime_error]\n\n"
                   "goroutine 1 [running]:\n"));
}

TEST(PanicReport, TheTraceStartsWhereItWasThrown) {
  EXPECT_THAT(RunProgram("ThrowStandard").err,
              HasSubstr("[running]:\nThrowRuntimeError(...)\n"));
}

TEST(PanicReport, OtherValuesAreShownIfTheyCanBe) {
  EXPECT_TRUE(Died(RunProgram("ThrowString"), "panic: text [std::string]\n\n"));
  EXPECT_TRUE(
      Died(RunProgram("ThrowCString"), "panic: text [char const*]\n\n"));
  EXPECT_TRUE(Died(RunProgram("ThrowInt"), "panic: 42 [int]\n\n"));
  EXPECT_TRUE(Died(RunProgram("ThrowCustom"),
                   "panic: (mn::(anonymous namespace)::Custom)\n\n"));
}

MN_PROGRAM(ThrowInGoroutine) {
  WaitGroup wg;
  wg.Go([] { ThrowRuntimeError(); });
  wg.Wait();
  return 0;
}

TEST(PanicReport, NamesTheGoroutineThatThrew) {
  const ProcessResult r = RunProgram("ThrowInGoroutine");
  ASSERT_TRUE(Died(r, "panic: boom [std::runtime_error]\n\ngoroutine "));
  EXPECT_THAT(r.err, testing::Not(HasSubstr("goroutine 1 [running]")));
  EXPECT_THAT(r.err, HasSubstr("\nThrowRuntimeError(...)\n"));
}

MN_PROGRAM(ThrowNested) {
  try {
    try {
      throw Panic("first");
    } catch (...) {
      std::throw_with_nested(std::logic_error("second"));
    }
  } catch (...) {
    std::throw_with_nested(Panic("third"));
  }
}

TEST(PanicReport, NestedExceptionsComeOldestFirst) {
  EXPECT_TRUE(Died(RunProgram("ThrowNested"),
                   "panic: first\n"
                   "\tpanic: second [std::logic_error]\n"
                   "\tpanic: third\n\n"
                   "goroutine 1 [running]:\n"));
}

MN_PROGRAM(Rethrow) {
  try {
    throw Panic("again");
  } catch (const Panic&) {
    throw;
  }
}

TEST(PanicReport, ARethrownExceptionIsReported) {
  EXPECT_TRUE(Died(RunProgram("Rethrow"), "panic: again\n\ngoroutine 1 "));
}

__attribute__((noinline)) void Promise() noexcept { ThrowRuntimeError(); }

MN_PROGRAM(ThrowThroughNoexcept) {
  try {
    Promise();
  } catch (...) {
  }
  return 0;
}

// gcc still has the frame that threw; clang unwinds up to the broken promise.
TEST(PanicReport, ABrokenNoexceptIsReportedInside) {
  const ProcessResult r = RunProgram("ThrowThroughNoexcept");
  EXPECT_TRUE(Died(r, "panic: boom [std::runtime_error]\n\n"));
  EXPECT_THAT(r.err, HasSubstr("Promise(...)\n"));
}

MN_PROGRAM(Terminate) { std::terminate(); }

TEST(PanicReport, TerminateWithoutAnException) {
  EXPECT_TRUE(Died(RunProgram("Terminate"),
                   "fatal error: std::terminate called without an active "
                   "exception\n\ngoroutine 1 [running]:\n"));
}

struct Unspeakable : std::exception {
  const char* what() const noexcept override { std::terminate(); }
};
MN_PROGRAM(WhatTerminates) { throw Unspeakable(); }

TEST(PanicReport, AMessageThatPanicsStillEndsTheProcess) {
  EXPECT_TRUE(Died(RunProgram("WhatTerminates"),
                   "panic: panic while printing panic value\n"));
}

MN_PROGRAM(ThrowOnAThread) {
  std::thread([] { ThrowRuntimeError(); }).join();
  return 0;
}

TEST(PanicReport, AThreadOutsideTheRuntimeIsReportedToo) {
  const ProcessResult r = RunProgram("ThrowOnAThread");
  EXPECT_TRUE(Died(r,
                   "panic: boom [std::runtime_error]\n\n"
                   "thread outside the runtime:\n"));
  EXPECT_THAT(r.err, HasSubstr("\nThrowRuntimeError(...)\n"));
}

MN_PROGRAM(EverybodyThrows) {
  for (int i = 0; i < 100; i++) {
    Go([] { throw Panic("boom"); });
  }
  for (;;) Gosched();
}

TEST(PanicReport, ReportsDoNotMix) {
  const ProcessResult r =
      RunProgram("EverybodyThrows", {.env = {{"GOMAXPROCS", "4"}}});
  ASSERT_TRUE(Died(r, "panic: boom\n\ngoroutine "));
  EXPECT_EQ(r.err.find("panic: ", 1), std::string::npos) << r.err;
}

// A name this long takes more stack to demangle than the goroutine has.
template <int n>
struct Deep {
  template <class... T>
  __attribute__((noinline)) static void Throw(T... t) {
    Deep<n - 1>::Throw(t..., Deep<n>(), Deep<n + 100>());
    asm volatile("");
  }
};
template <>
struct Deep<0> {
  template <class... T>
  static void Throw(T...) {
    ThrowRuntimeError();
    asm volatile("");
  }
};

MN_PROGRAM(LongNamesOnASmallStack) {
  WaitGroup wg;
  wg.Add(1);
  Go({.stack_size = 32 * 1024}, [] {
    Deep<30>::Throw();
    asm volatile("");
  });
  wg.Wait();
  return 0;
}

TEST(PanicReport, NeedsNoRoomOnTheGoroutinesStack) {
  const ProcessResult r = RunProgram("LongNamesOnASmallStack");
  ASSERT_TRUE(Died(r, "panic: boom [std::runtime_error]\n\n"));
  EXPECT_THAT(r.err, HasSubstr("Throw<>(...)\n"));
  EXPECT_THAT(r.err, HasSubstr("Throw<...>(...)\n"));
}

}  // namespace
}  // namespace mn
