// Preemption of a whole process: what GODEBUG says of it, and SIGURGs of
// somebody else.
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "runtime/base/sanitizer.h"
#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/mn.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/testing/needs.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using test::Exited;
using test::OnProcs;
using test::ProcessResult;
using test::RunProgram;

// ---- GODEBUG ----------------------------------------------------------------

// A loop that makes no call has the only P, and main wants it back.
struct MainBesideALoop {
  std::atomic<bool> main_went_on{false};
  void Run(void (*loop)(const MainBesideALoop&)) {
    WaitGroup wg;
    wg.Go([this, loop] { loop(*this); });
    Gosched();
    main_went_on = true;
    wg.Wait();
  }
};

// Ends only if main goes on beside the loop.
MN_PROGRAM(ALoopUntilMainGoesOn) {
  MainBesideALoop().Run([](const MainBesideALoop& it) {
    while (!it.main_went_on) {
    }
  });
  return 0;
}

// Status 0 if main had to wait for the end of the loop.
MN_PROGRAM(MainWaitsForALoop) {
  static bool waited;
  MainBesideALoop().Run([](const MainBesideALoop& it) {
    const std::int64_t end = Nanotime() + 200'000'000;
    while (Nanotime() < end) {
    }
    waited = !it.main_went_on;
  });
  return waited ? 0 : 1;
}

TEST(Godebug, TheDefaultInterruptsALoop) {
  MN_NEEDS_ASYNC_SIGNALS();
  EXPECT_TRUE(Exited(RunProgram("ALoopUntilMainGoesOn", OnProcs(1)), 0));
}

TEST(Godebug, AsyncPreemptOffLetsALoopRun) {
  EXPECT_TRUE(Exited(
      RunProgram("MainWaitsForALoop", OnProcs(1, "asyncpreemptoff=1")), 0));
}

TEST(Godebug, PreemptOffLetsALoopRun) {
  EXPECT_TRUE(
      Exited(RunProgram("MainWaitsForALoop", OnProcs(1, "preempt=off")), 0));
}

TEST(Godebug, PreemptHandoffInterruptsALoop) {
  MN_NEEDS_ASYNC_SIGNALS();
  EXPECT_TRUE(Exited(
      RunProgram("ALoopUntilMainGoesOn", OnProcs(1, "preempt=handoff")), 0));
}

// A loop, and main beside it on the only P, which makes no call into the
// runtime from when the loop was interrupted.
struct LoopAndMain {
  LoopAndMain() {
    wg.Go([this] {
      loop = getg();
      while (!stop.load(std::memory_order_relaxed)) turns++;
    });
    while (turns == 0) Gosched();
  }
  ~LoopAndMain() {
    stop = true;
    wg.Wait();
  }
  void SpinUntil(GStatus status) const {
    while (loop.load()->status.load() != status) {
    }
  }
  std::atomic<long> turns{0};
  std::atomic<bool> stop{false};
  std::atomic<G*> loop{nullptr};
  WaitGroup wg;
};

MN_PROGRAM(TheLoopRunsOn) {
  LoopAndMain both;
  both.SpinUntil(GStatus::kDetached);
  const long before = both.turns;
  while (both.turns < before + 1000) {
  }
  return both.loop.load()->status.load() == GStatus::kDetached ? 0 : 1;
}

TEST(Godebug, PreemptHandoffLetsTheLoopRunOnWithoutAP) {
  MN_NEEDS_ASYNC_SIGNALS();
  EXPECT_TRUE(
      Exited(RunProgram("TheLoopRunsOn", OnProcs(1, "preempt=handoff")), 0));
}

MN_PROGRAM(TheLoopStandsStill) {
  LoopAndMain both;
  RuntimeCall call("test");  // main keeps the only P
  both.SpinUntil(GStatus::kRunnable);
  const long before = both.turns;
  test::Spin(milliseconds(20));
  return both.turns == before ? 0 : 1;
}

TEST(Godebug, PreemptStopStopsTheLoop) {
  MN_NEEDS_ASYNC_SIGNALS();
  EXPECT_TRUE(
      Exited(RunProgram("TheLoopStandsStill", OnProcs(1, "preempt=stop")), 0));
}

MN_PROGRAM(WritesInAnExitHandler) {
  std::atexit([] {
    if (!InRuntime()) _exit(3);
    sys::Write(STDOUT_FILENO, "written", 7);
    if (!InRuntime()) _exit(4);
  });
  return 0;
}

TEST(Preempt, IsOverInExitHandlersAndStaysSoAfterTheirCalls) {
  const ProcessResult r = RunProgram("WritesInAnExitHandler", OnProcs(1));
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_EQ(r.out, "written");
}

MN_PROGRAM(DoesNothing) { return 0; }

