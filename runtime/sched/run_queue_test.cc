// The boundaries of the local run queue, on one thread. The goroutines are
// pointers that nobody follows, and the global queue is a vector.
#include "runtime/plug/run_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace mn {

namespace {

std::vector<std::vector<int>> global_batches;

G* Fake(int i) {
  return reinterpret_cast<G*>(static_cast<std::uintptr_t>(i + 1) << 6);
}
int Number(G* gp) {
  return gp == nullptr
             ? -1
             : static_cast<int>(reinterpret_cast<std::uintptr_t>(gp) >> 6) - 1;
}

}  // namespace

void GlobrunqPutBatch(G* const* batch, std::uint32_t n) {
  std::vector<int> numbers;
  for (std::uint32_t i = 0; i < n; i++) numbers.push_back(Number(batch[i]));
  global_batches.push_back(numbers);
}

namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kSize = static_cast<int>(kRunqSize);

class RunQueueTest : public ::testing::Test {
 protected:
  RunQueueTest() { global_batches.clear(); }

  void Put(int i, bool next = false) { RunqPut(q_, Fake(i), next); }
  int Get() { return Number(RunqGet(q_)); }

  // As a thief does: moves head by n without looking at what it takes.
  void StealFromHead(std::uint32_t n) {
    std::uint32_t head = q_.head.load();
    ASSERT_LE(n, q_.tail.load() - head);
    ASSERT_TRUE(q_.head.compare_exchange_strong(head, head + n));
  }

  RunQueue q_;
};

std::vector<int> Range(int from, int to) {
  std::vector<int> v;
  for (int i = from; i < to; i++) v.push_back(i);
  return v;
}

TEST_F(RunQueueTest, EmptyQueueGivesNull) { EXPECT_EQ(Get(), -1); }

TEST_F(RunQueueTest, Rq1_RingIsFifo) {
  for (int i = 0; i < 5; i++) Put(i);
  for (int i = 0; i < 5; i++) EXPECT_EQ(Get(), i);
  EXPECT_EQ(Get(), -1);
}

// go:SCH-16.
TEST_F(RunQueueTest, Rq1_FifoAtEveryFillLevel) {
  for (int n = 0; n <= kSize; n++) {
    for (int i = 0; i < n; i++) Put(i);
    for (int i = 0; i < n; i++) ASSERT_EQ(Get(), i) << "of " << n;
    ASSERT_EQ(Get(), -1) << "after " << n;
  }
  EXPECT_THAT(global_batches, IsEmpty());
}

TEST_F(RunQueueTest, Rq1_FifoWhilePutsAndGetsAlternate) {
  int put = 0;
  int got = 0;
  for (int round = 0; round < 1000; round++) {
    for (int i = 0; i < round % 7; i++) Put(put++);
    for (int i = 0; i < round % 7 && got < put; i++) ASSERT_EQ(Get(), got++);
  }
}

TEST_F(RunQueueTest, Rq2_RunnextComesBeforeTheRing) {
  Put(0);
  Put(1, /*next=*/true);
  EXPECT_EQ(Get(), 1);
  EXPECT_EQ(Get(), 0);
}

TEST_F(RunQueueTest, Rq2_DisplacedRunnextGoesToTheTail) {
  Put(0);
  Put(1, /*next=*/true);
  Put(2, /*next=*/true);
  EXPECT_EQ(Get(), 2);
  EXPECT_EQ(Get(), 0);
  EXPECT_EQ(Get(), 1);
  EXPECT_EQ(Get(), -1);
}

TEST_F(RunQueueTest, Rq2_RunnextIsNotCountedInTheRing) {
  for (int i = 0; i < kSize; i++) Put(i);
  Put(kSize, /*next=*/true);
  EXPECT_THAT(global_batches, IsEmpty());
  EXPECT_EQ(Get(), kSize);
}

TEST_F(RunQueueTest, Rq3_256Fit) {
  for (int i = 0; i < kSize; i++) Put(i);
  EXPECT_THAT(global_batches, IsEmpty());
  for (int i = 0; i < kSize; i++) ASSERT_EQ(Get(), i);
}

TEST_F(RunQueueTest, Rq3_Put257MovesTheOlderHalfAndItselfAsOneBatch) {
  for (int i = 0; i <= kSize; i++) Put(i);
  std::vector<int> want = Range(0, kSize / 2);
  want.push_back(kSize);
  EXPECT_THAT(global_batches, ElementsAre(want));
  for (int i = kSize / 2; i < kSize; i++) ASSERT_EQ(Get(), i);
  EXPECT_EQ(Get(), -1);
}

TEST_F(RunQueueTest, Rq3_ADisplacedRunnextOverflowsToo) {
  for (int i = 0; i < kSize; i++) Put(i);
  Put(1000, /*next=*/true);
  Put(1001, /*next=*/true);
  std::vector<int> want = Range(0, kSize / 2);
  want.push_back(1000);
  EXPECT_THAT(global_batches, ElementsAre(want));
  EXPECT_EQ(Get(), 1001);
}

