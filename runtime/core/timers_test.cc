// The heap of deadlines, without a scheduler: time is a number.
#include "runtime/core/timers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A timer that notes that it fired.
struct Noting : Timer {
  Noting(std::vector<int>* fired, int number, std::int64_t at)
      : log(fired), id(number) {
    when = at;
    fn = [](void* p) {
      auto* self = static_cast<Noting*>(p);
      self->log->push_back(self->id);
    };
    arg = this;
  }
  std::vector<int>* log;
  int id;
};

TEST(Timers, EmptyHasNoDeadline) {
  Timers timers;
  EXPECT_EQ(timers.NextWhen(), 0);
  EXPECT_EQ(timers.Len(), 0u);
  EXPECT_EQ(timers.Run(INT64_MAX), 0);
}

TEST(Timers, Tim1_FireInOrderOfTheirDeadlines) {
  std::vector<int> fired;
  Timers timers;
  Noting c(&fired, 3, 30), a(&fired, 1, 10), b(&fired, 2, 20);
  timers.Add(&c);
  timers.Add(&a);
  timers.Add(&b);
  EXPECT_EQ(timers.Run(100), 3);
  EXPECT_THAT(fired, ElementsAre(1, 2, 3));
}

TEST(Timers, Tim1_FifoAmongEquals) {
  std::vector<int> fired;
  std::vector<std::unique_ptr<Noting>> all;
  Timers timers;
  for (int i = 0; i < 100; i++) {
    all.push_back(std::make_unique<Noting>(&fired, i, 5));
    timers.Add(all.back().get());
  }
  timers.Run(5);
  std::vector<int> want;
  for (int i = 0; i < 100; i++) want.push_back(i);
  EXPECT_EQ(fired, want);
}

TEST(Timers, Tim6_NeverEarly) {
  std::vector<int> fired;
  Timers timers;
  Noting a(&fired, 1, 10);
  timers.Add(&a);
  EXPECT_EQ(timers.Run(9), 0);
  EXPECT_THAT(fired, IsEmpty());
  EXPECT_EQ(timers.Run(10), 1);
  EXPECT_THAT(fired, ElementsAre(1));
}

TEST(Timers, AddSaysWhetherItIsTheEarliestNow) {
  std::vector<int> fired;
  Timers timers;
  Noting a(&fired, 1, 10), b(&fired, 2, 20), c(&fired, 3, 5), d(&fired, 4, 5);
  EXPECT_TRUE(timers.Add(&a));
  EXPECT_FALSE(timers.Add(&b));
  EXPECT_TRUE(timers.Add(&c));
  EXPECT_FALSE(timers.Add(&d));  // as early, but later in line
  EXPECT_EQ(timers.NextWhen(), 5);
  timers.Run(100);
}

TEST(Timers, NextWhenFollowsAddStopAndRun) {
  std::vector<int> fired;
  Timers timers;
  Noting a(&fired, 1, 10), b(&fired, 2, 20), c(&fired, 3, 30);
  timers.Add(&b);
  EXPECT_EQ(timers.NextWhen(), 20);
  timers.Add(&a);
  EXPECT_EQ(timers.NextWhen(), 10);
  timers.Add(&c);
  EXPECT_TRUE(timers.Stop(&a));
  EXPECT_EQ(timers.NextWhen(), 20);
  timers.Run(20);
  EXPECT_EQ(timers.NextWhen(), 30);
  timers.Run(30);
  EXPECT_EQ(timers.NextWhen(), 0);
}

TEST(Timers, Tim2_StopPreventsTheFiringOnceOnly) {
  std::vector<int> fired;
  Timers timers;
  Noting a(&fired, 1, 10);
  timers.Add(&a);
  EXPECT_TRUE(timers.Stop(&a));
  EXPECT_FALSE(timers.Stop(&a));
  EXPECT_EQ(timers.Run(100), 0);
  EXPECT_THAT(fired, IsEmpty());
}

TEST(Timers, Tim2_StopAfterTheFiringSaysSo) {
  std::vector<int> fired;
  Timers timers;
  Noting a(&fired, 1, 10);
  timers.Add(&a);
  timers.Run(10);
  EXPECT_FALSE(timers.Stop(&a));
}

