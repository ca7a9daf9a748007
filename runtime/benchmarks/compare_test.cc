// The comparison as a whole: a table on stdout, the record in a file.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/base/sanitizer.h"
#include "runtime/benchmarks/comparison/measured_run.h"

namespace mn::bench {
namespace {

Outcome RunCompare(std::vector<std::string> args) {
  args.insert(args.begin(), "runtime/benchmarks/compare");
  return RunCommand({args, {}, "", 50});
}

TEST(CompareProgram, PrintsATableAndWritesARecord) {
  const std::string file = absl::StrCat(testing::TempDir(), "/record.json");
  Outcome outcome =
      RunCompare({"--pairs=2", "--only=std",
                  "--workloads=spawn_join -n 100 -p 1", "--json=" + file});
  ASSERT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("\nspawn_join -n 100 -p 1 "), std::string::npos)
      << outcome.out;
  std::ifstream in(file);
  auto record = nlohmann::json::parse(in);
  ASSERT_EQ(record.at("rows").size(), 1u);
  const auto& row = record.at("rows")[0];
  EXPECT_EQ(row.at("samples").at("mn").size(), 2u);
  EXPECT_EQ(row.at("samples").at("std").size(), 2u);
  EXPECT_GT(row.at("results")[0].at("ratio"), 0);
}

TEST(CompareProgram, SaysWhatAProgramCannotExpress) {
  Outcome outcome = RunCompare(
      {"--pairs=1", "--only=fiber", "--workloads=rwmutex -n 1000 -p 1"});
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("cannot express it"), std::string::npos)
      << outcome.out;
}

TEST(CompareProgram, SaysWhichVariantAProgramCannotExpress) {
#if MN_ASAN || MN_TSAN
  GTEST_SKIP()
      << "no sanitizer sees Debian's Boost change stacks: an exception "
         "thrown on one of its fibers may end the run";
#endif
  Outcome outcome = RunCompare({"--pairs=1", "--only=fiber",
                                "--workloads=syscall -n 100 -variant enter"});
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("cannot express it"), std::string::npos)
      << outcome.out;
}

TEST(CompareProgram, SaysThatARunFailed) {
  Outcome outcome =
      RunCompare({"--pairs=1", "--only=std", "--workloads=yield -n 1 -k 2"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.out.find("-n must be at least -k"), std::string::npos)
      << outcome.out;
}

TEST(CompareProgram, RefusesBadInput) {
  EXPECT_EQ(RunCompare({"--only=rust"}).status, 2);
  EXPECT_EQ(RunCompare({"--only=std", "--workloads=nope"}).status, 2);
  EXPECT_EQ(RunCompare({"--only=std", "--pairs=0"}).status, 2);
  EXPECT_EQ(RunCompare({"yield"}).status, 2);
}

TEST(CompareProgram, ListsThePlan) {
  Outcome outcome = RunCompare({"--list"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.out.find("chan_pingpong -p 1"), std::string::npos);
}

}  // namespace
}  // namespace mn::bench
