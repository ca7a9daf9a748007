#include "runtime/diag/traceback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "runtime/base/sanitizer.h"
#include "runtime/core/getg.h"
#include "runtime/core/nanotime.h"
#include "runtime/mn.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using test::Died;
using test::ProcessOptions;
using test::ProcessResult;
using test::RunProgram;
using test::TracesIn;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// `[sync.WaitGroup.Wait]:` ... Functions of our own carry C names so that a
// test can say what it looks for.
extern "C" __attribute__((noinline)) void ReceiveForEver() {
  Chan<int> c(0);
  c.Recv();
  asm volatile("");  // not a tail call
}

extern "C" __attribute__((noinline)) void StartReceivers() {
  Go([] {
    ReceiveForEver();
    asm volatile("");
  });
  asm volatile("");
}

int Count(const std::string& text, const std::string& what) {
  int n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + 1)) {
    n++;
  }
  return n;
}

// The part of a report that is about the goroutine with this header.
std::string Section(const std::string& text, const std::string& header) {
  const std::size_t begin = text.find(header);
  if (begin == std::string::npos) return "no " + header + " in:\n" + text;
  const std::size_t end = text.find("\n\n", begin);
  return text.substr(begin, end - begin);
}

MN_PROGRAM(Deadlock) {
  StartReceivers();
  WaitGroup wg;
  wg.Add(1);
  wg.Wait();
  return 0;
}

TEST(Traceback, ADeadlockShowsEveryGoroutine) {
  const ProcessResult r = RunProgram("Deadlock");
  ASSERT_TRUE(
      Died(r, "fatal error: all goroutines are asleep - deadlock!\n\n"));
  EXPECT_EQ(TracesIn(r.err), 2) << r.err;
  EXPECT_THAT(r.err, HasSubstr("goroutine 1 [sync.WaitGroup.Wait]:\n"));
}

TEST(Traceback, AParkedGoroutineShowsTheProgramsFunctionsInOrder) {
  const ProcessResult r = RunProgram("Deadlock");
  const std::string receiver = Section(r.err, "[chan receive]:");
  const std::size_t inner = receiver.find("\nReceiveForEver(...)\n\t");
  const std::size_t outer = receiver.find("operator()");
  EXPECT_NE(inner, std::string::npos) << receiver;
  EXPECT_NE(outer, std::string::npos) << receiver;
  EXPECT_LT(inner, outer) << receiver;
}

TEST(Traceback, AFrameNamesFileLineAndOffset) {
  const ProcessResult r = RunProgram("Deadlock");
  const std::string receiver = Section(r.err, "[chan receive]:");
  EXPECT_THAT(receiver, ContainsRegex("ReceiveForEver[(]...[)]\n"
                                      "\t[^\n]*traceback_test.cc:[1-9][0-9]* "
                                      "[+]0x[0-9a-f]+\n"));
}

TEST(Traceback, TheRuntimesOwnFramesAreLeftOut) {
  const ProcessResult r = RunProgram("Deadlock");
  EXPECT_THAT(r.err, Not(HasSubstr("Gopark")));
  EXPECT_THAT(r.err, Not(HasSubstr("Hchan")));
  EXPECT_THAT(r.err, Not(HasSubstr("GoroutineEntry")));
  EXPECT_THAT(r.err, Not(HasSubstr("make_fcontext")));
}

TEST(Traceback, SystemShowsTheRuntimesFramesToo) {
  const ProcessResult r =
      RunProgram("Deadlock", {.env = {{"GOTRACEBACK", "system"}}});
  ASSERT_TRUE(Died(r, "fatal error: all goroutines are asleep - deadlock!\n"));
  EXPECT_THAT(r.err, HasSubstr("GoroutineEntry"));
  EXPECT_THAT(r.err, HasSubstr(" gp=0x"));
  EXPECT_THAT(r.err, HasSubstr("\nruntime stack:\n"));
}

TEST(Traceback, SaysWhoCreatedAGoroutine) {
  const ProcessResult r = RunProgram("Deadlock");
  const std::string receiver = Section(r.err, "[chan receive]:");
  EXPECT_THAT(receiver,
              ContainsRegex("\ncreated by StartReceivers in goroutine "
                            "1\n\t[^\n]*traceback_test.cc:[0-9]+"));
  EXPECT_THAT(Section(r.err, "goroutine 1 ["), Not(HasSubstr("created by")));
}

