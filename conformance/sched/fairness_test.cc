// Nobody waits for ever: the global queue's turn, and runnext's time slice.
//
// One P each; the programs end while some of their goroutines go on, so what
// those touch is static.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

// 300 goroutines are spawned; 0..127 and 256 overflow to the global queue. Two
// of the local ones yield for ever, the rest end when they first run: from then
// on the local queue is short but never empty, and every overflowed goroutine
// depends on the global queue's turn.
MN_PROGRAM(LocalWorkNeverEnds) {
  constexpr int kSpawned = 300;
  static long slices = 0;
  static std::vector<long> first_slice(kSpawned, -1);
  static WaitGroup all;
  all.Add(kSpawned);
  for (int i = 0; i < kSpawned; i++) {
    Go([i] {
      first_slice[i] = ++slices;
      all.Done();
      if (i != 297 && i != 298) return;
      for (;;) {
        Gosched();
        slices++;
      }
    });
  }
  if (slices != 0) return Disturbed();
  all.Wait();
  long widest = 0;
  for (int i = 1; i < 128; i++) {
    widest = std::max(widest, first_slice[i] - first_slice[i - 1]);
  }
  Say("widest", widest);
  return 0;
}

CLAIM(Fairness, GlobalQueueHasATurnWhileLocalWorkNeverEnds,
      {.id = "queue.global_turn",
       .section = 0,
       .source = "Go proc.go findRunnable, schedtick % 61; MN-5",
       .says = "While local work never ends, every 61st turn of a P goes to a "
               "goroutine of the global queue."}) {
  const ProcessResult r = RunUndisturbed("LocalWorkNeverEnds", OnProcs(1));
  const long long widest = Number(r, "widest");
  EXPECT_GT(widest, 1) << "the local queue was empty: nothing was shown";
  EXPECT_LE(widest, 61);
  Measured("one global goroutine every " + std::to_string(widest) + " turns");
}

// The most turns a runnext chain may have before the ring has one: the budget
// of the contract runtime/plug/run_queue.h (kRunnextBudget), and the turn that
// the yielder gave away before it was in the ring itself.
constexpr long kMostTurns = 64 + 1;

// How often `counter` was bumped between the yields of goroutine 1, at most,
// and how long the longest yield took.
void SayWidestGap(const long& counter) {
  long widest = 0;
  std::int64_t longest = 0;
  for (int i = 0; i < 100; i++) {
    const long before = counter;
    const std::int64_t yielded = Nanotime();
    Gosched();
    longest = std::max(longest, Nanotime() - yielded);
    widest = std::max(widest, counter - before);
  }
  Say("widest", widest);
  Say("longest_us", longest / 1000);
}

MN_PROGRAM(PingPongPair) {
  static long handed_over = 0;
  static Chan<int> there(0), back(0);
  Go([] {
    for (;;) {
      there.Recv();
      handed_over++;
      back.Send(0);
    }
  });
  Go([] {
    for (;;) {
      there.Send(0);
      back.Recv();
      handed_over++;
    }
  });
  while (handed_over == 0) Gosched();
  SayWidestGap(handed_over);
  return 0;
}

CLAIM(Fairness, PairThatReadiesEachOtherDoesNotStarveTheQueue,
      {.id = "queue.pair_shares_slice",
       .section = 0,
       .source = "Go proc_test.go TestPingPongHog; RQ-7",
       .says = "Two goroutines that ready each other for ever leave the others "
               "of their P a turn after at most 65 hand-overs."}) {
  const ProcessResult r = RunProgram("PingPongPair", OnProcs(1));
  ASSERT_TRUE(Exited(r, 0));
  const long long widest = Number(r, "widest");
  EXPECT_GT(widest, 1) << "the pair never handed over: nothing was shown";
  EXPECT_LE(widest, kMostTurns);
  Measured("the queue waited for at most " + std::to_string(widest) +
           " hand-overs, " + Text(r, "longest_us") + " us");
}

long respawned = 0;
void Respawn() {
  respawned++;
  Go(&Respawn);
}

MN_PROGRAM(RespawnsItself) {
  Go(&Respawn);
  while (respawned == 0) Gosched();
  SayWidestGap(respawned);
  return 0;
}

CLAIM(
    Fairness, SelfRespawningGoroutineDoesNotStarveAYieldedOne,
    {.id = "queue.respawn_shares_slice",
     .section = 0,
     .source = "ours, RQ-7: Go delays the yielded goroutine for up to seconds",
     .says = "A goroutine that always starts its successor and ends lets one "
             "that yielded run after at most 65 generations."}) {
  const ProcessResult r = RunProgram("RespawnsItself", OnProcs(1));
  ASSERT_TRUE(Exited(r, 0));
  const long long widest = Number(r, "widest");
  EXPECT_GT(widest, 1) << "the chain never ran: nothing was shown";
  EXPECT_LE(widest, kMostTurns);
  Measured("the yielded one waited for at most " + std::to_string(widest) +
           " respawns, " + Text(r, "longest_us") + " us");
}

}  // namespace
}  // namespace mn::conformance
