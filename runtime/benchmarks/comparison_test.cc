// The arithmetic of a comparison, the plan, and running programs.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "runtime/benchmarks/comparison/measured_run.h"
#include "runtime/benchmarks/comparison/plan.h"
#include "runtime/benchmarks/comparison/stats.h"

namespace mn::bench {
namespace {

TEST(Stats, MedianOfOddAndEven) {
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(Median({7}), 7);
}

TEST(Stats, SpreadIsOverPairsNotOverExtremes) {
  // Both programs were slow in the second pair: the ratio hardly moved.
  Comparison c = Compare({10, 30, 11}, {20, 60, 20});
  EXPECT_EQ(c.ours, 11);
  EXPECT_EQ(c.other, 20);
  EXPECT_DOUBLE_EQ(c.ratio, 0.55);
  EXPECT_DOUBLE_EQ(c.lowest, 0.5);
  EXPECT_DOUBLE_EQ(c.highest, 0.55);
}

TEST(Stats, VerdictNeedsEveryPair) {
  EXPECT_EQ(Verdict({1, 2, 0.5, 0.4, 0.6}, {}), "ahead");
  EXPECT_EQ(Verdict({2, 1, 2.0, 1.5, 2.5}, {}), "behind");
  EXPECT_EQ(Verdict({1, 1, 1.0, 0.9, 1.1}, {}), "even");
}

TEST(Stats, VerdictOnAGoal) {
  EXPECT_EQ(Verdict({1, 2, 0.5, 0.4, 0.55}, 0.6), "ahead; goal 0.60 holds");
  EXPECT_EQ(Verdict({1, 2, 0.5, 0.4, 0.7}, 0.6),
            "ahead; goal 0.60 barely holds");
  EXPECT_EQ(Verdict({1, 2, 0.7, 0.65, 0.8}, 0.6), "ahead; goal 0.60 missed");
  EXPECT_EQ(Verdict({1, 2, 0.65, 0.5, 0.8}, 0.6),
            "ahead; goal 0.60 barely missed");
}

TEST(PlanTest, HasEveryRowOnce) {
  std::set<std::string> seen;
  for (const Row& row : Plan()) EXPECT_TRUE(seen.insert(row.args).second);
}

TEST(PlanTest, SelectsByNameAndByLine) {
  std::string error;
  auto rows = Select("skynet, yield -p 2 -k 10", &error);
  ASSERT_TRUE(rows.has_value()) << error;
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ((*rows)[0].Workload(), "skynet");
  EXPECT_EQ((*rows)[2].args, "yield -p 2 -k 10");
  EXPECT_FALSE(Select("skynet,skyent", &error).has_value());
  EXPECT_NE(error.find("\"skyent\""), error.npos);
  EXPECT_EQ(Select("", &error)->size(), Plan().size());
}

TEST(PlanTest, ALineOfOnesOwnHasTheMetricsOfItsWorkload) {
  std::string error;
  auto rows = Select("stw -p 1 -k 0, mem_parked -p 1 -n 7", &error);
  ASSERT_TRUE(rows.has_value()) << error;
  EXPECT_EQ((*rows)[0].metrics.back(), "p99_ns");
  EXPECT_EQ((*rows)[1].metrics.size(), 3u);
}

TEST(PlanTest, QuickReplacesFlagsOrAddsThem) {
  Row row{"parfib -p 1 -n 30 -cutoff 2", "-n 24 -reps 3", {}};
  EXPECT_EQ(row.QuickArgs(), "parfib -p 1 -n 24 -cutoff 2 -reps 3");
}

TEST(PlanTest, QuickIsQuickerForEveryRow) {
  for (const Row& row : Plan()) EXPECT_NE(row.QuickArgs(), row.args);
}

TEST(Subprocess, ReturnsOutputAndStatus) {
  Outcome outcome = RunCommand(
      {{"sh", "-c", "echo out; echo $WHO >&2; exit 3"}, {"WHO=me"}, "", 60});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.out, "out\n");
  EXPECT_EQ(outcome.err, "me\n");
  EXPECT_FALSE(outcome.timed_out);
}

TEST(Subprocess, EndsAtTheTimeout) {
  Outcome outcome = RunCommand({{"sh", "-c", "sleep 1000"}, {}, "", 0.2});
  EXPECT_TRUE(outcome.timed_out);
  EXPECT_EQ(outcome.status, -1);
}

TEST(Subprocess, ReportsASignal) {
  EXPECT_EQ(RunCommand({{"sh", "-c", "kill -9 $$"}, {}, "", 60}).status,
            128 + 9);
}

TEST(Subprocess, SaysThatThereIsNoSuchProgram) {
  Outcome outcome = RunCommand({{"/no/such/program"}, {}, "", 60});
  EXPECT_EQ(outcome.status, -1);
  EXPECT_NE(outcome.err.find("/no/such/program"), std::string::npos);
}

}  // namespace
}  // namespace mn::bench
