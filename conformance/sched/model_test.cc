// G, M and P: who may run, and how many of each there are.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

void RaiseTo(std::atomic<int>& peak, int value) {
  int old = peak;
  while (old < value && !peak.compare_exchange_weak(old, value)) {
  }
}

// As many goroutines as there are Ps meet by spinning: none of them calls the
// runtime until all have arrived, so all must be executing at once.
void AllPsMeet(int procs, std::atomic<int>& arrived) {
  WaitGroup all;
  all.Add(procs);
  for (int i = 0; i < procs; i++) {
    Go([&] {
      arrived++;
      while (arrived < procs) {
      }
      all.Done();
    });
  }
  all.Wait();
}

// Then eight times as many yield, block their thread and sleep, and each counts
// itself only while it executes.
MN_PROGRAM(ExecutingAtOnce) {
  const int procs = GOMAXPROCS();
  std::atomic<int> met{0}, executing{0}, peak{0};
  AllPsMeet(procs, met);
  WaitGroup all;
  all.Add(8 * procs);
  for (int i = 0; i < 8 * procs; i++) {
    Go([&, i] {
      for (int round = 0; round < 60; round++) {
        RaiseTo(peak, ++executing);
        Spin();
        executing--;
        switch ((i + round) % 3) {
          case 0:
            Gosched();
            break;
          case 1:
            BlockingCall([] { usleep(50); });
            break;
          case 2:
            Sleep(microseconds(50));
            break;
        }
      }
      all.Done();
    });
  }
  all.Wait();
  Say("met", met);
  Say("peak", peak);
  Say("procs", procs);
  Say("procs_later", GOMAXPROCS());
  return 0;
}

CLAIM(Model, NeverMoreGoroutinesExecuteThanThereArePs,
      {.id = "model.m_needs_p",
       .section = 3,
       .source = "invariant 1: an M must hold a P",
       .says = "However goroutines yield, sleep and block, no more of them "
               "execute at once than there are Ps."}) {
  std::string figures;
  for (int procs : {1, 2, 5}) {
    const ProcessResult r = RunProgram("ExecutingAtOnce", OnProcs(procs));
    ASSERT_TRUE(Exited(r, 0));
    const long long peak = Number(r, "peak");
    EXPECT_GE(peak, 1);
    EXPECT_LE(peak, procs);
    figures += (figures.empty() ? "" : ", ") + std::to_string(peak) + " of " +
               std::to_string(procs);
  }
  Measured(figures);
}

CLAIM(Model, NumberOfPsIsFixed,
      {.id = "model.ps_fixed",
       .section = 3,
       .source = "invariant 2: the number of Ps is fixed at GOMAXPROCS",
       .says = "GOMAXPROCS goroutines do execute at once, and the number is "
               "the same before and after others have blocked."}) {
  // They met without a call into the runtime, so all executed at once; that no
  // more ever do is the claim above.
  for (int procs : {1, 2, 5}) {
    const ProcessResult r = RunProgram("ExecutingAtOnce", OnProcs(procs));
    ASSERT_TRUE(Exited(r, 0));
    EXPECT_EQ(Number(r, "met"), procs);
    EXPECT_EQ(Number(r, "procs"), procs);
    EXPECT_EQ(Number(r, "procs_later"), procs);
  }
  Measured("1, 2 and 5 Ps, before and after 480 goroutines blocked");
}

// `n` goroutines, all in the kernel at once: each reads a byte of a pipe that
// is written only when the last of them is about to.
int ThreadsWhileBlocked(int n) {
  int fds[2];
  if (pipe(fds) != 0) abort();
  std::atomic<int> blocked{0};
  WaitGroup all;
  all.Add(n);
  for (int i = 0; i < n; i++) {
    Go([&] {
      BlockingCall([&] {
        blocked++;
        char c;
        while (read(fds[0], &c, 1) != 1) {
        }
      });
      all.Done();
    });
  }
  while (blocked < n) Gosched();
  const int threads = KernelThreads();
  for (int i = 0; i < n; i++) {
    if (write(fds[1], "x", 1) != 1) abort();
  }
  all.Wait();
  close(fds[0]);
  close(fds[1]);
  return threads;
}

