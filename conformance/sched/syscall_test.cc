// System calls: short ones cost nothing, long ones lose their P.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

using std::chrono::milliseconds;

struct Pipe {
  Pipe() {
    if (pipe(end) != 0) abort();
  }
  ~Pipe() {
    close(end[0]);
    close(end[1]);
  }
  void Read() {
    char c;
    while (read(end[0], &c, 1) != 1) {
    }
  }
  void Write(int n = 1) {
    for (int i = 0; i < n; i++) {
      if (write(end[1], "x", 1) != 1) abort();
    }
  }
  int end[2];
};

// `n` goroutines in Syscall at once; the threads meanwhile.
int Storm(int n) {
  Pipe pipe;
  std::atomic<int> inside{0};
  WaitGroup all;
  for (int i = 0; i < n; i++) {
    all.Go([&] {
      Syscall([&] {
        inside++;
        pipe.Read();
      });
    });
  }
  while (inside < n) Gosched();
  const int threads = NumThreads();
  pipe.Write(n);
  all.Wait();
  return threads;
}

MN_PROGRAM(ShortCalls) {
  Storm(3);  // what the one P needs at most: its thread and one more
  Say("before", NumThreads());
  const int calls = MN_TSAN || MN_ASAN ? 50'000 : 1'000'000;
  for (int i = 0; i < calls; i++) Syscall([] { getppid(); });
  Say("calls", calls);
  Say("after", NumThreads());
  return 0;
}

CLAIM(Syscalls, ShortOnesMakeNoThread,
      {.id = "syscall.short",
       .section = 4,
       .source = "the runtime does not detach the P immediately; Go proc.go "
                 "entersyscall",
       .says = "A million system calls that return at once make no thread."}) {
  const ProcessResult r = RunProgram("ShortCalls", OnProcs(1));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "after"), Number(r, "before"));
  Measured(Text(r, "calls") + " calls, " + Text(r, "before") +
           " threads before and after");
}

// One P; another goroutine counts its turns.
MN_PROGRAM(CallsBesideAYielder) {
  std::atomic<bool> stop{false};
  std::atomic<int> turns{0};
  WaitGroup all;
  all.Go([&] {
    while (!stop) {
      turns++;
      Gosched();
    }
  });
  constexpr int kCalls = 10'000;
  int lost = 0;
  for (int i = 0; i < kCalls; i++) {
    if (i % 10 == 0) Gosched();
    const int before = turns;
    Syscall([] { getppid(); });
    if (turns != before) lost++;
  }
  stop = true;
  all.Wait();
  Say("calls", kCalls);
  Say("lost", lost);
  Say("turns", turns);
  return 0;
}

CLAIM(
    Syscalls, ShortOnesKeepTheirP,
    {.id = "syscall.keeps_p",
     .section = 4,
     .source = "for very short syscalls, the M just runs them quickly",
     .says =
         "A goroutine that waits for the P does not get it while another makes "
         "a system call that returns at once, in 19 of 20 calls at least."}) {
  const ProcessResult r = RunProgram("CallsBesideAYielder", OnProcs(1));
  ASSERT_TRUE(Exited(r, 0));
  ASSERT_GE(Number(r, "turns"), 1000) << "nobody waited for the P";
  // One that the kernel cuts in two lasts, and loses it.
  EXPECT_LE(Number(r, "lost"), Number(r, "calls") / 20);
  Measured(Text(r, "lost") + " of " + Text(r, "calls") + " calls lost the P");
}

// One P. A goroutine is ready when the caller goes into the kernel, which it
// leaves only when that one has run. What the ready one waited, in ns.
long long BlockUntilAnotherRuns() {
  Pipe pipe;
  long long entered = 0, waited = 0;
  WaitGroup other;
  other.Go([&] {
    waited = Nanotime() - entered;
    pipe.Write();
  });
  entered = Nanotime();
  Syscall([&] { pipe.Read(); });
  other.Wait();
  return waited;
}

void SayWaited(std::vector<long long> waited) {
  std::sort(waited.begin(), waited.end());
  Say("median_us", waited[waited.size() / 2] / 1000);
  Say("max_us", waited.back() / 1000);
}

MN_PROGRAM(FirstCallsBlock) {
  std::vector<long long> waited;
  for (int i = 0; i < 200; i++) {
    WaitGroup caller;
    caller.Go([&] { waited.push_back(BlockUntilAnotherRuns()); });
    caller.Wait();
  }
  SayWaited(waited);
  return 0;
}

