// Signals that somebody sends: the process ends and shows its goroutines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "runtime/base/sanitizer.h"
#include "runtime/mn.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using test::Died;
using test::ProcessResult;
using test::RunProgram;
using test::StartTwoWaiters;
using test::TracesIn;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

struct Sent {
  const char* program;
  int sig;
  const char* text;
};

// kill(2) prefers the main thread. Under ThreadSanitizer that must be the one
// that pauses: the handler runs at the next call that it intercepts.
#define MN_SENDS(sig)            \
  MN_PROGRAM(Sends##sig) {       \
    if (MN_TSAN) LockOSThread(); \
    StartTwoWaiters();           \
    ::kill(::getpid(), sig);     \
    for (;;) ::pause();          \
    return 0;                    \
  }
MN_SENDS(SIGSEGV)
MN_SENDS(SIGBUS)
MN_SENDS(SIGFPE)
MN_SENDS(SIGQUIT)
MN_SENDS(SIGABRT)
MN_SENDS(SIGILL)
MN_SENDS(SIGTRAP)
MN_SENDS(SIGSYS)
MN_SENDS(SIGSTKFLT)

class SentSignal : public testing::TestWithParam<Sent> {};

TEST_P(SentSignal, ShowsAllGoroutinesAndExitsWith2) {
  const bool fault = GetParam().sig == SIGSEGV || GetParam().sig == SIGBUS ||
                     GetParam().sig == SIGFPE;
  if (MN_ASAN && fault) GTEST_SKIP() << "AddressSanitizer takes this signal";
  const ProcessResult r = RunProgram(GetParam().program);
  EXPECT_TRUE(Died(r, std::string(GetParam().text) + "\nPC=0x"));
  EXPECT_THAT(r.err, ContainsRegex("\nPC=0x[0-9a-f]+ m=-?[0-9]+ sigcode=0\n"));
  EXPECT_EQ(TracesIn(r.err), 3) << r.err;
  EXPECT_THAT(r.err, Not(HasSubstr("fatal error: ")));
  EXPECT_THAT(r.err, Not(HasSubstr("runtime: ")));
}

INSTANTIATE_TEST_SUITE_P(
    Signals, SentSignal,
    testing::Values(
        Sent{"SendsSIGSEGV", SIGSEGV, "SIGSEGV: segmentation violation"},
        Sent{"SendsSIGBUS", SIGBUS, "SIGBUS: bus error"},
        Sent{"SendsSIGFPE", SIGFPE, "SIGFPE: floating-point exception"},
        Sent{"SendsSIGQUIT", SIGQUIT, "SIGQUIT: quit"},
        Sent{"SendsSIGABRT", SIGABRT, "SIGABRT: abort"},
        Sent{"SendsSIGILL", SIGILL, "SIGILL: illegal instruction"},
        Sent{"SendsSIGTRAP", SIGTRAP, "SIGTRAP: trace trap"},
        Sent{"SendsSIGSYS", SIGSYS, "SIGSYS: bad system call"},
        Sent{"SendsSIGSTKFLT", SIGSTKFLT, "SIGSTKFLT: stack fault"}),
    [](const auto& info) { return std::string(info.param.program); });

MN_PROGRAM(Aborts) { ::abort(); }

TEST(Abort, ShowsWhoAborted) {
  const ProcessResult r = RunProgram("Aborts");
  EXPECT_TRUE(Died(r, "SIGABRT: abort\nPC=0x"));
  EXPECT_THAT(r.err, HasSubstr("MnGoroutine1_Aborts(...)\n"));
}

MN_PROGRAM(QuitsOnAThread) {
  StartTwoWaiters();
  std::thread([] { ::pthread_kill(::pthread_self(), SIGQUIT); }).join();
  return 0;
}

TEST(SentSignal, ToAForeignThreadShowsTheGoroutinesToo) {
  const ProcessResult r = RunProgram("QuitsOnAThread");
  EXPECT_TRUE(Died(r, "SIGQUIT: quit\nPC=0x"));
  EXPECT_THAT(r.err, HasSubstr("\nthread outside the runtime:\n"));
  EXPECT_EQ(TracesIn(r.err), 3) << r.err;
}

// Malloc's lock is held by the thread that the signal meets: nothing in the
// report may wait for it.
MN_PROGRAM(QuitsWhileAllocating) {
  StartTwoWaiters();
  const pthread_t self = ::pthread_self();
  std::thread([self] { ::pthread_kill(self, SIGQUIT); }).detach();
  for (;;) {
    void* volatile p = ::malloc(100'000);
    ::free(p);
  }
  return 0;
}

TEST(SentSignal, ReportNeedsNoMalloc) {
  if (MN_TSAN) GTEST_SKIP() << "ThreadSanitizer delays signals";
  for (int i = 0; i < 10; i++) {
    EXPECT_TRUE(Died(RunProgram("QuitsWhileAllocating"), "SIGQUIT: quit\n"));
  }
}

// ---- GOTRACEBACK

ProcessResult Quit(const char* gotraceback) {
  return RunProgram("SendsSIGQUIT", {.env = {{"GOTRACEBACK", gotraceback}}});
}

TEST(Gotraceback, NoneLeavesTheTwoLines) {
  for (const char* level : {"none", "0"}) {
    const ProcessResult r = Quit(level);
    EXPECT_TRUE(Died(r, "SIGQUIT: quit\nPC=0x"));
    EXPECT_EQ(TracesIn(r.err), 0) << r.err;
    EXPECT_THAT(r.err, Not(HasSubstr("rflags")));
  }
}

TEST(Gotraceback, ASignalShowsAllEvenWithSingle) {
  for (const char* level : {"", "single", "all", "1"}) {
    const ProcessResult r = Quit(level);
    EXPECT_TRUE(Died(r, "SIGQUIT: quit\nPC=0x"));
    EXPECT_EQ(TracesIn(r.err), 3) << r.err;
    EXPECT_THAT(r.err, Not(HasSubstr(" gp=0x")));
  }
}

TEST(Gotraceback, SystemShowsMoreOfThem) {
  for (const char* level : {"system", "2", "3"}) {
    const ProcessResult r = Quit(level);
    EXPECT_TRUE(Died(r, "SIGQUIT: quit\nPC=0x"));
    EXPECT_EQ(TracesIn(r.err), 3) << r.err;
    EXPECT_THAT(r.err, HasSubstr(" gp=0x"));
    EXPECT_THAT(r.err, HasSubstr("GoroutineEntry"));
  }
}

TEST(Gotraceback, CrashEndsWithOneReportAndSigabrt) {
  const ProcessResult r = Quit("crash");
  EXPECT_EQ(r.signal, SIGABRT) << r.Describe();
  EXPECT_EQ(TracesIn(r.err), 3) << r.err;
  EXPECT_THAT(r.err, Not(HasSubstr("SIGABRT")));
}

}  // namespace
}  // namespace mn
