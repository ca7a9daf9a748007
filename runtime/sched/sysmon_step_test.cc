// SysmonStep on virtual time: what sysmon does when it sees what.
#include "runtime/sched/sysmon_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace mn {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kUs = 1'000;
constexpr std::int64_t kMs = 1'000'000;

// Sysmon and a process of `n` Ps, all idle at first. Time passes only by After.
class World {
 public:
  explicit World(int n) {
    view_.ps.resize(static_cast<std::size_t>(n));
    view_.idle_ps = n;
  }

  // P i runs a goroutine that it has just picked.
  void Run(int i) {
    SysmonPView& p = At(i);
    if (!p.running && !p.in_syscall) view_.idle_ps--;
    p.running = true;
    p.in_syscall = false;
    p.schedtick++;
  }
  // P i's goroutine enters a system call.
  void Enter(int i) {
    Run(i);
    At(i).running = false;
    At(i).in_syscall = true;
    At(i).syscalltick++;
  }
  // ... comes back, with its P, and runs on.
  void Return(int i) {
    At(i).in_syscall = false;
    At(i).running = true;
  }
  void Idle(int i) {
    view_.idle_ps++;
    At(i).running = At(i).in_syscall = false;
  }
  SysmonPView& At(int i) { return view_.ps[static_cast<std::size_t>(i)]; }
  SysmonView& view() { return view_; }
  SysmonState& state() { return state_; }
  std::int64_t now() const { return now_; }

  // `ns` later sysmon looks. What lasts for one look only is over after it.
  const SysmonActions& After(std::int64_t ns) {
    now_ += ns;
    SysmonStep(now_, view_, state_, actions_);
    view_.urgent = 0;
    view_.woken = false;
    return actions_;
  }
  // As sysmon does: looks when the last look said, until `until` from now.
  // Returns how often.
  int Live(std::int64_t duration) {
    const std::int64_t end = now_ + duration;
    int looks = 0;
    while (actions_.sleep <= end - now_) {
      After(actions_.sleep);
      looks++;
    }
    return looks;
  }
  // Looks until the sleep is as long as it gets. REQUIRES: no system calls.
  void CalmDown() {
    while (state_.delay < kSysmonMaxNs) After(state_.delay);
  }

 private:
  std::int64_t now_ = 1'000 * kMs;
  SysmonView view_;
  SysmonState state_;
  SysmonActions actions_;
};

// ---- MON-1: how long it sleeps ----------------------------------------------

TEST(Sysmon, Mon1_SleepsTwentyMicrosecondsForFiftyLooks) {
  World w(2);
  w.Run(0);
  std::vector<std::int64_t> sleeps;
  for (int i = 0; i < 50; i++) sleeps.push_back(w.After(20 * kUs).sleep);
  EXPECT_THAT(sleeps, Each(20 * kUs));
}

TEST(Sysmon, Mon1_ThenTwiceAsLongEachTimeUpToTenMilliseconds) {
  World w(2);
  w.Run(0);
  for (int i = 0; i < 50; i++) w.After(20 * kUs);
  std::vector<std::int64_t> sleeps;
  for (int i = 0; i < 11; i++) {
    w.Run(0);  // another goroutine each time: no end of a slice is nearer
    sleeps.push_back(w.After(20 * kUs).sleep);
  }
  EXPECT_THAT(sleeps, ElementsAre(40 * kUs, 80 * kUs, 160 * kUs, 320 * kUs,
                                  640 * kUs, 1280 * kUs, 2560 * kUs, 5120 * kUs,
                                  10 * kMs, 10 * kMs, 10 * kMs));
}

TEST(Sysmon, Mon1_LooksOftenAgainWhenItTookAP) {
  World w(1);
  w.Run(0);
  w.CalmDown();
  w.Enter(0);
  w.At(0).has_work = true;
  w.After(20 * kUs);
  ASSERT_EQ(w.state().delay, kSysmonMaxNs);
  ASSERT_THAT(w.After(20 * kUs).retake, ElementsAre(0));
  EXPECT_EQ(w.state().delay, 20 * kUs);
  EXPECT_EQ(w.state().idle_looks, 0);
}

TEST(Sysmon, Mon1_WhenWokenItLooksOftenAFewTimes) {
  World w(2);
  w.Run(0);
  w.CalmDown();
  w.view().woken = true;
  int often = 0;
  w.After(kMs);
  while (w.state().delay == 20 * kUs) {
    often++;
    w.After(20 * kUs);
  }
  EXPECT_EQ(often, 1 + kSysmonLooksWhenWoken);
}

