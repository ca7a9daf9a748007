// RunqSteal on two Ps that no M holds.
#include "runtime/sched/steal.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

// Goroutines that are only pointers.
class StealTest : public ::testing::TestWithParam<int> {
 protected:
  void Fill(P& p, int n) {
    for (int i = 0; i < n; i++) RunqPut(p.runq, &gs_[i], false);
  }
  int Number(const G* gp) const {
    return gp == nullptr ? -1 : static_cast<int>(gp - gs_.data());
  }
  static int RingLen(const P& p) {
    return static_cast<int>(p.runq.tail.load() - p.runq.head.load());
  }

  std::vector<G> gs_{kRunqSize + 2};
  P victim_;
  P thief_;
};

// go:SCH-17, with the next one.
TEST_P(StealTest, Ws1_TakesHalfRoundedUp) {
  const int n = GetParam();
  Fill(victim_, n);
  const int want = (n + 1) / 2;
  G* gp = RunqSteal(&thief_, &victim_, false);
  ASSERT_EQ(gp != nullptr, n > 0);
  EXPECT_EQ(RingLen(victim_), n - want);
  EXPECT_EQ(RingLen(thief_) + (gp != nullptr ? 1 : 0), want);
}

TEST_P(StealTest, Ws2_TheOldestGoToTheThiefInOrderTheYoungestOfThemRuns) {
  const int n = GetParam();
  Fill(victim_, n);
  const int taken = (n + 1) / 2;
  EXPECT_EQ(Number(RunqSteal(&thief_, &victim_, false)), taken - 1);
  for (int i = 0; i < taken - 1; i++) {
    ASSERT_EQ(Number(RunqGet(thief_.runq)), i);
  }
  EXPECT_EQ(RunqGet(thief_.runq), nullptr);
  for (int i = taken; i < n; i++) {
    ASSERT_EQ(Number(RunqGet(victim_.runq)), i);
  }
  EXPECT_EQ(RunqGet(victim_.runq), nullptr);
}

INSTANTIATE_TEST_SUITE_P(QueueLength, StealTest,
                         ::testing::Range(0, static_cast<int>(kRunqSize) + 1),
                         ::testing::PrintToStringParamName());

TEST_F(StealTest, Ws1_StealsAcrossTheWrap) {
  victim_.runq.head.store(0xFFFFFFFF - 2);
  victim_.runq.tail.store(0xFFFFFFFF - 2);
  thief_.runq.head.store(0xFFFFFFFF);
  thief_.runq.tail.store(0xFFFFFFFF);
  Fill(victim_, 10);
  EXPECT_EQ(Number(RunqSteal(&thief_, &victim_, false)), 4);
  for (int i = 0; i < 4; i++) EXPECT_EQ(Number(RunqGet(thief_.runq)), i);
}

TEST_F(StealTest, Ws4_RunnextIsLeftAloneBeforeTheLastRound) {
  RunqPut(victim_.runq, &gs_[0], true);
  EXPECT_EQ(RunqSteal(&thief_, &victim_, false), nullptr);
  EXPECT_EQ(Number(RunqGet(victim_.runq)), 0);
}

TEST_F(StealTest, Ws4_RunnextIsTakenInTheLastRound) {
  RunqPut(victim_.runq, &gs_[0], true);
  EXPECT_EQ(Number(RunqSteal(&thief_, &victim_, true)), 0);
  EXPECT_EQ(RunqGet(victim_.runq), nullptr);
  EXPECT_EQ(RunqGet(thief_.runq), nullptr);
}

// Its owner schedules one goroutine after the other: it will take it itself.
// An owner that the kernel does not run looks busy, so this may take some
// tries.
TEST_F(StealTest, Ws4_RunnextIsLeftToAnOwnerThatSchedules) {
  test::Watchdog dog("a thief that leaves runnext to its owner");
  std::atomic<bool> done{false};
  std::thread owner([&] {
    while (!done.load()) {
      victim_.schedtick.fetch_add(1, std::memory_order_relaxed);
    }
  });
  do {
    RunqPut(victim_.runq, &gs_[0], true);
  } while (RunqSteal(&thief_, &victim_, true) != nullptr);
  done.store(true);
  owner.join();
  EXPECT_EQ(Number(RunqGet(victim_.runq)), 0);
}

