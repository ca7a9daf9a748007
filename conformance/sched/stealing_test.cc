// Idle Ps take work from busy ones.
//
// Two Ps. A `hog` spins without a call into the runtime, so its P runs nothing
// else, and preemption by signal is off: whatever is queued behind it can only
// be run by the other P.
#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

MN_PROGRAM(QueuedBehindAHog) {
  constexpr int kSpawned = 100;
  std::atomic<int> ran{0};
  WaitGroup all;
  all.Add(kSpawned);
  for (int i = 0; i < kSpawned; i++) {
    Go([&] {
      ran++;
      all.Done();
    });
  }
  while (ran < kSpawned) {  // goroutine 1 is the hog
  }
  all.Wait();
  Say("ran", ran);
  Say("procs", GOMAXPROCS());
  return 0;
}

CLAIM(Stealing, GoroutinesBehindAHogAreRunByAnotherP,
      {.id = "steal.behind_hog",
       .section = 3,
       .source = "invariant 5: idle Ps steal from a busy P",
       .says = "Goroutines queued behind one that never stops are run by "
               "another P."}) {
  const ProcessResult r = RunProgram("QueuedBehindAHog", OnProcs(2));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "procs"), 2);
  EXPECT_EQ(Number(r, "ran"), 100);
  Measured("100 of 100 ran while their creator never stopped");
}

// A gate holds the second P while goroutine 1 fills the first P's queue: the
// ring has 0..99, runnext 100. The gate opens; the second P steals, and what it
// runs first holds that P until everything has started. Goroutine 1 waits for
// that without a call and parks: now its P runs runnext and what is left in its
// ring, oldest first. The first of them says how many were stolen.
MN_PROGRAM(StealOnce) {
  constexpr int kSpawned = 101;
  std::atomic<bool> at_the_gate{false}, open{false};
  std::atomic<int> started{0};
  std::vector<int> order(kSpawned);
  Go([&] {
    at_the_gate = true;
    while (!open) {
    }
  });
  while (!at_the_gate) Gosched();

  WaitGroup all;
  all.Add(kSpawned);
  for (int i = 0; i < kSpawned; i++) {
    Go([&, i] {
      const int turn = started++;
      order[turn] = i;
      if (turn == 0) {
        while (started < kSpawned) {
        }
      }
      all.Done();
    });
  }
  if (started != 0) return Disturbed();
  open = true;
  while (started == 0) {
  }
  all.Wait();
  Say("runnext", order[1]);
  Say("stolen", order[2]);
  return 0;
}

CLAIM(Stealing, ThiefTakesHalfOfTheRing,
      {.id = "steal.half",
       .section = 3,
       .source = "invariant 5: idle Ps steal half",
       .says = "A P that runs dry takes half of another P's ring and leaves "
               "that P its next goroutine."}) {
  const ProcessResult r = RunUndisturbed("StealOnce", OnProcs(2));
  EXPECT_EQ(Number(r, "runnext"), 100) << "runnext is not the thief's";
  EXPECT_EQ(Number(r, "stolen"), 50);
  Measured(Text(r, "stolen") + " of 100");
}

}  // namespace
}  // namespace mn::conformance
