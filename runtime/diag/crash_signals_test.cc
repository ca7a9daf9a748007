// How a process ends by a signal, and what it says.
#include "runtime/diag/crash_signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <thread>

#include "runtime/base/sanitizer.h"
#include "runtime/core/fatal.h"
#include "runtime/core/in_runtime.h"
#include "runtime/mn.h"
#include "runtime/testing/fault.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

namespace fault = test::fault;
using test::Died;
using test::Exited;
using test::ProcessResult;
using test::RunProgram;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

#define MN_NEEDS_FAULTS() \
  if (MN_ASAN) GTEST_SKIP() << "AddressSanitizer reports the fault"

int Headers(const std::string& text) {
  int n = 0;
  for (std::size_t at = text.find("\ngoroutine "); at != std::string::npos;
       at = text.find("\ngoroutine ", at + 1)) {
    n++;
  }
  return n;
}

extern "C" __attribute__((noinline)) void WaitForEver() {
  Chan<int>(0).Recv();
  asm volatile("");
}

void StartTwoWaiters() {
  Go([] { WaitForEver(); });
  Go([] { WaitForEver(); });
  for (int i = 0; i < 10; i++) Gosched();
}

void* BadPage() {
  return ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

// ---- a panic that nobody catches

extern "C" __attribute__((noinline)) int LoadNull() {
  const int r = fault::Load(nullptr);
  asm volatile("");
  return r;
}

MN_PROGRAM(NullInMain) { return LoadNull(); }

TEST(NullPointer, IsAPanicWithTheSignalAndTheTrace) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("NullInMain");
  EXPECT_TRUE(Died(r,
                   "panic: runtime error: invalid memory address or nil "
                   "pointer dereference\n"
                   "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 "
                   "pc=0x"));
  EXPECT_THAT(r.err,
              ContainsRegex("pc=0x[0-9a-f]+]\n\ngoroutine 1 "
                            "[[]running]:\nmn::test::fault::Load[(]...[)]\n"));
  EXPECT_THAT(r.err, HasSubstr("\nLoadNull(...)\n"));
}

MN_PROGRAM(NullInAGoroutine) {
  StartTwoWaiters();
  Go([] { LoadNull(); });
  WaitForEver();
  return 0;
}

TEST(NullPointer, NamesTheGoroutineAndItsCreator) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("NullInAGoroutine");
  EXPECT_TRUE(Died(r, "panic: runtime error: invalid memory address"));
  EXPECT_EQ(Headers(r.err), 1) << r.err;
  EXPECT_THAT(r.err, Not(HasSubstr("goroutine 1 [")));
  EXPECT_THAT(r.err, HasSubstr("\ncreated by "));
}

MN_PROGRAM(CallsNull) {
  fault::Call(nullptr);
  return 0;
}

TEST(NullPointer, CallingItIsReportedFromTheCaller) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("CallsNull");
  EXPECT_TRUE(Died(r, "panic: runtime error: invalid memory address"));
  EXPECT_THAT(r.err, HasSubstr("[running]:\nmn::test::fault::Call(...)\n"));
}

MN_PROGRAM(DividesByZero) { return fault::Divide(1, 0); }

TEST(Division, ByZeroIsAPanic) {
  MN_NEEDS_FAULTS();
  EXPECT_TRUE(
      Died(RunProgram("DividesByZero"),
           "panic: runtime error: integer divide by zero\n"
           "[signal SIGFPE: floating-point exception code=0x1 addr=0x"));
}

// ---- other addresses

MN_PROGRAM(WritesToABadPage) {
  try {
    fault::Store(static_cast<int*>(BadPage()));
  } catch (...) {
    puts("caught");
  }
  return 0;
}