TEST_F(StealTest, Ws4_TheRingIsTakenBeforeRunnext) {
  RunqPut(victim_.runq, &gs_[0], true);
  RunqPut(victim_.runq, &gs_[1], false);
  EXPECT_EQ(Number(RunqSteal(&thief_, &victim_, true)), 1);
  EXPECT_EQ(Number(RunqGet(victim_.runq)), 0);
}

// StealWork looks at sched's Ps: this test's own, since no runtime runs.
class StealWorkTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    n_ = GetParam();
    ps_ = std::make_unique<P[]>(static_cast<std::size_t>(n_));
    for (int i = 0; i < n_; i++) {
      ps_[i].status.store(PStatus::kRunning);
      pointers_.push_back(&ps_[i]);
    }
    all_ = {.n = n_, .made = n_, .p = pointers_.data()};
    sched.allps = &all_;
    sched.gomaxprocs = n_;
    m_.p = &ps_[0];
    m_.rand = 1;
  }
  void TearDown() override {
    sched.allps = nullptr;
    sched.gomaxprocs = 0;
  }
  G* Steal() {
    std::int64_t now = 0;
    bool ran_timer = false;
    return StealWork(&m_, &now, &ran_timer);
  }

  int n_ = 0;
  std::unique_ptr<P[]> ps_;
  std::vector<P*> pointers_;
  AllPs all_;
  M m_;
  G g_;
};

// go:SCH-19: so everywhere is looked, for every number of Ps.
TEST_P(StealWorkTest, Ws3_FindsTheOnlyGoroutineWhereverItIs) {
  for (int victim = 1; victim < n_; victim++) {
    for (int again = 0; again < 20; again++) {
      RunqPut(ps_[victim].runq, &g_, again % 2 == 0);
      ASSERT_EQ(Steal(), &g_) << "victim " << victim;
    }
  }
}

TEST_P(StealWorkTest, Ws3_FindsNothingWhereThereIsNothing) {
  EXPECT_EQ(Steal(), nullptr);
}

TEST_P(StealWorkTest, Ws3_DoesNotStealFromItself) {
  RunqPut(ps_[0].runq, &g_, false);
  EXPECT_EQ(Steal(), nullptr);
}

TEST_P(StealWorkTest, Ws3_StartsAnywhere) {
  std::set<int> robbed_first;
  G gs[64];
  for (int i = 0; i < 10'000; i++) {
    for (int p = 1; p < n_; p++) RunqPut(ps_[p].runq, &gs[p], false);
    const G* gp = Steal();
    if (n_ > 1) robbed_first.insert(static_cast<int>(gp - gs));
    for (int p = 0; p < n_; p++) {
      while (RunqGet(ps_[p].runq) != nullptr) {
      }
    }
  }
  EXPECT_EQ(robbed_first.size(), static_cast<std::size_t>(n_ - 1));
}

INSTANTIATE_TEST_SUITE_P(Ps, StealWorkTest, ::testing::Range(1, 65),
                         ::testing::PrintToStringParamName());

TEST_P(StealWorkTest, RunsDueTimersOfOtherPsEvenOfIdleOnes) {
  if (n_ == 1) return;  // no other P
  static int fired;
  fired = 0;
  P& other = ps_[n_ - 1];
  other.status.store(PStatus::kIdle);
  Timer t;
  t.when = 1;
  t.fn = [](void*) { fired++; };
  other.timers.Add(&t);
  std::int64_t now = 0;
  bool ran_timer = false;
  EXPECT_EQ(StealWork(&m_, &now, &ran_timer), nullptr);
  EXPECT_TRUE(ran_timer);
  EXPECT_EQ(fired, 1);
  EXPECT_NE(now, 0);
}

}  // namespace
}  // namespace mn
