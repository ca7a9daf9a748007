// The explorer as a library: which searches a configuration gets, and what a
// report says.
#include "runtime/sim/explore.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "runtime/sim/atomic.h"

namespace mn::sim {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

Atomic<int> x;
Atomic<int> y;

void Writer(void*) {
  x.store(1, kRelaxed);
  y.store(1, kRelaxed);
}

// Wrong if the writer runs in between.
void Reader(void*) {
  const int before = x.load(kRelaxed);
  Expect(y.load(kRelaxed) == before, "both or none");
}

void AnyReader(void*) {
  const int late = y.load(kRelaxed);
  Expect(x.load(kRelaxed) >= late, "x first");
}

void Setup(void (*reader)(void*)) {
  Renew(x);
  Renew(y);
  Name(x, "x");
  Name(y, "y");
  Spawn("writer", Writer, nullptr);
  Spawn("reader", reader, nullptr);
}

constexpr Config kConfigs[] = {
    {.name = "right",
     .what = "a reader that asks in the right order",
     .setup = [] { Setup(AnyReader); }},
    {.name = "wrong",
     .what = "a reader that expects both writes at once",
     .setup = [] { Setup(Reader); }},
};
enum : std::size_t { kRight, kWrong };

Plan PlanOf(std::size_t config, Method method) {
  Plan plan;
  plan.config = config;
  plan.memory = Memory::kTso;
  plan.method = method;
  plan.bound = {.preemptions = 2, .delays = 1};
  return plan;
}

TEST(Explore, PlansGoFromFewPreemptionsUpThenByChance) {
  const std::vector<Plan> plans = Plans(
      kWrong, Memory::kTso, {.preemptions = 2, .delays = 1}, 7, 500, 60.0);
  ASSERT_EQ(plans.size(), 5u);
  for (int p = 0; p <= 2; p++) {
    const Plan& plan = plans[static_cast<std::size_t>(p)];
    EXPECT_EQ(plan.method, Method::kAll);
    EXPECT_EQ(plan.bound.preemptions, p);
    EXPECT_EQ(plan.bound.delays, 1);
  }
  EXPECT_EQ(plans[3].method, Method::kRandom);
  EXPECT_EQ(plans[4].method, Method::kPct);
  for (const Plan& plan : plans) {
    EXPECT_EQ(plan.config, kWrong);
    EXPECT_EQ(plan.memory, Memory::kTso);
    EXPECT_EQ(plan.seed, 7u);
    EXPECT_EQ(plan.schedules, 500u);
    EXPECT_EQ(plan.seconds, 60.0);
  }
}

TEST(Explore, ARightConfigurationIsExploredCompletely) {
  for (const Method method : {Method::kAll, Method::kRandom, Method::kPct}) {
    const Report r = Explore(PlanOf(kRight, method));
    EXPECT_FALSE(r.violation) << r.violation->text;
    EXPECT_TRUE(r.effort.complete);
    EXPECT_GT(r.effort.executions, 1u);
  }
}

TEST(Explore, AViolationIsReportedAndRepeatedFromItsText) {
  for (const Method method : {Method::kAll, Method::kRandom, Method::kPct}) {
    const Report r = Explore(PlanOf(kWrong, method));
    ASSERT_TRUE(r.violation);
    EXPECT_EQ(r.violation->kind, "expectation");
    EXPECT_EQ(r.violation->text, "both or none");
    EXPECT_NE(r.timeline.find("read y = "), std::string::npos) << r.timeline;
    const std::optional<Report> again = ReplaySchedule(r.violation->replay);
    ASSERT_TRUE(again && again->violation);
    EXPECT_EQ(again->config, kWrong);
    EXPECT_EQ(again->memory, Memory::kTso);
    EXPECT_EQ(again->violation->text, r.violation->text);
    EXPECT_EQ(again->violation->replay, r.violation->replay);
    EXPECT_EQ(again->timeline, r.timeline);
  }
}

TEST(Explore, ASearchWithoutTimeIsNotComplete) {
  Plan plan = PlanOf(kRight, Method::kRandom);
  plan.seconds = 0;
  EXPECT_FALSE(Explore(plan).effort.complete);
}

TEST(Explore, AReplayOfARightScheduleHasATimelineAndNoViolation) {
  const std::optional<Report> r = ReplaySchedule("00");  // kRight, SC
  ASSERT_TRUE(r);
  EXPECT_FALSE(r->violation);
  EXPECT_NE(r->timeline.find("write x 0 -> 1"), std::string::npos)
      << r->timeline;
}

TEST(Explore, AReplayOfNonsenseIsNothing) {
  for (const char* text : {"", "nonsense", "20"}) {  // "20": configuration 2
    EXPECT_FALSE(ReplaySchedule(text)) << text;
  }
}

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
