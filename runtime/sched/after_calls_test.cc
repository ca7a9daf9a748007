// After many calls of both kinds every P is there, and threads are used again.
#include <gtest/gtest.h>
#include <stdio.h>
#include <unistd.h>

#include <atomic>

#include "runtime/core/in_runtime.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/syscall.h"
#include "runtime/testing/pipe.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using test::Exited;
using test::Pipe;
using test::RunProgram;
using test::SamePs;

// The Ps on the idle list and those that an M holds; one that is being handed
// to an M that wakes up is neither.
int PsThatAreSomewhere() {
  InRuntimeScope in_runtime;  // no signal takes our P while we hold the lock
  RtLock lock(sched.lock);
  int n = 0;
  for (P* p = sched.pidle; p != nullptr; p = p->link) n++;
  EXPECT_EQ(n, sched.npidle.load());
  for (const P* p : Allp()) {
    if (p->status.load() == PStatus::kRunning) n++;
  }
  return n;
}

TEST(BlockingCall, Sys5_Mn2_ThePsAreAllThereAfterwards) {
  test::Watchdog dog("a P was lost");
  WaitGroup wg;
  for (int i = 0; i < 50; i++) {
    wg.Go([] {
      for (int k = 0; k < 20; k++) BlockingCall([] { ::usleep(50); });
    });
  }
  wg.Wait();
  int n;
  while ((n = PsThatAreSomewhere()) < GOMAXPROCS()) Gosched();
  EXPECT_EQ(n, GOMAXPROCS());
}

TEST(Syscall, Sys5_Mn2_ThePsAreAllThereAfterwards) {
  test::Watchdog dog("a P was lost");
  WaitGroup wg;
  for (int i = 0; i < 50; i++) {
    wg.Go([] {
      for (int k = 0; k < 20; k++) Syscall([] { ::usleep(50); });
    });
  }
  wg.Wait();
  int n;
  while ((n = PsThatAreSomewhere()) < GOMAXPROCS()) Gosched();
  EXPECT_EQ(n, GOMAXPROCS());
}

// The most threads while `n` calls block at once. `call` is Syscall or
// BlockingCall.
template <class Call>
int PeakOfAStorm(int n, Call call) {
  Pipe pipe;
  std::atomic<int> inside{0};
  WaitGroup wg;
  for (int i = 0; i < n; i++) {
    wg.Go([&] {
      call([&] {
        inside.fetch_add(1);
        pipe.Read();
      });
    });
  }
  while (inside.load() != n) Gosched();
  const int peak = NumThreads();
  for (int i = 0; i < n; i++) pipe.Write('s');
  wg.Wait();
  return peak;
}

template <class Call>
int TwoStorms(Call call) {
  const int before = NumThreads();
  const int first = PeakOfAStorm(100, call);
  const int second = PeakOfAStorm(100, call);
  fprintf(stderr, "threads: %d, %d, %d\n", before, first, second);
  // Those that block, one for each P, and a few on their way. Not first + 5: at
  // one look each of 8 Ps has a thread, at the other only main's.
  const int ps = GOMAXPROCS();
  return before < 50 && first >= 100 && second <= 100 + ps + 5 ? 0 : 1;
}

MN_PROGRAM(TwoStormsOfSyscalls) {
  return TwoStorms([](auto f) { Syscall(f); });
}
MN_PROGRAM(TwoStormsOfBlockingCalls) {
  return TwoStorms([](auto f) { BlockingCall(f); });
}

TEST(Syscall, Thr2_ThreadsOfAStormAreUsedAgain) {
  EXPECT_TRUE(Exited(RunProgram("TwoStormsOfSyscalls", SamePs()), 0));
}

TEST(BlockingCall, Thr2_ThreadsOfAStormAreUsedAgain) {
  EXPECT_TRUE(Exited(RunProgram("TwoStormsOfBlockingCalls", SamePs()), 0));
}

}  // namespace
}  // namespace mn