TEST(Sysmon, Mon1_AGoroutineThatRunsAloneCostsAHundredLooksASecond) {
  World w(2);
  w.Run(0);
  w.CalmDown();
  EXPECT_LE(w.Live(1000 * kMs), 100);
}

TEST(Sysmon, Mon1_ShortSystemCallsThatNobodyWaitsForAreNoReasonToLookOften) {
  for (const int ps : {1, 2}) {
    World w(ps);
    w.Run(0);
    w.CalmDown();
    int looks = 0;
    const std::int64_t end = w.now() + 1000 * kMs;
    for (std::int64_t sleep = 0; w.now() < end; looks++) {
      w.Enter(0);  // another call each time
      sleep = w.After(std::max(sleep, 20 * kUs)).sleep;
      ASSERT_THAT(w.state().ps[0].in_syscall, true);
    }
    EXPECT_LE(looks, 110) << ps << " Ps";
  }
}

TEST(Sysmon, Mon1_SleepsWithoutAnEndWhenAllHaveBeenIdleForLong) {
  World w(4);
  w.CalmDown();
  int looks = 0;
  while (w.After(10 * kMs).sleep != kSysmonForever) looks++;
  EXPECT_LE(looks, kSysmonDeepLooks);
}

TEST(Sysmon, Mon1_NeverSleepsWithoutAnEndWhileOnePIsBusy) {
  World w(4);
  w.Run(2);
  w.CalmDown();
  for (int i = 0; i < 100; i++) {
    ASSERT_LE(w.After(10 * kMs).sleep, 10 * kMs);
  }
}

// ---- MON-2, MON-3: system calls ---------------------------------------------

TEST(Sysmon, Mon2_TheFirstSightingTakesNothing) {
  World w(1);
  w.Enter(0);
  w.At(0).has_work = true;
  EXPECT_THAT(w.After(100 * kMs).retake, IsEmpty());
}

TEST(Sysmon, Mon2_TheSecondSightingTwentyMicrosecondsLaterTakesIt) {
  World w(1);
  w.Enter(0);
  w.At(0).has_work = true;
  w.After(0);
  EXPECT_THAT(w.After(20 * kUs - 1).retake, IsEmpty());
  EXPECT_THAT(w.After(1).retake, ElementsAre(0));
}

TEST(Sysmon, Mon2_TheSecondLookComesTwentyMicrosecondsAfterTheFirst) {
  World w(1);
  w.Run(0);
  w.CalmDown();
  w.Enter(0);
  w.At(0).has_work = true;
  EXPECT_EQ(w.After(kMs).sleep, 20 * kUs);
}

TEST(Sysmon, Mon2_AnotherCallIsSeenForTheFirstTime) {
  World w(1);
  w.Enter(0);
  w.At(0).has_work = true;
  w.After(0);
  w.Enter(0);
  EXPECT_THAT(w.After(5 * kMs).retake, IsEmpty());
  EXPECT_THAT(w.After(20 * kUs).retake, ElementsAre(0));
}

TEST(Sysmon, Mon2_APThatCameBackInBetweenIsLeftAlone) {
  World w(1);
  w.Enter(0);
  w.At(0).has_work = true;
  w.After(0);
  w.Return(0);
  EXPECT_THAT(w.After(20 * kUs).retake, IsEmpty());
}

TEST(Sysmon, Mon2_TheSameTickAfterItCameBackIsAFirstSighting) {
  World w(1);
  w.Enter(0);
  w.At(0).has_work = true;
  w.After(0);
  w.Return(0);
  w.After(20 * kUs);
  w.At(0).in_syscall = true;  // as after 2^32 calls
  EXPECT_THAT(w.After(20 * kUs).retake, IsEmpty());
}

TEST(Sysmon, Mon2_TakesEveryPThatIsDue) {
  World w(3);
  for (int i = 0; i < 3; i++) w.Enter(i);
  w.view().global_work = true;
  w.After(0);
  w.Return(1);
  EXPECT_THAT(w.After(20 * kUs).retake, ElementsAre(0, 2));
}

