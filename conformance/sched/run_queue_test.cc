// The order in which one P runs its goroutines: runnext, ring, overflow.
//
// Every program here runs on one P, so exactly one goroutine runs at a time and
// plain variables are enough. Each checks that nothing ran before its creator
// parked: a runtime may stop the creator when its time slice is over, and on a
// busy machine that is a matter of luck.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

// Spawns N goroutines, parks, and says in which order they ran.
MN_PROGRAM(SpawnThenPark) {
  const int n = static_cast<int>(Parameter("N"));
  std::vector<int> order;
  WaitGroup all;
  all.Add(n);
  for (int i = 0; i < n; i++) {
    Go([&order, &all, i] {
      order.push_back(i);
      all.Done();
    });
  }
  if (!order.empty()) return Disturbed();
  all.Wait();
  Say("order", Join(order));
  Say("procs", GOMAXPROCS());
  return 0;
}

ProcessResult SpawnOnOneP(int n) {
  ProcessOptions options = OnProcs(1);
  options.env.emplace_back("N", std::to_string(n));
  ProcessResult r = RunUndisturbed("SpawnThenPark", options);
  EXPECT_EQ(Number(r, "procs"), 1);
  return r;
}

CLAIM(RunQueue, LastSpawnedRunsFirstThenTheOthersInOrder,
      {.id = "queue.spawn_order",
       .section = 0,
       .source = "Go proc.go runqput, go:SCH-31",
       .says = "On one P, goroutines 0 to 4 spawned before their creator parks "
               "run in the order 4 0 1 2 3."}) {
  const std::string order = Text(SpawnOnOneP(5), "order");
  EXPECT_EQ(order, "4 0 1 2 3");
  Measured(order);
}

// 300 goroutines and a ring of 256. Number 299 ends up in runnext. Spawning 257
// displaced 256 from there onto a full ring, so the oldest half, 0..127, and
// 256 went to the global queue; what stayed is 128..255 and 257..298.
constexpr int kSpawned = 300;
bool Overflowed(int i) { return i < 128 || i == 256; }

CLAIM(RunQueue, OverflowKeepsEveryGoroutineExactlyOnce,
      {.id = "queue.overflow_exactly_once",
       .section = 0,
       .source = "Go proc.go runqputslow",
       .says = "Overflow loses no goroutine and runs none twice; the last "
               "spawned still runs first."}) {
  std::vector<int> order = Numbers(Text(SpawnOnOneP(kSpawned), "order"));
  ASSERT_EQ(order.size(), static_cast<size_t>(kSpawned));
  EXPECT_EQ(order.front(), kSpawned - 1);
  std::sort(order.begin(), order.end());
  for (int i = 0; i < kSpawned; i++) ASSERT_EQ(order[i], i);
  Measured("300 of 300 ran once, 299 first");
}

CLAIM(RunQueue, OverflowMovesTheOldestHalfToTheGlobalQueue,
      {.id = "queue.local_first",
       .section = 3,
       .source = "invariant 4: goroutines live in a local run queue, overflow "
                 "goes to the global one",
       .says = "Of 300 goroutines spawned on one P, the oldest half of the "
               "ring and the one that did not fit overflow to the global queue "
               "and run after the local ones, each queue in order."}) {
  const std::vector<int> order = Numbers(Text(SpawnOnOneP(kSpawned), "order"));
  ASSERT_EQ(order.size(), static_cast<size_t>(kSpawned));
  std::vector<int> ring, global;
  int global_before_ring_was_empty = 0;
  const int ring_size = kSpawned - 1 - 129;
  for (size_t i = 1; i < order.size(); i++) {
    if (Overflowed(order[i])) {
      global.push_back(order[i]);
      if (static_cast<int>(ring.size()) < ring_size) {
        global_before_ring_was_empty++;
      }
    } else {
      ring.push_back(order[i]);
    }
  }
  EXPECT_TRUE(std::is_sorted(ring.begin(), ring.end())) << Join(order);
  EXPECT_TRUE(std::is_sorted(global.begin(), global.end())) << Join(order);
  // The local queue goes first; one in 61 turns belongs to the global queue.
  EXPECT_LE(global_before_ring_was_empty, kSpawned / 61);
  EXPECT_EQ(order.back(), 256) << Join(order);
  Measured(std::to_string(global.size()) + " overflowed, " +
           std::to_string(global_before_ring_was_empty) +
           " of them had a turn before the ring was empty");
}

// Three goroutines that write their name and yield, three times.
MN_PROGRAM(YieldInTurn) {
  std::vector<int> order;
  WaitGroup all;
  all.Add(3);
  for (int i = 0; i < 3; i++) {
    Go([&order, &all, i] {
      for (int turn = 0; turn < 3; turn++) {
        order.push_back(i);
        Gosched();
      }
      all.Done();
    });
  }
  if (!order.empty()) return Disturbed();
  all.Wait();
  Say("order", Join(order));
  return 0;
}

CLAIM(RunQueue, GoschedLetsTheOthersRunFirst,
      {.id = "gosched.round",
       .section = 14,
       .source = "gotcha 6: Gosched; go:SCH-33",
       .says = "On one P, three goroutines that yield take turns."}) {
  const std::string order =
      Text(RunUndisturbed("YieldInTurn", OnProcs(1)), "order");
  EXPECT_EQ(order, "2 0 1 2 0 1 2 0 1");
  Measured(order);
}

// Where a yielder goes: 300 goroutines wait, 129 of them in the global queue,
// and goroutine 1 yields once.
MN_PROGRAM(YieldBeforeACrowd) {
  int ran = 0;
  WaitGroup all;
  all.Add(kSpawned);
  for (int i = 0; i < kSpawned; i++) {
    Go([&ran, &all] {
      ran++;
      all.Done();
    });
  }
  if (ran != 0) return Disturbed();
  Gosched();
  Say("ran", ran);
  all.Wait();
  return 0;
}

CLAIM(RunQueue, GoschedQueuesTheYielderOnItsOwnP,
      {.id = "gosched.own_queue",
       .section = 14,
       .source = "ours: Go puts the yielder on the global queue",
       .says = "A goroutine that yields queues behind those of its own P and "
               "not behind the global queue."}) {
  const long long ran =
      Number(RunUndisturbed("YieldBeforeACrowd", OnProcs(1)), "ran");
  // All that were in runnext and the ring, and the global queue's turns: behind
  // the overflowed ones it would have been all 300.
  EXPECT_GE(ran, kSpawned - 129);
  EXPECT_LE(ran, kSpawned - 129 + kSpawned / 61);
  Measured(std::to_string(ran) + " of 300 ran before the yielder");
}

}  // namespace
}  // namespace mn::conformance