// Two that wait; the frame pointer of the first leads to a caller at address 5,
// as that of one that runs again may.
MN_PROGRAM(AStackLeadsNowhere) {
  std::atomic<G*> damaged{nullptr}, sound{nullptr};
  for (std::atomic<G*>* g : {&damaged, &sound}) {
    Go([g] {
      *g = getg();
      ReceiveForEver();
    });
    while (*g == nullptr ||
           g->load()->status.load(memory_order_relaxed) != GStatus::kWaiting) {
      Gosched();
    }
  }
  auto* frame = reinterpret_cast<std::uintptr_t*>(damaged.load()->stack_lo);
  frame[0] = 0;
  frame[1] = 5;
  damaged.load()->fp = frame;
  throw Panic("boom");
}

TEST(Traceback, AStackThatLeadsNowhereEndsItsOwnTraceOnly) {
  if (MN_TSAN || MN_ASAN) GTEST_SKIP() << "see SurvivesFaults";
  const ProcessResult r =
      RunProgram("AStackLeadsNowhere", {.env = {{"GOTRACEBACK", "all"}}});
  ASSERT_TRUE(Died(r, "panic: boom\n"));
  EXPECT_THAT(r.err,
              HasSubstr("it runs again, or its stack is damaged\ncreated by"));
  EXPECT_THAT(r.err, HasSubstr("ReceiveForEver"));
}

// Nothing of the scheduler sets `waitsince` yet.
MN_PROGRAM(WaitsForMinutes) {
  G* waiter = nullptr;
  Go([&] {
    waiter = getg();
    ReceiveForEver();
  });
  while (waiter == nullptr ||
         waiter->status.load(memory_order_relaxed) != GStatus::kWaiting) {
    Gosched();
  }
  waiter->waitsince = Nanotime() - 130'000'000'000;
  throw Panic("boom");
}

TEST(Traceback, AGoroutineThatWaitsForMinutesSaysSo) {
  const ProcessResult r =
      RunProgram("WaitsForMinutes",
                 {.env = {{"GOTRACEBACK", "all"}, {"GOMAXPROCS", "1"}}});
  ASSERT_TRUE(Died(r, "panic: boom\n"));
  EXPECT_THAT(r.err, HasSubstr(" [chan receive, 2 minutes]:\n"));
}

extern "C" __attribute__((noinline)) int CompareParking(const void*,
                                                        const void*) {
  ReceiveForEver();
  asm volatile("");
  return 0;
}

extern "C" __attribute__((noinline)) void SortParking() {
  int ints[] = {2, 1};
  qsort(ints, 2, sizeof ints[0], &CompareParking);
  asm volatile("");
}

MN_PROGRAM(ParkedInsideQsort) {
  SortParking();
  return 0;
}

// libc's qsort keeps no frame pointer.
TEST(Traceback, AParkedGoroutineIsFollowedThroughForeignCode) {
  const ProcessResult r = RunProgram("ParkedInsideQsort");
  ASSERT_TRUE(Died(r, "fatal error: all goroutines are asleep - deadlock!\n"));
  EXPECT_THAT(r.err, HasSubstr("\nCompareParking(...)\n"));
  EXPECT_THAT(r.err, HasSubstr("\nSortParking(...)\n"));
}

MN_PROGRAM(NotRunYet) {
  Go([] { ReceiveForEver(); });
  throw Panic("early");
}

TEST(Traceback, AGoroutineThatHasNotRunShowsWhereItWillStart) {
  const ProcessResult r =
      RunProgram("NotRunYet", {.env = {{"GOTRACEBACK", "all"},
                                       {"GOMAXPROCS", "1"},
                                       {"GODEBUG", test::kCooperative}}});
  ASSERT_TRUE(Died(r, "panic: early\n"));
  EXPECT_THAT(Section(r.err, "[runnable]:"), HasSubstr("RunCallable"));
}