TEST(Sysmon, Mon3_LocalWorkIsAReasonToTakeIt) {
  World w(2);
  w.Enter(0);
  w.At(0).has_work = true;
  w.After(0);
  ASSERT_EQ(w.view().idle_ps, 1);
  EXPECT_THAT(w.After(20 * kUs).retake, ElementsAre(0));
}

TEST(Sysmon, Mon3_GlobalWorkIsAReasonToTakeIt) {
  World w(2);
  w.Enter(0);
  w.view().global_work = true;
  w.After(0);
  EXPECT_THAT(w.After(20 * kUs).retake, ElementsAre(0));
}

TEST(Sysmon, Mon3_AnOverdueTimerIsAReasonToTakeIt) {
  World w(2);
  w.Enter(0);
  w.At(0).next_timer = w.now() - kTimerGraceNs;
  w.After(0);
  EXPECT_THAT(w.After(20 * kUs).retake, ElementsAre(0));
}

TEST(Sysmon, Mon3_IsAwakeWhenATimerBehindACallIsOverdue) {
  World w(1);
  w.Run(0);
  w.CalmDown();
  w.Enter(0);
  w.At(0).next_timer = w.now() + 5 * kMs;
  EXPECT_EQ(w.After(kMs).sleep, 4 * kMs + kTimerGraceNs);
}

TEST(Sysmon, Mon3_ATimerThatNeverFiresIsNoReasonToTakeIt) {
  World w(2);
  w.Enter(0);
  w.At(0).next_timer = INT64_MAX;
  w.After(kUs);
  EXPECT_THAT(w.After(kSysmonMinNs).retake, IsEmpty());
}

TEST(Sysmon, Mon3_NoOtherFreePIsAReasonToTakeIt) {
  World w(2);
  w.Enter(0);
  w.Run(1);
  w.After(0);
  EXPECT_THAT(w.After(20 * kUs).retake, ElementsAre(0));
}

TEST(Sysmon, Mon3_NotBeforeTenMillisecondsWhileAnotherPIsFree) {
  World w(2);
  w.Enter(0);
  w.After(0);
  EXPECT_THAT(w.After(10 * kMs - 1).retake, IsEmpty());
  EXPECT_THAT(w.After(1).retake, ElementsAre(0));
}

TEST(Sysmon, Mon3_NotBeforeTenMillisecondsWhileAnotherMSpins) {
  World w(2);
  w.Enter(0);
  w.Run(1);
  w.view().spinning_ms = 1;
  w.After(0);
  EXPECT_THAT(w.After(10 * kMs - 1).retake, IsEmpty());
  EXPECT_THAT(w.After(1).retake, ElementsAre(0));
}

// ---- MON-4: the slice -------------------------------------------------------

TEST(Sysmon, Mon4_AsksAfterTenMillisecondsWhenLocalWorkWaits) {
  World w(2);
  w.Run(0);
  w.At(0).has_work = true;
  w.After(0);
  EXPECT_THAT(w.After(10 * kMs - 1).preempt, IsEmpty());
  EXPECT_THAT(w.After(1).preempt, ElementsAre(0));
}

TEST(Sysmon, Mon4_AsksAfterTenMillisecondsWhenGlobalWorkWaits) {
  World w(1);
  w.Run(0);
  w.view().global_work = true;
  w.After(0);
  EXPECT_THAT(w.After(10 * kMs - 1).preempt, IsEmpty());
  EXPECT_THAT(w.After(1).preempt, ElementsAre(0));
}

TEST(Sysmon, Mon4_NeverAsksWhenNobodyWaits) {
  World w(2);
  w.Run(0);
  for (int i = 0; i < 100; i++) {
    ASSERT_THAT(w.After(10 * kMs).preempt, IsEmpty());
  }
}

TEST(Sysmon, Mon4_AnotherGoroutineBeginsAnotherSlice) {
  World w(1);
  w.Run(0);
  w.At(0).has_work = true;
  w.After(0);
  w.After(9 * kMs);
  w.Run(0);
  EXPECT_THAT(w.After(kMs).preempt, IsEmpty());
  EXPECT_THAT(w.After(9 * kMs).preempt, IsEmpty());
  EXPECT_THAT(w.After(kMs).preempt, ElementsAre(0));
}

TEST(Sysmon, Mon4_AsksAgainOnceAMillisecond) {
  World w(1);
  w.Run(0);
  w.At(0).has_work = true;
  w.After(0);
  ASSERT_THAT(w.After(10 * kMs).preempt, ElementsAre(0));
  EXPECT_THAT(w.After(kMs - 1).preempt, IsEmpty());
  EXPECT_THAT(w.After(1).preempt, ElementsAre(0));
}