TEST(Godebug, AnotherValueOfPreemptSaysSo) {
  const ProcessResult r =
      RunProgram("DoesNothing", OnProcs(1, "preempt=maybe"));
  EXPECT_TRUE(Exited(r, 0));
  EXPECT_EQ(r.err,
            "runtime: GODEBUG=preempt= takes stop, handoff or off; using " +
                std::string(MN_TSAN ? "handoff\n" : "stop\n"));
}

// Not a bool: with -fsanitize=bool gcc 12 reads a volatile one once. A local
// volatile: a function without one has no frame, and its caller is not seen.
__attribute__((noinline)) void FirstHog(const volatile int& stop) {
  volatile unsigned turns = 0;
  while (stop == 0) turns = turns + 1;
}
// Not the same code: compilers would merge the two.
__attribute__((noinline)) void SecondHog(const volatile int& stop) {
  volatile unsigned turns = 0;
  while (stop == 0) turns = turns + 2;
}
__attribute__((noinline)) void CallsFirst(const volatile int& stop) {
  FirstHog(stop);
  std::atomic_signal_fence(std::memory_order_seq_cst);  // no tail call
}
__attribute__((noinline)) void CallsSecond(const volatile int& stop) {
  SecondHog(stop);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

// Two goroutines in each of two loops, all interrupted many times.
MN_PROGRAM(TwoKindsOfHogs) {
  volatile int stop = 0;
  WaitGroup wg;
  for (int i = 0; i < 2; i++) {
    wg.Go([&] { CallsFirst(stop); });
    wg.Go([&] { CallsSecond(stop); });
  }
  for (int i = 0; i < 20; i++) Gosched();
  stop = 1;
  wg.Wait();
  return 0;
}

int Count(const std::string& text, const std::string& what) {
  int n = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at++) n++;
  return n;
}

TEST(Godebug, PreempttraceReportsEachFunctionOnce) {
  MN_NEEDS_ASYNC_SIGNALS();
  const ProcessResult r = RunProgram(
      "TwoKindsOfHogs", OnProcs(1, "preempttrace=1,preemptslice=1000"));
  ASSERT_TRUE(Exited(r, 0));
  // Others may be found running too: main, say, whose CPU the kernel took.
  EXPECT_EQ(Count(r.err, "FirstHog"), 1) << r.err;
  EXPECT_EQ(Count(r.err, "SecondHog"), 1) << r.err;
  // With who called them.
  EXPECT_EQ(Count(r.err, "CallsFirst"), 1) << r.err;
  EXPECT_EQ(Count(r.err, "CallsSecond"), 1) << r.err;
}

// ---- SIGURG of somebody else ------------------------------------------------

volatile sig_atomic_t urgent_signals = 0;

MN_BARE_PROGRAM(HasAHandlerForSigurg) {
  struct sigaction action = {};
  action.sa_handler = [](int) { urgent_signals = urgent_signals + 1; };
  ::sigaction(SIGURG, &action, nullptr);
  return Main([] {
    ::raise(SIGURG);
    return urgent_signals >= 1 ? 0 : 1;
  });
}

TEST(Sigurg, Pre3_OneOfSomebodyElseGoesToTheHandlerThatWasThere) {
  MN_NEEDS_ASYNC_SIGNALS();
  EXPECT_TRUE(Exited(RunProgram("HasAHandlerForSigurg", OnProcs(1)), 0));
}

// One that arrives while ours is pending: the kernel makes one of the two.
MN_BARE_PROGRAM(HasAHandlerForSigurgThatCoalesces) {
  struct sigaction action = {};
  action.sa_handler = [](int) { urgent_signals = urgent_signals + 1; };
  ::sigaction(SIGURG, &action, nullptr);
  return Main([] {
    sigset_t urg, pending;
    sigemptyset(&urg);
    sigaddset(&urg, SIGURG);
    ::pthread_sigmask(SIG_BLOCK, &urg, nullptr);
    const int before = urgent_signals;
    Go([] {});
    do {  // until sysmon has asked, on its behalf
      ::sigpending(&pending);
    } while (!sigismember(&pending, SIGURG));
    ::raise(SIGURG);
    ::pthread_sigmask(SIG_UNBLOCK, &urg, nullptr);
    return urgent_signals > before ? 0 : 1;
  });
}

TEST(Sigurg, Pre3_OneOfSomebodyElseIsNotLostInOneOfOurs) {
  MN_NEEDS_ASYNC_SIGNALS();
  EXPECT_TRUE(
      Exited(RunProgram("HasAHandlerForSigurgThatCoalesces", OnProcs(1)), 0));
}

MN_PROGRAM(RaisesSigurg) {
  for (int i = 0; i < 100; i++) ::kill(::getpid(), SIGURG);
  Gosched();
  return 0;
}

TEST(Sigurg, Pre3_WithoutAHandlerNothingHappens) {
  EXPECT_TRUE(Exited(RunProgram("RaisesSigurg", OnProcs(1)), 0));
}

}  // namespace
}  // namespace mn