MN_PROGRAM(OneRunsElsewhere) {
  mn::atomic<bool> running{false};
  Go([&] {
    running = true;
    for (;;) asm volatile("");  // a loop without effects is undefined
  });
  while (!running) Gosched();
  throw Panic("boom");
}

TEST(Traceback, ARunningGoroutinesStackIsNotAvailable) {
  const ProcessResult r =
      RunProgram("OneRunsElsewhere",
                 {.env = {{"GOTRACEBACK", "all"}, {"GOMAXPROCS", "2"}}});
  ASSERT_TRUE(Died(r, "panic: boom\n"));
  EXPECT_EQ(TracesIn(r.err), 2) << r.err;
  EXPECT_THAT(
      r.err,
      HasSubstr("\tgoroutine running on other thread; stack unavailable\n"));
}

// ---- elision --------------------------------------------------------------

extern "C" __attribute__((noinline)) int Descend(int n) {
  if (n <= 1) throw Panic("bottom");
  const int below = Descend(n - 1);
  asm volatile("");
  return below + 1;
}

// The trace has n frames of Descend and the program's body.
#define MN_DESCENT(n)         \
  MN_PROGRAM(Descend##n) {    \
    const int r = Descend(n); \
    asm volatile("");         \
    return r;                 \
  }
MN_DESCENT(99)
MN_DESCENT(100)
MN_DESCENT(109)

TEST(Traceback, AHundredFramesArePrintedInFull) {
  const ProcessResult r = RunProgram("Descend99");
  ASSERT_TRUE(Died(r, "panic: bottom\n"));
  EXPECT_EQ(Count(r.err, "\nDescend(...)\n"), 99);
  EXPECT_EQ(Count(r.err, "frames elided"), 0) << r.err;
}

TEST(Traceback, MoreAreElidedInTheMiddle) {
  ProcessResult r = RunProgram("Descend100");
  ASSERT_TRUE(Died(r, "panic: bottom\n"));
  EXPECT_THAT(r.err, HasSubstr("\n...1 frames elided...\n"));
  EXPECT_EQ(Count(r.err, "\nDescend(...)\n"), 99);
  r = RunProgram("Descend109");
  EXPECT_THAT(r.err, HasSubstr("\n...10 frames elided...\n"));
}

// ---- stack overflow: a report from a signal handler -------------------------

extern "C" __attribute__((noinline)) int Overflow(int n) {
  volatile char frame[256];
  frame[0] = static_cast<char>(n);
  return n < 0 ? 0 : Overflow(n + 1) + frame[0];
}

MN_PROGRAM(StackOverflow) {
  WaitGroup wg;
  wg.Go([] {
    const int n = Overflow(0);
    asm volatile("" : : "r"(n));
  });
  wg.Wait();
  return 0;
}

TEST(Traceback, AStackOverflowShowsWhoRecursed) {
  const ProcessResult r = RunProgram("StackOverflow");
  ASSERT_TRUE(Died(r, "runtime: goroutine stack exceeds 65536-byte limit\n"));
  EXPECT_THAT(r.err, HasSubstr("\nfatal error: stack overflow\n"));
  EXPECT_THAT(r.err, HasSubstr(" [running]:\nOverflow(...)\n"));
  EXPECT_THAT(r.err, HasSubstr(" frames elided...\n"));
}

// ---- in a program that lives on ---------------------------------------------

extern "C" __attribute__((noinline)) void PrintFromHere() {
  PrintAllGoroutines();
  asm volatile("");
}

MN_PROGRAM(PrintAndGoOn) {
  WaitGroup release, done;
  release.Add(1);
  done.Go([&] { release.Wait(); });
  Gosched();
  PrintFromHere();
  PrintFromHere();
  release.Done();
  done.Wait();
  return 7;
}

TEST(Traceback, PrintAllGoroutinesReturns) {
  const ProcessResult r =
      RunProgram("PrintAndGoOn", {.env = {{"GOMAXPROCS", "1"}}});
  EXPECT_TRUE(test::Exited(r, 7));
  EXPECT_EQ(TracesIn(r.err), 4) << r.err;
  EXPECT_EQ(Count(r.err, "goroutine 1 [running]:\nPrintFromHere(...)\n"), 2)
      << r.err;
}

}  // namespace
}  // namespace mn