TEST(Sysmon, Mon4_IsAwakeWhenTheSliceEnds) {
  World w(1);
  w.Run(0);
  w.CalmDown();
  w.Run(0);
  w.At(0).has_work = true;
  w.After(0);
  w.view().global_work = true;
  const std::int64_t began = w.now();
  while (w.After(w.state().delay).preempt.empty()) {
  }
  EXPECT_EQ(w.now() - began, 10 * kMs);
}

TEST(Sysmon, Mon4_AnIdlePIsNotAsked) {
  World w(2);
  w.Run(0);
  w.At(0).has_work = true;
  w.After(0);
  w.Idle(0);
  EXPECT_THAT(w.After(20 * kMs).preempt, IsEmpty());
}

TEST(Sysmon, Mon4_TheSliceIsWhatTheStateSays) {
  World w(1);
  w.state().slice = 200 * kUs;
  w.Run(0);
  w.At(0).has_work = true;
  w.After(0);
  EXPECT_THAT(w.After(200 * kUs - 1).preempt, IsEmpty());
  EXPECT_THAT(w.After(1).preempt, ElementsAre(0));
  EXPECT_THAT(w.After(200 * kUs - 1).preempt, IsEmpty());
  EXPECT_THAT(w.After(1).preempt, ElementsAre(0));
}

// ---- MON-7: what is urgent --------------------------------------------------

TEST(Sysmon, Mon7_ATimerThatIsOverdueInterruptsAfterTwoHundredMicroseconds) {
  World w(1);
  w.Run(0);
  w.At(0).next_timer = w.now() - kTimerGraceNs;
  w.After(0);
  EXPECT_THAT(w.After(200 * kUs - 1).preempt, IsEmpty());
  EXPECT_THAT(w.After(1).preempt, ElementsAre(0));
}

TEST(Sysmon, Mon7_ATimerIsOverdueAHundredMicrosecondsAfterItsTime) {
  World w(1);
  w.Run(0);
  w.After(0);
  w.At(0).next_timer = w.now() + kMs;
  EXPECT_THAT(w.After(kMs + 100 * kUs - 1).preempt, IsEmpty());
  EXPECT_THAT(w.After(1).preempt, ElementsAre(0));
}

TEST(Sysmon, Mon7_IsAwakeWhenATimerIsOverdue) {
  World w(1);
  w.Run(0);
  w.CalmDown();
  w.After(20 * kMs);
  w.At(0).next_timer = w.now() + 3 * kMs;
  EXPECT_EQ(w.After(kMs).sleep, 2 * kMs + kTimerGraceNs);
}