CLAIM(Syscalls, LongOnesLoseTheirP,
      {.id = "syscall.loses_p",
       .section = 4,
       .source = "sysmon sees the M in the syscall and hands off the P",
       .says = "With one P, a system call that blocks loses it to the "
               "goroutine that waits for it."}) {
  const ProcessResult r = RunProgram("FirstCallsBlock", OnProcs(1));
  ASSERT_TRUE(Exited(r, 0));
  Measured("the P went after " + Text(r, "median_us") +
           " us (median of 200), " + Text(r, "max_us") + " us at most");
}

MN_PROGRAM(CallsBlockAgain) {
  std::vector<long long> waited;
  for (int i = 0; i < 200; i++) waited.push_back(BlockUntilAnotherRuns());
  SayWaited(waited);
  return 0;
}

CLAIM(Syscalls, ThoseThatAreLongAgainGiveItAway,
      {.id = "syscall.gives_p_away",
       .section = 0,
       .source = "ours, SYS-8: Go waits for sysmon each time",
       .says = "With one P, a goroutine whose system calls block again and "
               "again loses it each time to the one that waits for it; how "
               "soon is measured here, and that it gives it away itself is "
               "runtime/sched/syscall_expectation_test's to show."}) {
  const ProcessResult r = RunProgram("CallsBlockAgain", OnProcs(1));
  ASSERT_TRUE(Exited(r, 0));
  Measured("the P went after " + Text(r, "median_us") +
           " us (median of 200), " + Text(r, "max_us") + " us at most");
}

MN_PROGRAM(TwoStormsOfCalls) {
  Say("before", NumThreads());
  Say("first", Storm(100));
  Say("second", Storm(100));
  return 0;
}

CLAIM(Syscalls, AHundredThatBlockNeedAHundredThreadsOnce,
      {.id = "syscall.storm",
       .section = 4,
       .source = "thread count grows under heavy blocking I/O",
       .says = "A hundred system calls that block need a hundred threads, "
               "which a second hundred uses again."}) {
  const ProcessResult r = RunProgram("TwoStormsOfCalls", OnProcs(2));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_LT(Number(r, "before"), 50);
  EXPECT_GE(Number(r, "first"), 100);
  EXPECT_LE(Number(r, "second"), Number(r, "first") + 5);
  Measured("threads: " + Text(r, "before") + ", then " + Text(r, "first") +
           " and " + Text(r, "second") + " in two storms");
}

// One P, held by a loop when a call of another goroutine returns.
MN_PROGRAM(ComesBackToATakenP) {
  Pipe pipe;
  std::atomic<bool> inside{false}, returned{false}, back{false};
  WaitGroup all;
  all.Go([&] {
    BlockingCall([&] {
      inside = true;
      pipe.Read();
      returned = true;
    });
    back = true;
  });
  while (!inside) Gosched();
  pipe.Write();
  const long long end = Nanotime() + 50'000'000;
  while (!returned || Nanotime() < end) {
  }
  Say("back_too_early", back);
  all.Wait();
  Say("back", back);
  return 0;
}

CLAIM(Syscalls, WhoComesBackWithoutAFreePWaitsForItsTurn,
      {.id = "syscall.comes_back",
       .section = 4,
       .source = "step 6: if there is no P, the goroutine goes to a run queue",
       .says = "A goroutine whose call returns while every P is taken does not "
               "run before one is free."}) {
  const ProcessResult r = RunProgram("ComesBackToATakenP", OnProcs(1));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "back_too_early"), 0);
  EXPECT_EQ(Number(r, "back"), 1);
  Measured("queued until the P was free");
}

// One P; two goroutines that do nothing but write, until a sleeper wakes.
MN_PROGRAM(EndlessWriters) {
  const int null = open("/dev/null", O_WRONLY);
  std::atomic<bool> stop{false};
  std::atomic<long long> written[2] = {0, 0};
  WaitGroup all;
  for (std::atomic<long long>& n : written) {
    all.Go([&] {
      while (!stop) n += sys::Write(null, "x", 1).value;
    });
  }
  while (written[0] == 0 || written[1] == 0) Gosched();
  Sleep(milliseconds(10));
  stop = true;
  all.Wait();
  Say("written", written[0] + written[1]);
  return 0;
}

CLAIM(Syscalls, EndlessOnesDoNotStarveASleeper,
      {.id = "syscall.no_starvation",
       .section = 0,
       .source = "Go proc_test.go TestGCFairness, go:SCH-13",
       .says = "On one P, two goroutines that do nothing but write do not keep "
               "a sleeper from waking."}) {
  ProcessOptions options = OnProcs(1);
  options.env.back() = {"GODEBUG", ""};
  const ProcessResult r = RunProgram("EndlessWriters", options);
  ASSERT_TRUE(Exited(r, 0));
  Measured("the sleeper woke beside " + Text(r, "written") + " writes");
}

}  // namespace
}  // namespace mn::conformance
