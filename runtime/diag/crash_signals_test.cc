// Faults: which are panics, which end the process, and what it says. Signals
// from elsewhere: sent_signal_test.cc.
#include "runtime/diag/crash_signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
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
  test::StartTwoWaiters();
  Go([] { LoadNull(); });
  Chan<int>(0).Recv();
  return 0;
}

TEST(NullPointer, NamesTheGoroutineAndItsCreator) {
  MN_NEEDS_FAULTS();
  const ProcessResult r = RunProgram("NullInAGoroutine");
  EXPECT_TRUE(Died(r, "panic: runtime error: invalid memory address"));
  EXPECT_EQ(test::TracesIn(r.err), 1) << r.err;
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

MN_BARE_PROGRAM(HandlesAbort) {
  return RunWithAHandler(SIGABRT, []() -> int { throw Panic("boom"); });
}

// go:CGO-08, with the next one.
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

// ---- a report that crashes

MN_PROGRAM(CrashesInTheReport) {
  fatal_traceback = [](bool) { LoadNull(); };
  Throw("first");
}

// go:PAN-09, with the next one.
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