// SleepForever is a timer at the end of time.
TEST(Sysmon, Mon7_ATimerThatNeverFiresIsNoReasonToLookOften) {
  World w(1);
  w.Run(0);
  w.At(0).next_timer = INT64_MAX;
  w.CalmDown();
  EXPECT_LE(w.Live(1'000 * kMs), 101);
}

TEST(Sysmon, Mon7_WhoComesBackWithoutAPInterruptsWhoHasRunLongest) {
  World w(3);
  w.Run(0);
  w.After(100 * kUs);
  w.Run(1);
  w.After(100 * kUs);
  w.Run(2);
  w.After(300 * kUs);
  w.Run(0);
  w.After(100 * kUs);
  w.view().global_work = true;
  w.view().urgent = 1;
  EXPECT_THAT(w.After(200 * kUs).preempt, ElementsAre(1));
}

TEST(Sysmon, Mon7_NotBeforeTwoHundredMicroseconds) {
  World w(1);
  w.Run(0);
  w.After(0);
  w.view().global_work = true;
  w.view().urgent = 1;
  EXPECT_THAT(w.After(200 * kUs - 1).preempt, IsEmpty());
  EXPECT_THAT(w.After(1).preempt, ElementsAre(0)) << "it was not forgotten";
}

TEST(Sysmon, Mon7_IsAwakeForThoseWhoCouldNotBeServedYet) {
  World w(1);
  w.Run(0);
  w.CalmDown();
  w.Run(0);
  w.After(0);
  w.view().global_work = true;
  w.view().urgent = 1;
  EXPECT_LE(w.After(kUs).sleep, 200 * kUs);
}

TEST(Sysmon, Mon7_EachRequestInterruptsOne) {
  World w(3);
  for (int i = 0; i < 3; i++) w.Run(i);
  w.After(0);
  w.view().global_work = true;
  w.view().urgent = 2;
  const SysmonActions& a = w.After(200 * kUs);
  ASSERT_EQ(a.preempt.size(), 1u);
  const std::int32_t first = a.preempt[0];
  w.After(20 * kUs);
  ASSERT_EQ(a.preempt.size(), 1u);
  EXPECT_NE(a.preempt[0], first);
  EXPECT_THAT(w.After(20 * kUs).preempt, IsEmpty()) << "two came, not three";
}

TEST(Sysmon, Mon7_OnlyWhileEveryPIsTaken) {
  World w(2);
  w.Run(0);
  w.After(0);
  ASSERT_EQ(w.view().idle_ps, 1);
  w.view().global_work = true;
  w.view().urgent = 1;
  EXPECT_THAT(w.After(kMs).preempt, IsEmpty());
}

TEST(Sysmon, Mon7_WhoHasFoundAPMeanwhileInterruptsNobody) {
  World w(1);
  w.Run(0);
  w.After(0);
  w.view().global_work = true;
  w.view().urgent = 1;
  w.After(100 * kUs);
  w.view().global_work = false;  // taken from the queue
  EXPECT_THAT(w.After(kMs).preempt, IsEmpty());
  w.view().global_work = true;  // somebody else, who is in no hurry
  EXPECT_THAT(w.After(kMs).preempt, IsEmpty());
}

TEST(Sysmon, Mon7_EachPAtMostOnceAMillisecond) {
  World w(1);
  w.Run(0);
  w.After(0);
  w.view().global_work = true;
  w.view().urgent = 1;
  ASSERT_THAT(w.After(kMs).preempt, ElementsAre(0));
  w.view().urgent = 1;
  EXPECT_THAT(w.After(kMs - 1).preempt, IsEmpty());
  EXPECT_THAT(w.After(1).preempt, ElementsAre(0));
}

TEST(Sysmon, Mon7_AStoppedPIsNotInterruptedForIt) {
  World w(1);
  w.Run(0);
  w.After(0);
  w.view().global_work = true;
  w.view().urgent = 1;
  w.At(0).stopped = true;
  EXPECT_THAT(w.After(kMs).preempt, IsEmpty());
  w.At(0).stopped = false;
  EXPECT_THAT(w.After(20 * kUs).preempt, ElementsAre(0))
      << "it was not forgotten";
}

// ---- the rest ---------------------------------------------------------------

TEST(Sysmon, Pre_AsksThoseThatRunOnWithoutAPOnceAMillisecond) {
  World w(1);
  w.Run(0);
  w.view().detached = true;
  EXPECT_TRUE(w.After(0).stop_detached);
  EXPECT_FALSE(w.After(kMs - 1).stop_detached);
  EXPECT_TRUE(w.After(1).stop_detached);
  w.view().detached = false;
  EXPECT_FALSE(w.After(kMs).stop_detached);
}

TEST(Sysmon, Npoll_PollsWhenNobodyHasForTenMilliseconds) {
  World w(1);
  w.Run(0);
  w.view().net_waiters = 1;
  w.view().last_poll = w.now();
  EXPECT_FALSE(w.After(10 * kMs - 1).netpoll);
  EXPECT_TRUE(w.After(1).netpoll);
}

TEST(Sysmon, Npoll_NotWhileAnMIsBlockedInIt) {
  World w(1);
  w.Run(0);
  w.view().net_waiters = 1;
  w.view().last_poll = 0;
  EXPECT_FALSE(w.After(100 * kMs).netpoll);
}

TEST(Sysmon, Gmp_ChangesOfTheNumberOfPsAreNoticed) {
  World w(1);
  w.Run(0);
  w.After(0);
  w.view().ps.resize(3);
  w.view().idle_ps = 2;
  w.Run(2);
  w.view().global_work = true;
  w.After(0);
  EXPECT_THAT(w.After(10 * kMs).preempt, ElementsAre(0, 2));
  w.view().ps.resize(1);
  w.view().idle_ps = 0;
  EXPECT_THAT(w.After(10 * kMs).preempt, ElementsAre(0));
}

}  // namespace
}  // namespace mn