MN_PROGRAM(TwoStorms) {
  Say("before", KernelThreads());
  Say("first", ThreadsWhileBlocked(20));
  Say("second", ThreadsWhileBlocked(20));
  return 0;
}

CLAIM(Model, ThreadsAreMadeWhenGoroutinesBlockAndUsedAgain,
      {.id = "model.ms_dynamic",
       .section = 3,
       .source = "invariant 3: the number of Ms is dynamic",
       .says = "Twenty goroutines blocked in the kernel have twenty threads, "
               "which are made for them and used again by the next twenty."}) {
  const ProcessResult r = RunProgram("TwoStorms", OnProcs(1));
  ASSERT_TRUE(Exited(r, 0));
  const long long before = Number(r, "before");
  const long long first = Number(r, "first");
  const long long second = Number(r, "second");
  EXPECT_LT(before, 20) << "threads were there already: nothing was shown";
  EXPECT_GE(first, 20 + 1) << "20 blocked, and one that runs goroutine 1";
  EXPECT_LE(second, first + 2);
  Measured("threads: " + std::to_string(before) + " at the start, " +
           std::to_string(first) + " with 20 goroutines blocked, " +
           std::to_string(second) + " the second time");
}

// One P; its goroutine blocks in the kernel until another one has run.
MN_PROGRAM(BlocksUntilAnotherRuns) {
  int fds[2];
  if (pipe(fds) != 0) abort();
  Go([&] {
    if (write(fds[1], "x", 1) != 1) abort();
  });
  BlockingCall([&] {
    char c;
    while (read(fds[0], &c, 1) != 1) {
    }
  });
  return 0;
}

CLAIM(Model, BlockingCallHandsThePToAnotherThread,
      {.id = "block.hands_p_off",
       .section = 4,
       .source = "other goroutines go on while one blocks in a system call",
       .says = "With one P, a goroutine that blocks in the kernel does not "
               "keep the others from running."}) {
  const ProcessResult r = RunProgram("BlocksUntilAnotherRuns", OnProcs(1));
  EXPECT_TRUE(Exited(r, 0));
  Measured("the others went on, on 1 P");
}

MN_PROGRAM(AllPsMeet) {
  std::atomic<int> met{0};
  AllPsMeet(GOMAXPROCS(), met);
  Say("threads", KernelThreads());
  return 0;
}

CLAIM(Model, MorePsThanCpusRunAtOnce,
      {.id = "procs.more_than_cpus",
       .section = 8,
       .source = "never set above NumCPU, some sit idle; Go runs them all",
       .says = "With more Ps than CPUs, a thread is made for each P that has "
               "work, and all of them execute."}) {
  const int procs = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)) + 2;
  const ProcessResult r = RunProgram("AllPsMeet", OnProcs(procs));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_GE(Number(r, "threads"), procs);
  Measured(std::to_string(procs) + " Ps, " + Text(r, "threads") + " threads");
}

// A value travels through a chain of goroutines, each of which waits for its
// neighbour on an unbuffered channel.
MN_PROGRAM(Chain) {
  Chan<int> right(0);
  Chan<int> first = right;
  for (int i = 0; i < kManyGoroutines; i++) {
    Chan<int> left(0);
    Go([from = left, to = right]() mutable { to.Send(from.Recv() + 1); });
    right = left;
  }
  right.Send(0);
  Say("sum", first.Recv());
  return 0;
}

CLAIM(Model, ManyGoroutinesNeedFewThreads,
      {.id = "model.few_threads",
       .section = 3,
       .source =
           "M goroutines mapped onto N threads, typically M much larger than N",
       .says = "Thousands of goroutines that wait for each other need a "
               "handful of threads."}) {
  const ProcessResult r = RunProgram("Chain", OnProcs(2));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "sum"), kManyGoroutines);
  EXPECT_LE(r.max_threads, 2 + 5);
  Measured(std::to_string(kManyGoroutines) + " goroutines, " +
           std::to_string(r.max_threads) + " threads");
}

}  // namespace
}  // namespace mn::conformance
