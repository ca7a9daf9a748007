// Foreign: out of the runtime.
#include "runtime/foreign.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "runtime/base/sanitizer.h"
#include "runtime/mn.h"
#include "runtime/testing/fault.h"
#include "runtime/testing/kernel_threads.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using test::BlockUntil;
using test::Died;
using test::Exited;
using test::Join;
using test::kCooperative;
using test::KernelThreads;
using test::KernelTid;
using test::OnProcs;
using test::ProcessResult;
using test::RunProgram;
using test::Watchdog;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kRepeat = MN_TSAN ? 200 : 1000;

TEST(Foreign, ReturnsWhatFReturns) {
  EXPECT_EQ(Foreign([] { return 42; }), 42);
  EXPECT_EQ(*Foreign([] { return std::make_unique<int>(3); }), 3);
  int x = 0;
  EXPECT_EQ(&Foreign([&]() -> int& { return x; }), &x);
}

TEST(Foreign, AnExceptionPassesThrough) {
  std::string what;
  try {
    Foreign([] { throw std::runtime_error("from inside"); });
  } catch (const std::runtime_error& e) {
    what = e.what();
  }
  EXPECT_EQ(what, "from inside");
  Gosched();  // the P is back
}

TEST(Foreign, ErrnoCanBeReadInside) {
  EXPECT_EQ(Foreign([] { return ::close(-1) == 0 ? 0 : errno; }), EBADF);
}

TEST(Foreign, Cgo1_ItsThreadRunsNothingElse) {
  Watchdog dog("goroutines beside a foreign call");
  std::atomic<int> tid{0};
  std::atomic<bool> release{false};
  WaitGroup wg;
  wg.Go([&] {
    Foreign([&] {
      tid = KernelTid();
      BlockUntil(release);
    });
  });
  while (tid == 0) Gosched();
  int ran = 0, there = 0;
  for (int i = 0; i < kRepeat; i++) {
    WaitGroup one;
    one.Go([&] {
      ran++;
      if (Gettid() == tid) there++;
    });
    one.Wait();
    dog.Progress();
  }
  EXPECT_EQ(ran, kRepeat);
  EXPECT_EQ(there, 0);
  release = true;
  wg.Wait();
}

// go:CGO-22.
TEST(Foreign, Cgo1_TheThreadStaysWhileOtherGoroutinesWake) {
  Watchdog dog("foreign calls beside a sleeper");
  std::atomic<bool> stop{false};
  std::atomic<int> woken{0};
  WaitGroup wg;
  wg.Go([&] {
    while (!stop) {
      Sleep(milliseconds(1));
      woken++;
    }
  });
  int moved = 0;
  for (int i = 0; i < kRepeat || woken < 3; i++) {
    Foreign([&] {
      const int before = KernelTid();
      if (i % 50 == 0) ::usleep(1000);
      if (KernelTid() != before) moved++;
    });
    dog.Progress();
  }
  EXPECT_EQ(moved, 0);
  stop = true;
  wg.Wait();
}

// On one P, with preemption off: only the call itself lets others go on.
MN_PROGRAM(BlocksUntilOthersRan) {
  std::atomic<bool> ran{false};
  Go([&] {
    for (int i = 0; i < 100; i++) Gosched();
    ran = true;
  });
  Foreign([&] { BlockUntil(ran); });
  return 11;
}

TEST(Foreign, Cgo2_OthersGoOnWhileItBlocks) {
  EXPECT_TRUE(
      Exited(RunProgram("BlocksUntilOthersRan", OnProcs(1, kCooperative)), 11));
}

TEST(Foreign, Cgo2_SleepersWakeWhileItBlocks) {
  std::atomic<bool> woken{false};
  Go([&] {
    Sleep(milliseconds(1));
    woken = true;
  });
  Foreign([&] { BlockUntil(woken); });
  EXPECT_TRUE(woken.load());
}

// go:CGO-23.
MN_PROGRAM(HundredForeignCalls) {
  std::atomic<int> inside{0};
  std::atomic<bool> release{false};
  WaitGroup wg;
  for (int i = 0; i < 100; i++) {
    wg.Go([&] {
      Foreign([&] {
        inside++;
        BlockUntil(release);
      });
    });
  }
  while (inside != 100) Gosched();  // and this goroutine goes on
  MUST(KernelThreads() >= 100);
  MUST(NumThreads() >= 100);
  release = true;
  wg.Wait();
  return 11;
}

TEST(Foreign, Cgo3_HundredCallsThatBlockNeedHundredThreads) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(Exited(
        RunProgram("HundredForeignCalls", OnProcs(procs, kCooperative)), 11));
  }
}

