// The report of a stack overflow, and what happens to faults that are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "runtime/core/sanitizer.h"
#include "runtime/mn.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using test::Died;
using test::Exited;
using test::ProcessResult;
using test::RunProgram;
using ::testing::HasSubstr;

// ASan and TSan replace SIGSEGV's meaning or the frames; they report overflows
// themselves in other words.
bool HandlerIsOurs() { return !MN_ASAN && !MN_TSAN; }

__attribute__((noinline)) int RecurseForEver(volatile int* p) {
  volatile char frame[256];
  frame[0] = static_cast<char>(*p);
  volatile int depth = *p + 1;
  if (depth < 0) return frame[0];
  return RecurseForEver(&depth) + frame[0];
}

MN_PROGRAM(Overflows) {
  Go([] {
    volatile int depth = 0;
    RecurseForEver(&depth);
  });
  Chan<int>().Recv();
  return 0;
}

TEST(Overflow, IsReportedWithTheSizeAndTheOption) {
  const ProcessResult r = RunProgram("Overflows");
  EXPECT_TRUE(Died(r, "runtime: goroutine stack exceeds 65536-byte limit\n"));
  EXPECT_THAT(r.err, HasSubstr("mn::Go({.stack_size = BYTES}, f)"));
  EXPECT_THAT(r.err, HasSubstr("fatal error: stack overflow\n"));
}

MN_PROGRAM(OverflowsALargeStack) {
  Go({.stack_size = 1 << 20}, [] {
    volatile int depth = 0;
    RecurseForEver(&depth);
  });
  Chan<int>().Recv();
  return 0;
}

TEST(Overflow, NamesTheSizeOfTheStackThatOverflowed) {
  EXPECT_TRUE(Died(RunProgram("OverflowsALargeStack"),
                   "runtime: goroutine stack exceeds 1048576-byte limit\n"));
}

MN_PROGRAM(OverflowsMain) {
  volatile int depth = 0;
  return RecurseForEver(&depth);
}

TEST(Overflow, OfMainIsReportedToo) {
  const ProcessResult r = RunProgram("OverflowsMain");
  EXPECT_TRUE(Died(r, "runtime: goroutine stack exceeds 8388608-byte limit\n"));
  EXPECT_THAT(r.err, HasSubstr("goroutine 1 overflowed"));
}

// While others run on other threads and while the goroutine has moved.
MN_PROGRAM(OverflowsAfterAMove) {
  for (int i = 0; i < 4; i++) {
    Go([] {
      for (;;) Gosched();
    });
  }
  Go([] {
    for (int i = 0; i < 100; i++) Gosched();
    volatile int depth = 0;
    RecurseForEver(&depth);
  });
  Chan<int>().Recv();
  return 0;
}

TEST(Overflow, IsReportedOnAnyThread) {
  EXPECT_TRUE(
      Died(RunProgram("OverflowsAfterAMove", {.env = {{"GOMAXPROCS", "4"}}}),
           "runtime: goroutine stack exceeds 65536-byte limit\n"));
}

MN_PROGRAM(WritesThroughABadPointer) {
  void* p =
      ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *static_cast<volatile int*>(p) = 1;
  return 0;
}

TEST(Fault, ThatIsNoOverflowKeepsItsMeaning) {
  if (!HandlerIsOurs()) GTEST_SKIP() << "the sanitizer reports it";
  const ProcessResult r = RunProgram("WritesThroughABadPointer");
  EXPECT_EQ(r.signal, SIGSEGV) << r.Describe();
  EXPECT_EQ(r.err.find("stack overflow"), std::string::npos) << r.err;
}

MN_BARE_PROGRAM(HasAHandlerOfItsOwn) {
  struct sigaction action = {};
  action.sa_sigaction = [](int, siginfo_t*, void*) { ::_exit(33); };
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSEGV, &action, nullptr);
  return Main([] {
    void* p =
        ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *static_cast<volatile int*>(p) = 1;
    return 0;
  });
}

TEST(Fault, ThatIsNoOverflowGoesToTheHandlerThatWasThereBefore) {
  EXPECT_TRUE(Exited(RunProgram("HasAHandlerOfItsOwn"), 33));
}

}  // namespace
}  // namespace mn
