// Syscall: the thread blocks, and its P stays unless the call lasts. The
// wrappers: syscall_wrappers_test.cc.
#include "runtime/syscall.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "runtime/core/getg.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/testing/pipe.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using test::Died;
using test::Exited;
using test::Pipe;
using test::RunProgram;
using test::SamePs;

TEST(Syscall, ReturnsWhatFReturns) {
  EXPECT_EQ(Syscall([] { return 42; }), 42);
  EXPECT_EQ(*Syscall([] { return std::make_unique<int>(3); }), 3);
  int x = 0;
  int& r = Syscall([&]() -> int& { return x; });
  EXPECT_EQ(&r, &x);
  bool ran = false;
  Syscall([&] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(Syscall, AnExceptionPassesThroughWithThePBack) {
  std::string what;
  try {
    Syscall([] { throw std::runtime_error("from inside"); });
  } catch (const std::runtime_error& e) {
    what = e.what();
  }
  EXPECT_EQ(what, "from inside");
  Chan<int> ch(0);
  Go([ch]() mutable { ch.Send(1); });
  EXPECT_EQ(ch.Recv(), 1);
}

TEST(Syscall, AnExceptionPassesThroughAfterThePWasTaken) {
  Pipe pipe;
  Go([&] { pipe.Write('e'); });
  char thrown = 0;
  try {
    Syscall([&] { throw pipe.Read(); });
  } catch (char c) {
    thrown = c;
  }
  EXPECT_EQ(thrown, 'e');
  Gosched();
}

TEST(Syscall, FindsItselfInSyscallStateInside) {
  G* gp = getg();
  EXPECT_EQ(Syscall([gp] { return gp->status.load(); }), GStatus::kSyscall);
  EXPECT_EQ(gp->status.load(), GStatus::kRunning);
}

TEST(Syscall, ErrnoCanBeReadInside) {
  EXPECT_EQ(Syscall([] { return ::close(-1) == 0 ? 0 : errno; }), EBADF);
}

// At one P: only sysmon can give it to the writer.
TEST(Syscall, Sys1_OthersRunWhileAReadBlocks) {
  Pipe pipe;
  Go([&] { pipe.Write('y'); });
  EXPECT_EQ(Syscall([&] { return pipe.Read(); }), 'y');
}

TEST(Syscall, Sys1_SleepersWakeWhileAReadBlocks) {
  Pipe pipe;
  Go([&] {
    Sleep(std::chrono::milliseconds(2));
    pipe.Write('z');
  });
  EXPECT_EQ(Syscall([&] { return pipe.Read(); }), 'z');
}

// The writer becomes runnable while every P is in a system call already.
TEST(Syscall, Sys1_AGoroutineThatComesBackGoesOnWhileAllPsAreInCalls) {
  test::Watchdog dog("all Ps in system calls");
  Pipe first, all;
  const int n = GOMAXPROCS();
  WaitGroup wg;
  wg.Go([&] {
    BlockingCall([&] { first.Read(); });
    for (int i = 0; i < n; i++) all.Write('a');
  });
  std::atomic<int> inside{0};
  for (int i = 0; i < n; i++) {
    wg.Go([&] {
      Syscall([&] {
        if (inside.fetch_add(1) + 1 == n) first.Write('f');
        EXPECT_EQ(all.Read(), 'a');
      });
    });
  }
  wg.Wait();
}

TEST(Syscall, Sys1_ManyAtOnceEachOnItsOwnThread) {
  constexpr int kCalls = 100;
  test::Watchdog dog("100 system calls");
  Pipe pipe;
  std::atomic<int> inside{0}, read{0};
  WaitGroup wg;
  for (int i = 0; i < kCalls; i++) {
    wg.Go([&] {
      Syscall([&] {
        inside.fetch_add(1);
        if (pipe.Read() == 'a') read.fetch_add(1);
      });
    });
  }
  while (inside.load() != kCalls) Gosched();
  for (int i = 0; i < kCalls; i++) pipe.Write('a');
  wg.Wait();
  EXPECT_EQ(read.load(), kCalls);
}

// A call may be cut in two by the kernel and lose its P: nearly all keep it.
TEST(Syscall, Sys3_AShortCallKeepsItsP) {
  constexpr int kCalls = 10'000;
  int kept = 0;
  for (int i = 0; i < kCalls; i++) {
    const P* before = getm()->p;
    Syscall([] { ::getppid(); });
    if (getm()->p == before) kept++;
  }
  EXPECT_GE(kept, kCalls * 9 / 10);
}

// Somebody else holds sched.lock all the while. A call that the kernel cuts in
// two may lose its P and need the lock: then the holder gives up, and we try
// again.
bool CallsReturnWhileTheLockIsHeld(int calls) {
  std::atomic<bool> held{false};
  std::atomic<bool> done{false};
  std::atomic<bool> gave_up{false};
  std::thread holder([&] {
    RtLock lock(sched.lock);
    held = true;
    for (int i = 0; i < 200 && !done; i++) ::usleep(1000);
    if (!done) gave_up = true;
  });
  while (!held) {
  }
  for (int i = 0; i < calls; i++) Syscall([] { ::getppid(); });
  done = true;
  holder.join();
  return !gave_up;
}

TEST(Syscall, Sys3_AShortCallTakesNoLock) {
  int tries = 1;
  while (!CallsReturnWhileTheLockIsHeld(100) && tries < 20) tries++;
  EXPECT_LT(tries, 20);
}

MN_PROGRAM(MillionShortCalls) {
  // The threads that are there for other reasons: one more than Ps, and one for
  // a P that sysmon takes.
  WaitGroup wg;
  std::atomic<int> inside{0};
  Pipe pipe;
  const int n = GOMAXPROCS() + 1;
  for (int i = 0; i < n; i++) {
    wg.Go([&] {
      BlockingCall([&] {
        inside.fetch_add(1);
        pipe.Read();
      });
    });
  }
  while (inside.load() != n) Gosched();
  for (int i = 0; i < n; i++) pipe.Write('x');
  wg.Wait();
  const int before = NumThreads();
  for (int i = 0; i < 1'000'000 / test::kSlowdown; i++) {
    Syscall([] { ::getppid(); });
  }
  const int after = NumThreads();
  if (after != before) fprintf(stderr, "%d, then %d\n", before, after);
  return after == before ? 0 : 1;
}

// Nor does one end for having been idle long.
TEST(Syscall, Sys3_AMillionShortCallsMakeNoThread) {
  test::ProcessOptions options = SamePs();
  options.env.emplace_back("GODEBUG", "idlethreadms=3600000");
  EXPECT_TRUE(Exited(RunProgram("MillionShortCalls", options), 0));
}

MN_PROGRAM(OnlyASyscall) {
  Syscall([] { ::usleep(100'000); });
  return 3;
}

TEST(Syscall, GoDlk11_IsNoDeadlockWhileACallBlocks) {
  EXPECT_TRUE(Exited(RunProgram("OnlyASyscall", SamePs()), 3));
}

MN_PROGRAM(MainWaitsForASyscall) {
  Chan<int> ch(0);
  Go([ch]() mutable {
    Syscall([] { ::usleep(100'000); });
    ch.Send(4);
  });
  return ch.Recv();
}

TEST(Syscall, GoDlk11_IsNoDeadlockWhileMainWaitsForACall) {
  EXPECT_TRUE(Exited(RunProgram("MainWaitsForASyscall", SamePs()), 4));
}

MN_PROGRAM(DeadlockAfterASyscall) {
  Syscall([] { ::usleep(1000); });
  Chan<int>().Recv();
  return 0;
}

TEST(Syscall, Dlk1_IsADeadlockOnceTheCallIsOver) {
  EXPECT_TRUE(Died(RunProgram("DeadlockAfterASyscall", SamePs()),
                   "fatal error: all goroutines are asleep - deadlock!"));
}

MN_BARE_PROGRAM(SyscallOutside) {
  Syscall([] {});
  return 0;
}

TEST(Syscall, OutsideAGoroutineSaysSo) {
  EXPECT_TRUE(Died(RunProgram("SyscallOutside"),
                   "runtime: mn::Syscall was called outside a goroutine"));
}

MN_PROGRAM(CallsTheRuntimeInASyscall) {
  Chan<int> ch(1);
  Syscall([&] { ch.Send(1); });
  return 0;
}

TEST(Syscall, TheRuntimeCalledInsideSaysSo) {
  EXPECT_TRUE(Died(
      RunProgram("CallsTheRuntimeInASyscall", SamePs()),
      "runtime: Chan::Send was called inside mn::Syscall, mn::BlockingCall"));
}

MN_PROGRAM(SyscallInside) {
  Syscall([] { Syscall([] {}); });
  return 0;
}

TEST(Syscall, OneInsideAnotherSaysSo) {
  EXPECT_TRUE(Died(
      RunProgram("SyscallInside", SamePs()),
      "runtime: mn::Syscall was called inside mn::Syscall, mn::BlockingCall"));
}

}  // namespace
}  // namespace mn