TEST_F(RunQueueTest, Rq3_AfterAnOverflowHalfARingFitsAgain) {
  for (int i = 0; i <= kSize; i++) Put(i);
  for (int i = 0; i < kSize / 2; i++) Put(2000 + i);
  EXPECT_EQ(global_batches.size(), 1u);
  Put(3000);
  EXPECT_EQ(global_batches.size(), 2u);
}

TEST_F(RunQueueTest, Rq4_PutSlowFailsWhenAThiefMovedHead) {
  for (int i = 0; i < kSize; i++) Put(i);
  const std::uint32_t head = q_.head.load();
  const std::uint32_t tail = q_.tail.load();
  StealFromHead(3);
  EXPECT_FALSE(RunqPutSlow(q_, Fake(1000), head, tail));
  EXPECT_THAT(global_batches, IsEmpty());
  EXPECT_EQ(q_.head.load(), head + 3);
  EXPECT_EQ(q_.tail.load(), tail);
  for (int i = 3; i < kSize; i++) ASSERT_EQ(Get(), i);
  EXPECT_EQ(Get(), -1);
}

TEST_F(RunQueueTest, Rq4_WhatAThiefTookIsNotHandedOutAgain) {
  for (int i = 0; i < 10; i++) Put(i);
  StealFromHead(5);
  EXPECT_EQ(Get(), 5);
}

TEST_F(RunQueueTest, Rq4_ATakenRunnextIsNotHandedOutAgain) {
  Put(0);
  Put(1, /*next=*/true);
  ASSERT_EQ(Number(q_.runnext.exchange(nullptr)), 1);
  EXPECT_EQ(Get(), 0);
  EXPECT_EQ(Get(), -1);
}

TEST_F(RunQueueTest, Rq6_CountersWrap) {
  q_.head.store(0xFFFFFFFF - 100);
  q_.tail.store(0xFFFFFFFF - 100);
  for (int i = 0; i < kSize; i++) Put(i);
  ASSERT_LT(q_.tail.load(), q_.head.load());  // it has wrapped
  EXPECT_THAT(global_batches, IsEmpty());
  for (int i = 0; i < kSize; i++) ASSERT_EQ(Get(), i);
  EXPECT_EQ(Get(), -1);
}

TEST_F(RunQueueTest, Rq6_OverflowAcrossTheWrap) {
  q_.head.store(0xFFFFFFFF - 10);
  q_.tail.store(0xFFFFFFFF - 10);
  for (int i = 0; i <= kSize; i++) Put(i);
  std::vector<int> want = Range(0, kSize / 2);
  want.push_back(kSize);
  EXPECT_THAT(global_batches, ElementsAre(want));
  EXPECT_EQ(q_.head.load(), 0xFFFFFFFF - 10 + kRunqSize / 2);
  for (int i = kSize / 2; i < kSize; i++) ASSERT_EQ(Get(), i);
}

// A goroutine that is made runnext anew each time it is taken.
TEST_F(RunQueueTest, Rq7_AfterTheBudgetTheRingsHeadGoesFirst) {
  Put(0);
  Put(1, /*next=*/true);
  for (std::uint32_t i = 0; i < kRunnextBudget; i++) {
    ASSERT_EQ(Get(), 1);
    Put(1, /*next=*/true);
  }
  EXPECT_EQ(Get(), 0);
  EXPECT_EQ(Get(), 1);  // held back, not lost
  EXPECT_EQ(Get(), -1);
}

TEST_F(RunQueueTest, Rq7_EveryRingEntryStartsANewBudget) {
  Put(0);
  Put(2);
  Put(1, /*next=*/true);
  for (std::uint32_t i = 0; i < kRunnextBudget; i++) {
    ASSERT_EQ(Get(), 1);
    Put(1, /*next=*/true);
  }
  ASSERT_EQ(Get(), 0);
  for (std::uint32_t i = 0; i < kRunnextBudget; i++) {
    ASSERT_EQ(Get(), 1);
    Put(1, /*next=*/true);
  }
  EXPECT_EQ(Get(), 2);
}

TEST_F(RunQueueTest, Rq7_NoBudgetIsSpentWhileNobodyWaits) {
  Put(1, /*next=*/true);
  for (std::uint32_t i = 0; i < 3 * kRunnextBudget; i++) {
    ASSERT_EQ(Get(), 1);
    Put(1, /*next=*/true);
  }
  Put(0);
  EXPECT_EQ(Get(), 1);
}

TEST_F(RunQueueTest, Rq7_RunnextHeldBackIsGivenIfTheRingEmptiesMeanwhile) {
  Put(0);
  Put(1, /*next=*/true);
  for (std::uint32_t i = 0; i < kRunnextBudget; i++) {
    ASSERT_EQ(Get(), 1);
    Put(1, /*next=*/true);
  }
  StealFromHead(1);
  EXPECT_EQ(Get(), 1);
}

}  // namespace
}  // namespace mn
