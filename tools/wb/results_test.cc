#include "tools/wb/results.h"

#include <gtest/gtest.h>

namespace mn::wb {
namespace {

TEST(ParseRecord, TellsWhatIsRed) {
  const auto record = ParseRecord(R"({"schema": "wb.results/1",
      "lesson": "04_run_queue", "score": 2.5, "max": 6, "cases": [
      {"name": "A.A", "inv": "RQ-1", "status": "passed"},
      {"name": "A.B", "inv": "RQ-3", "status": "failed"},
      {"name": "A.C", "inv": "RQ-4", "broke": "RQ-3", "status": "crashed"},
      {"name": "A.D", "inv": "RQ-5", "status": "timeout"},
      {"name": "A.E", "inv": "RQ-P", "status": "inconclusive"},
      {"name": "A.F", "inv": "RQ-6", "status": "skipped"}]})");
  ASSERT_TRUE(record.ok()) << record.error();
  EXPECT_EQ(record->score, 2.5);
  EXPECT_EQ(record->Red(), (std::vector<std::string>{"RQ-3", "RQ-5"}));
  EXPECT_FALSE(record->Untouched());
}

TEST(ParseRecord, TheStarterIsUntouched) {
  const auto record = ParseRecord(R"({"schema": "wb.results/1",
      "lesson": "04_run_queue", "score": 0, "max": 6, "cases": [
      {"name": "A.A", "inv": "RQ-1", "broke": "RQ-0",
       "status": "not_implemented"}]})");
  ASSERT_TRUE(record.ok()) << record.error();
  EXPECT_TRUE(record->Untouched());
  EXPECT_EQ(record->Red(), std::vector<std::string>{"RQ-0"});
}

TEST(ParseRecord, RefusesWhatIsNoRecord) {
  EXPECT_FALSE(ParseRecord("").ok());
  EXPECT_FALSE(ParseRecord("{}").ok());
  const auto record = ParseRecord(R"({"schema": "wb.results/2"})");
  ASSERT_FALSE(record.ok());
  EXPECT_EQ(record.error(),
            "its schema is \"wb.results/2\", not \"wb.results/1\"");
}

}  // namespace
}  // namespace mn::wb