int ThreadsOfAStorm(int n) {
  std::atomic<int> inside{0};
  std::atomic<bool> release{false};
  WaitGroup wg;
  for (int i = 0; i < n; i++) {
    wg.Go([&] {
      Foreign([&] {
        inside++;
        BlockUntil(release);
      });
    });
  }
  while (inside != n) Gosched();
  const int threads = NumThreads();
  release = true;
  wg.Wait();
  return threads;
}

MN_PROGRAM(TwoStorms) {
  const int first = ThreadsOfAStorm(100);
  const int second = ThreadsOfAStorm(100);
  MUST(first >= 100);
  MUST(second <= first + 5);
  return 11;
}

TEST(Foreign, Thr2_ASecondStormUsesTheThreadsOfTheFirst) {
  EXPECT_TRUE(Exited(RunProgram("TwoStorms", OnProcs(2, kCooperative)), 11));
}

MN_PROGRAM(EmptyCalls) {
  const int before = NumThreads();
  int calls = 0;
  for (int i = 0; i < 100'000 / test::kSlowdown; i++) Foreign([&] { calls++; });
  MUST(calls == 100'000 / test::kSlowdown);
  // Two: for calls that the kernel made long by running somebody else.
  MUST(NumThreads() <= before + 2);
  return 11;
}

TEST(Foreign, EmptyCallsMakeNoThreads) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(
        Exited(RunProgram("EmptyCalls", OnProcs(procs, kCooperative)), 11));
  }
}

// go:CGO-18: each waits for the other, one of them in C.
TEST(Foreign, Cgo2_TwoThatWaitForEachOtherRunInParallel) {
  Watchdog dog("C and a goroutine in turns");
  std::atomic<int> turn{0};
  constexpr int kTurns = 100;
  WaitGroup wg;
  wg.Go([&] {
    for (int i = 0; i < kTurns; i++) {
      while (turn != 2 * i + 1) Gosched();
      turn++;
      dog.Progress();
    }
  });
  Foreign([&] {
    for (int i = 0; i < kTurns; i++) {
      turn++;
      while (turn != 2 * i + 2) ::usleep(10);
    }
  });
  wg.Wait();
  EXPECT_EQ(turn.load(), 2 * kTurns);
}

// ---- signals and C ------------------------------------------------------

// go:CGO-03, with the signal that this runtime uses.
MN_PROGRAM(StraySignals) {
  std::atomic<bool> stop{false};
  std::atomic<int> known_tid{0}, unknown_tid{0};
  std::thread known([&] {
    Callback([] {});
    known_tid = KernelTid();
    BlockUntil(stop);
  });
  std::thread unknown([&] {
    unknown_tid = KernelTid();
    BlockUntil(stop);
  });
  while (known_tid == 0 || unknown_tid == 0) Gosched();
  for (int i = 0; i < 200; i++) {
    MUST(::syscall(SYS_tgkill, ::getpid(), known_tid.load(), SIGURG) == 0);
    MUST(::syscall(SYS_tgkill, ::getpid(), unknown_tid.load(), SIGURG) == 0);
  }
  stop = true;
  known.join();
  unknown.join();
  return 14;
}

TEST(ForeignThread, ThePreemptionSignalIsHarmlessThere) {
  EXPECT_TRUE(
      Exited(RunProgram("StraySignals", {.env = {{"GOMAXPROCS", "4"}}}), 14));
}

// A report that blames the program and not the runtime (go:CGO-10), and the
// end. The sanitizers have reports of their own.
void ExpectCrashReport(const ProcessResult& r, const char* first_line) {
  EXPECT_TRUE(Died(r, first_line));
  EXPECT_THAT(r.err, Not(HasSubstr("fatal error: ")));
  EXPECT_THAT(r.err, Not(HasSubstr("runtime: ")));
}

bool SanitizerReportsFaults() { return MN_ASAN || MN_TSAN; }

// go:CGO-04 and go:CGO-10.
MN_PROGRAM(FaultOnAForeignThread) {
  std::thread t([] {
    Callback([] {});
    test::fault::Store(nullptr);
  });
  Join(t);
  return 0;
}
TEST(ForeignThread, AFaultThereIsACrash) {
  if (SanitizerReportsFaults()) GTEST_SKIP() << "the sanitizer reports it";
  ExpectCrashReport(RunProgram("FaultOnAForeignThread"),
                    "SIGSEGV: segmentation violation\n");
}

MN_PROGRAM(FaultInAForeignCall) {
  Foreign([] { test::fault::Store(nullptr); });
  return 0;
}
TEST(Foreign, AFaultInsideIsACrash) {
  if (SanitizerReportsFaults()) GTEST_SKIP() << "the sanitizer reports it";
  ExpectCrashReport(RunProgram("FaultInAForeignCall"),
                    "SIGSEGV: segmentation violation\n");
}