TEST(BadAddress, IsFatal) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("WritesToABadPage");
  EXPECT_TRUE(Died(r, "unexpected fault address 0x"));
  EXPECT_THAT(r.err, ContainsRegex("0x[0-9a-f]+\nfatal error: fault\n"
                                   "[[]signal SIGSEGV: segmentation violation "
                                   "code=0x2 addr=0x[0-9a-f]+ pc=0x[0-9a-f]+]"
                                   "\n\ngoroutine 1 [[]running]:\n"));
  EXPECT_EQ(r.out, "");
}

MN_PROGRAM(ReadsPastTheEndOfAFile) {
  int* gone = fault::PastTheEndOfAFile();
  MUST(gone != nullptr);
  return fault::Load(gone);
}

TEST(BadAddress, PastTheEndOfAFileIsABusError) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("ReadsPastTheEndOfAFile");
  EXPECT_TRUE(Died(r, "unexpected fault address 0x"));
  EXPECT_THAT(r.err,
              ContainsRegex("\nfatal error: fault\n[[]signal SIGBUS: bus error "
                            "code=0x2 addr=0x[0-9a-f]+ pc=0x[0-9a-f]+]\n"
                            "\ngoroutine 1 [[]running]:\n"));
}

MN_PROGRAM(WritesToANonCanonicalAddress) {
  fault::Store(reinterpret_cast<int*>(std::uintptr_t{0x4141414141414141}));
  return 0;
}

TEST(BadAddress, ThatTheProcessorDoesNotTellIsNotCalledNull) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("WritesToANonCanonicalAddress");
  EXPECT_TRUE(Died(r, "unexpected fault address 0x0\nruntime: "));
  EXPECT_THAT(r.err, HasSubstr("\nfatal error: fault\n"));
}

MN_PROGRAM(CallsABadAddress) {
  fault::Call(reinterpret_cast<void (*)()>(BadPage()));
  return 0;
}

TEST(BadAddress, CallingItIsReportedFromTheCaller) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("CallsABadAddress");
  EXPECT_TRUE(Died(r, "unexpected fault address 0x"));
  EXPECT_THAT(r.err, HasSubstr("[running]:\nmn::test::fault::Call(...)\n"));
}

MN_PROGRAM(CallsABadAddressOnAThread) {
  std::thread([] {
    fault::Call(reinterpret_cast<void (*)()>(BadPage()));
  }).join();
  return 0;
}

TEST(BadAddress, CallingItOnAForeignThread) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("CallsABadAddressOnAThread");
  EXPECT_TRUE(Died(r, "SIGSEGV: segmentation violation\nPC=0x"));
  EXPECT_THAT(r.err, HasSubstr("runtime:\nmn::test::fault::Call(...)\n"));
}

MN_PROGRAM(DividesByZeroInABlockingCall) {
  return BlockingCall([] { return fault::Divide(1, 0); });
}

TEST(Division, InABlockingCallIsACrash) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("DividesByZeroInABlockingCall");
  EXPECT_TRUE(Died(r, "SIGFPE: floating-point exception\nPC=0x"));
  EXPECT_THAT(r.err, HasSubstr("[syscall]:\nmn::test::fault::Divide(...)\n"));
}

// ---- a handler that was there before

void ExitWith33(int, siginfo_t*, void*) { ::_exit(33); }

int RunWithAHandler(int sig, int (*body)()) {
  struct sigaction action = {};
  action.sa_sigaction = ExitWith33;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(sig, &action, nullptr);
  return Main(body);
}

MN_BARE_PROGRAM(HandlesSegvAndFollowsNull) {
  return RunWithAHandler(SIGSEGV, [] { return LoadNull(); });
}

TEST(PreviousHandler, DoesNotSeeANullPointerInAGoroutine) {
  MN_NEEDS_FAULTS();
  EXPECT_TRUE(Died(RunProgram("HandlesSegvAndFollowsNull"),
                   "panic: runtime error: invalid memory address"));
}

MN_BARE_PROGRAM(HandlesSegvAndWritesToABadPage) {
  return RunWithAHandler(SIGSEGV, [] {
    fault::Store(static_cast<int*>(BadPage()));
    return 0;
  });
}