TEST(Timers, Tim2_StopOfATimerThatWasNeverAddedIsFalse) {
  Timers timers;
  Timer t;
  EXPECT_FALSE(timers.Stop(&t));
}

TEST(Timers, AStoppedOrFiredTimerCanBeAddedAgain) {
  std::vector<int> fired;
  Timers timers;
  Noting a(&fired, 1, 10);
  timers.Add(&a);
  timers.Stop(&a);
  timers.Add(&a);
  timers.Run(10);
  a.when = 20;
  timers.Add(&a);
  timers.Run(20);
  EXPECT_THAT(fired, ElementsAre(1, 1));
}

TEST(Timers, FnMayAddATimerEvenOneThatIsDue) {
  struct Chain : Timer {
    Timers* timers;
    int left = 3;
  };
  Timers timers;
  Chain chain;
  chain.timers = &timers;
  chain.when = 10;
  chain.arg = &chain;
  chain.fn = [](void* p) {
    auto* c = static_cast<Chain*>(p);
    if (--c->left > 0) c->timers->Add(c);  // at once again
  };
  timers.Add(&chain);
  EXPECT_EQ(timers.Run(10), 3);
  EXPECT_EQ(chain.left, 0);
}

TEST(Timers, FnMayDestroyItsTimer) {
  // As a sleeper's: it is on the stack of the goroutine that fn wakes.
  Timers timers;
  auto* t = new Timer;
  t->when = 1;
  t->arg = t;
  t->fn = [](void* p) { delete static_cast<Timer*>(p); };
  timers.Add(t);
  EXPECT_EQ(timers.Run(1), 1);
}

TEST(Timers, TheFarthestDeadlineIsADeadline) {
  std::vector<int> fired;
  Timers timers;
  Noting a(&fired, 1, INT64_MAX);
  timers.Add(&a);
  EXPECT_EQ(timers.NextWhen(), INT64_MAX);
  EXPECT_EQ(timers.Run(INT64_MAX - 1), 0);
  EXPECT_EQ(timers.Run(INT64_MAX), 1);
}

// Against a model: random adds, stops and runs on this heap and on a multimap,
// which keeps equals in order of insertion.
TEST(TimersModel, BehavesAsASortedList) {
  test::Rng rng = test::MakeRng();
  for (int round = 0; round < 50 / test::kSlowdown + 1; round++) {
    std::vector<int> fired;
    std::vector<int> want;
    Timers timers;
    std::vector<std::unique_ptr<Noting>> all;
    std::multimap<std::int64_t, Noting*> model;
    std::int64_t now = 1;
    for (int op = 0; op < 3000; op++) {
      const unsigned what = rng() % 10;
      if (what < 5) {  // add; many equals
        const std::int64_t when =
            now + static_cast<std::int64_t>(rng() % (round % 2 ? 8 : 1000));
        all.push_back(std::make_unique<Noting>(
            &fired, static_cast<int>(all.size()), when));
        Noting* t = all.back().get();
        const bool earliest = model.empty() || when < model.begin()->first;
        ASSERT_EQ(timers.Add(t), earliest);
        model.emplace(when, t);
      } else if (what < 8 && !all.empty()) {  // stop any, pending or not
        Noting* t = all[rng() % all.size()].get();
        bool pending = false;
        for (auto [i, end] = model.equal_range(t->when); i != end; ++i) {
          if (i->second == t) {
            model.erase(i);
            pending = true;
            break;
          }
        }
        ASSERT_EQ(timers.Stop(t), pending);
      } else {  // time passes
        now += static_cast<std::int64_t>(rng() % (round % 2 ? 4 : 100));
        const std::size_t before = want.size();
        while (!model.empty() && model.begin()->first <= now) {
          want.push_back(model.begin()->second->id);
          model.erase(model.begin());
        }
        ASSERT_EQ(timers.Run(now), static_cast<int>(want.size() - before));
        ASSERT_EQ(fired, want);
      }
      ASSERT_EQ(timers.Len(), model.size());
      ASSERT_EQ(timers.NextWhen(), model.empty() ? 0 : model.begin()->first);
    }
  }
}

}  // namespace
}  // namespace mn