MN_PROGRAM(FaultInAGoroutine) {
  test::fault::Store(nullptr);
  return 0;
}
TEST(Foreign, AFaultOutsideIsAPanic) {
  if (SanitizerReportsFaults()) GTEST_SKIP() << "the sanitizer reports it";
  ExpectCrashReport(RunProgram("FaultInAGoroutine"),
                    "panic: runtime error: invalid memory address or nil "
                    "pointer dereference\n");
}

MN_PROGRAM(SegvIsSent) {
  Foreign([] { ::syscall(SYS_tgkill, ::getpid(), KernelTid(), SIGSEGV); });
  return 0;
}
TEST(Foreign, ASegvThatIsSentIsACrash) {
  if (SanitizerReportsFaults()) GTEST_SKIP() << "the sanitizer reports it";
  ExpectCrashReport(RunProgram("SegvIsSent"),
                    "SIGSEGV: segmentation violation\n");
}

MN_PROGRAM(SegvIsSentToAGoroutineThatComputes) {
  std::atomic<int> tid{0};
  Go([&] {
    tid = Gettid();
    for (;;) asm volatile("");  // a loop without effects is undefined
  });
  while (tid == 0) Gosched();
  ::syscall(SYS_tgkill, ::getpid(), tid.load(), SIGSEGV);
  Chan<int>().Recv();
  return 0;
}
TEST(Foreign, ASegvThatIsSentToAGoroutineIsACrashToo) {
  if (SanitizerReportsFaults()) GTEST_SKIP() << "the sanitizer reports it";
  ExpectCrashReport(
      RunProgram("SegvIsSentToAGoroutineThatComputes", test::OnProcs(2)),
      "SIGSEGV: segmentation violation\n");
}

// go:CGO-11.
MN_PROGRAM(AbortsInAForeignCall) {
  Foreign([] { abort(); });
  return 0;
}
TEST(Foreign, AnAbortInsideIsACrash) {
  if (SanitizerReportsFaults()) GTEST_SKIP() << "the sanitizer reports it";
  ExpectCrashReport(RunProgram("AbortsInAForeignCall"), "SIGABRT: abort\n");
}

// go:CGO-20: glibc interrupts every thread for it.
TEST(Foreign, SetgidReachesEveryThread) {
  Watchdog dog("setgid");
  std::atomic<bool> stop{false};
  WaitGroup wg;
  for (int i = 0; i < 4; i++) {
    wg.Go([&] { Foreign([&] { BlockUntil(stop); }); });
    wg.Go([&] {
      while (!stop) Sleep(microseconds(100));
    });
  }
  for (int i = 0; i < 20; i++) {
    EXPECT_EQ(Foreign([] { return ::setgid(::getgid()); }), 0);
    dog.Progress();
  }
  stop = true;
  wg.Wait();
}

// go:CGO-21: each on a thread that ends afterwards.
TEST(Foreign, SetgidOnThreadsThatEndPinned) {
  Watchdog dog("setgid on pinned threads");
  std::atomic<int> failed{0};
  WaitGroup wg;
  for (int i = 0; i < 50; i++) {
    wg.Go([&] {
      LockOSThread();
      if (Foreign([] { return ::setgid(::getgid()); }) != 0) failed++;
    });
  }
  wg.Wait();
  EXPECT_EQ(failed, 0);
}

// go:CGO-01: where faults can be caught the signals of one goroutine come
// while threads are made.
MN_PROGRAM(PairsOfPinnedBesideFaults) {
  constexpr int kPairs = MN_TSAN ? 16 : 64;
  std::atomic<int> caught{0};
  Chan<int> ping(0), pong(0);
  WaitGroup wg;
  wg.Go([&] {
    for (;;) {
      try {
        if (SanitizerReportsFaults()) throw std::runtime_error("a fault");
        test::fault::Store(nullptr);
      } catch (const std::runtime_error&) {
        caught++;
      }
      int v = 0;
      if (ping.TryRecv(v) != TryResult::kOk) continue;
      if (v < 0) return;
      pong.Send(v);
    }
  });
  Chan<int> never(0);
  for (int i = 0; i < kPairs; i++) {
    for (int k = 0; k < 2; k++) {
      Go([never]() mutable {
        LockOSThread();
        never.Recv();
      });
    }
    ping.Send(i);
    MUST(pong.Recv() == i);
  }
  ping.Send(-1);
  wg.Wait();
  MUST(caught > 0);
  return 15;
}

TEST(Foreign, PinnedPairsBesideEndlessFaultsStopNobody) {
  EXPECT_TRUE(Exited(
      RunProgram("PairsOfPinnedBesideFaults", {.env = {{"GOMAXPROCS", "100"}}}),
      15));
}

}  // namespace
}  // namespace mn