TEST(PreviousHandler, GetsOtherAddresses) {
  EXPECT_TRUE(Exited(RunProgram("HandlesSegvAndWritesToABadPage"), 33));
}

MN_BARE_PROGRAM(HandlesSegvOnAThread) {
  return RunWithAHandler(SIGSEGV, [] {
    std::thread([] { LoadNull(); }).join();
    return 0;
  });
}

TEST(PreviousHandler, GetsFaultsOfForeignThreads) {
  EXPECT_TRUE(Exited(RunProgram("HandlesSegvOnAThread"), 33));
}

MN_BARE_PROGRAM(HandlesQuit) {
  return RunWithAHandler(SIGQUIT, [] {
    ::kill(::getpid(), SIGQUIT);
    for (;;) ::pause();
    return 0;
  });
}

TEST(PreviousHandler, KeepsSigquit) {
  EXPECT_TRUE(Exited(RunProgram("HandlesQuit"), 33));
}

MN_BARE_PROGRAM(IgnoresTrap) {
  ::signal(SIGTRAP, SIG_IGN);
  return Main([] {
    ::raise(SIGTRAP);
    return 5;
  });
}

TEST(PreviousHandler, AnIgnoredSignalStaysIgnored) {
  EXPECT_TRUE(Exited(RunProgram("IgnoresTrap"), 5));
}

// ---- not a goroutine's own code

MN_PROGRAM(NullDeepInALibrary) {
  try {
    fault::Put(nullptr);
  } catch (...) {
    puts("caught");
  }
  return 0;
}

TEST(Crash, Own1_DeepInALibraryCannotBeCaught) {
  MN_NEEDS_FAULTS();
  if (MN_TSAN) GTEST_SKIP() << "ThreadSanitizer's strlen may be own text";
  const ProcessResult r = RunProgram("NullDeepInALibrary");
  EXPECT_TRUE(Died(r, "SIGSEGV: segmentation violation\nPC=0x"));
  EXPECT_THAT(r.err, HasSubstr(" sigcode=1 addr=0x0\n"));
  EXPECT_THAT(r.err, HasSubstr("\ngoroutine 1 [running]:\n"));
  EXPECT_THAT(r.err, HasSubstr("mn::test::fault::Put(...)\n"));
  EXPECT_EQ(r.out, "");
}

MN_PROGRAM(NullInABlockingCall) {
  try {
    BlockingCall([] { LoadNull(); });
  } catch (...) {
    puts("caught");
  }
  return 0;
}

TEST(Crash, Own1_InABlockingCallCannotBeCaught) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("NullInABlockingCall");
  EXPECT_TRUE(Died(r, "SIGSEGV: segmentation violation\nPC=0x"));
  EXPECT_THAT(r.err, HasSubstr("\nsignal arrived inside mn::Syscall, "));
  EXPECT_THAT(r.err, HasSubstr("\nLoadNull(...)\n"));
  EXPECT_EQ(r.out, "");
}

MN_PROGRAM(NullInTheRuntime) {
  EnterRuntime();
  try {
    LoadNull();
  } catch (...) {
    puts("caught");
  }
  return 0;
}

TEST(Crash, Own1_InTheRuntimeCannotBeCaughtAndShowsAllFrames) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("NullInTheRuntime");
  EXPECT_TRUE(Died(r, "SIGSEGV: segmentation violation\nPC=0x"));
  EXPECT_THAT(r.err, HasSubstr("GoroutineEntry"));
  EXPECT_EQ(r.out, "");
}

MN_PROGRAM(NullOnAThread) {
  std::thread([] { LoadNull(); }).join();
  return 0;
}

TEST(Crash, Own1_OnAForeignThread) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("NullOnAThread");
  EXPECT_TRUE(Died(r, "SIGSEGV: segmentation violation\nPC=0x"));
  EXPECT_THAT(r.err, ContainsRegex(" m=-1 sigcode=1 addr=0x0\n"
                                   "\nthread outside the runtime:\n"));
  EXPECT_THAT(r.err, HasSubstr("\nLoadNull(...)\n"));
}

// ---- sent by kill(2)

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
  EXPECT_EQ(Headers(r.err), 3) << r.err;
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
  EXPECT_EQ(Headers(r.err), 3) << r.err;
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
    EXPECT_EQ(Headers(r.err), 0) << r.err;
    EXPECT_THAT(r.err, Not(HasSubstr("rflags")));
  }
}

TEST(Gotraceback, ASignalShowsAllEvenWithSingle) {
  for (const char* level : {"", "single", "all", "1"}) {
    const ProcessResult r = Quit(level);
    EXPECT_TRUE(Died(r, "SIGQUIT: quit\nPC=0x"));
    EXPECT_EQ(Headers(r.err), 3) << r.err;
    EXPECT_THAT(r.err, Not(HasSubstr(" gp=0x")));
  }
}

TEST(Gotraceback, SystemShowsMoreOfThem) {
  for (const char* level : {"system", "2", "3"}) {
    const ProcessResult r = Quit(level);
    EXPECT_TRUE(Died(r, "SIGQUIT: quit\nPC=0x"));
    EXPECT_EQ(Headers(r.err), 3) << r.err;
    EXPECT_THAT(r.err, HasSubstr(" gp=0x"));
    EXPECT_THAT(r.err, HasSubstr("GoroutineEntry"));
  }
}

TEST(Gotraceback, CrashEndsWithOneReportAndSigabrt) {
  const ProcessResult r = Quit("crash");
  EXPECT_EQ(r.signal, SIGABRT) << r.Describe();
  EXPECT_EQ(Headers(r.err), 3) << r.err;
  EXPECT_THAT(r.err, Not(HasSubstr("SIGABRT")));
}

MN_BARE_PROGRAM(HandlesAbort) {
  return RunWithAHandler(SIGABRT, []() -> int { throw Panic("boom"); });
}

// CGO-08, with the next one.
TEST(Gotraceback, CrashRunsAnAbortHandlerOfTheProgram) {
  const ProcessResult r =
      RunProgram("HandlesAbort", {.env = {{"GOTRACEBACK", "crash"}}});
  EXPECT_THAT(r.err, StartsWith("panic: boom\n"));
  EXPECT_TRUE(Exited(r, 33));
}

MN_PROGRAM(HandlesAbortLate) {
  struct sigaction action = {};
  action.sa_sigaction = ExitWith33;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGABRT, &action, nullptr);
  throw Panic("boom");
}

TEST(Gotraceback, CrashRunsAnAbortHandlerInstalledLaterToo) {
  const ProcessResult r =
      RunProgram("HandlesAbortLate", {.env = {{"GOTRACEBACK", "crash"}}});
  EXPECT_THAT(r.err, StartsWith("panic: boom\n"));
  EXPECT_TRUE(Exited(r, 33));
}

// ---- a report that crashes

MN_PROGRAM(CrashesInTheReport) {
  fatal_traceback = [](bool) { LoadNull(); };
  Throw("first");
}

// PAN-09, with the next one.
TEST(PanicDuringPanic, EndsWithStatus4) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("CrashesInTheReport");
  EXPECT_EQ(r.err, "fatal error: first\npanic during panic\n");
  EXPECT_TRUE(Exited(r, 4));
}

struct Crashes : std::exception {
  const char* what() const noexcept override {
    fault::Load(nullptr);
    return "";
  }
};
MN_PROGRAM(WhatCrashes) { throw Crashes(); }

TEST(PanicDuringPanic, InAMessageToo) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("WhatCrashes");
  EXPECT_EQ(r.err, "panic: panic during panic\n");
  EXPECT_TRUE(Exited(r, 4));
}

}  // namespace
}  // namespace mn
