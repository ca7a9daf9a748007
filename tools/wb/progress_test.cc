#include "tools/wb/progress.h"

#include <gtest/gtest.h>

#include "runtime/go.h"
#include "runtime/sync.h"
#include "tools/common/files.h"

namespace mn::wb {
namespace {

LessonProgress FullLesson() {
  LessonProgress l;
  l.read_at = "2026-01-01T00:00:00Z";
  l.predictions["04.p1"] = {"[3,6]", "2026-01-02T00:00:00Z", "5", true,
                            "2026-01-02T00:01:00Z"};
  l.predicted_at = "2026-01-02T00:00:00Z";
  l.first_green_at = "2026-01-03T00:00:00Z";
  l.last_result = "red";
  l.score = 3.5;
  l.best_score = 4;
  l.red = {"RQ-3", "RQ-7"};
  l.runs = 12;
  l.hints_used = 2;
  return l;
}

TEST(ProgressJson, ComesBackAsItWas) {
  Progress p;
  p.current = "04_run_queue";
  p.lessons["04_run_queue"] = FullLesson();
  const auto back = ProgressFromJson(ProgressToJson(p));
  ASSERT_TRUE(back.ok()) << back.error();
  EXPECT_EQ(ProgressToJson(*back), ProgressToJson(p));
  const LessonProgress& l = back->lessons.at("04_run_queue");
  EXPECT_EQ(l.predictions.at("04.p1").answer, "[3,6]");
  EXPECT_EQ(l.predictions.at("04.p1").in_range, true);
  EXPECT_EQ(l.red, (std::vector<std::string>{"RQ-3", "RQ-7"}));
}

TEST(ProgressJson, KeepsWhatANewerOneWrote) {
  const auto p = ProgressFromJson(R"({"schema": "wb.progress/1", "badges": [1],
      "lessons": {"04_run_queue": {"runs": 1, "mood": "good"}}})");
  ASSERT_TRUE(p.ok()) << p.error();
  const std::string text = ProgressToJson(*p);
  EXPECT_NE(text.find("badges"), std::string::npos);
  EXPECT_NE(text.find("mood"), std::string::npos);
}

TEST(ProgressJson, RefusesWhatItCannotRead) {
  for (const char* text :
       {"", "{", "[]", "{}", R"({"schema": "wb.progress/2"})",
        R"({"schema": "wb.progress/1", "lessons": []})",
        R"({"schema": "wb.progress/1", "lessons": {"a": {"runs": "x"}}})"}) {
    EXPECT_FALSE(ProgressFromJson(text).ok()) << text;
  }
}

TEST(ProgressJson, AnyBytesCanBeWritten) {
  Progress p;
  p.lessons["04_run_queue"].explanation = "caf\xe9";  // not UTF-8
  EXPECT_TRUE(ProgressFromJson(ProgressToJson(p)).ok());
}

TEST(ProgressJson, WhatIsNotFinishedIsKept) {
  Progress p;
  p.lessons["a"].explanation_draft = "It is";
  p.lessons["a"].prediction_drafts = {{"04.p1", "[3,6]"}};
  const auto back = ProgressFromJson(ProgressToJson(p));
  ASSERT_TRUE(back.ok()) << back.error();
  EXPECT_EQ(ProgressToJson(*back), ProgressToJson(p));
}

TEST(ProgressJson, WhatAnOlderOneWroteIsUnderstood) {
  const auto p = ProgressFromJson(R"({"schema": "wb.progress/1", "lessons": {
      "a": {"score": 3, "predictions": {"a.p1": {"in_band": true}}}}})");
  ASSERT_TRUE(p.ok()) << p.error();
  EXPECT_EQ(p->lessons.at("a").best_score, 3);
  EXPECT_EQ(p->lessons.at("a").predictions.at("a.p1").in_range, true);
}

TEST(LessonProgressTest, APredictionCountsUntilTheFirstGreen) {
  LessonProgress l = FullLesson();
  EXPECT_TRUE(l.PredictedInTime());
  l.first_green_at = "2026-01-01T12:00:00Z";
  EXPECT_FALSE(l.PredictedInTime());
  l.first_green_at.clear();
  EXPECT_TRUE(l.PredictedInTime());
  l.predicted_at.clear();
  EXPECT_FALSE(l.PredictedInTime());
}

class ProgressStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto dir = tools::MakeTempDir("progress");
    ASSERT_TRUE(dir.ok()) << dir.error();
    dir_ = *dir + "/.wb";
    root_ = *dir;
  }
  void TearDown() override { EXPECT_TRUE(tools::RemoveTree(root_).ok()); }
  ProgressStore Store() {
    return ProgressStore(dir_, [this](const std::string& n) { notices_ += n; });
  }

  std::string root_, dir_, notices_;
};

TEST_F(ProgressStoreTest, StartsEmptyAndMakesNothing) {
  ProgressStore store = Store();
  const auto p = store.Load();
  ASSERT_TRUE(p.ok()) << p.error();
  EXPECT_TRUE(p->lessons.empty());
  EXPECT_FALSE(tools::FileExists(dir_));
}

TEST_F(ProgressStoreTest, AnUpdateIsSeenByTheNext) {
  ProgressStore one = Store(), two = Store();
  ASSERT_TRUE(one.Update([](Progress& p) { p.lessons["a"].runs = 1; }).ok());
  ASSERT_TRUE(two.Update([](Progress& p) { p.lessons["a"].runs++; }).ok());
  const auto p = one.Load();
  ASSERT_TRUE(p.ok()) << p.error();
  EXPECT_EQ(p->lessons.at("a").runs, 2);
}

TEST_F(ProgressStoreTest, ManyAtOnceLoseNothing) {
  constexpr int kWriters = 16;
  mn::WaitGroup wg;
  for (int i = 0; i < kWriters; ++i) {
    wg.Add(1);
    mn::Go([this, &wg] {
      // A store each, as each wb process has one: only the flock is shared.
      ProgressStore store = Store();
      EXPECT_TRUE(
          store.Update([](Progress& p) { p.lessons["a"].runs++; }).ok());
      wg.Done();
    });
  }
  wg.Wait();
  EXPECT_EQ(Store().Load()->lessons.at("a").runs, kWriters);
}

TEST_F(ProgressStoreTest, ABrokenFileIsKeptAndReported) {
  ASSERT_TRUE(tools::MakeDirs(dir_).ok());
  const std::string path = dir_ + "/progress.json";
  for (int n = 1; n <= 2; ++n) {
    notices_.clear();
    ASSERT_TRUE(tools::WriteFileAtomic(path, "{ broken").ok());
    ASSERT_TRUE(Store().Update([](Progress& p) { p.current = "a"; }).ok());
    const std::string kept = path + ".broken-" + std::to_string(n);
    EXPECT_EQ(*tools::ReadFile(kept), "{ broken");
    EXPECT_NE(notices_.find(kept), std::string::npos) << notices_;
    EXPECT_EQ(Store().Load()->current, "a");
  }
}

TEST_F(ProgressStoreTest, LoadingNeedsNothingThatCanBeWritten) {
  ASSERT_TRUE(Store().Update([](Progress& p) { p.current = "a"; }).ok());
  // A lock that cannot be taken, for root as well.
  ASSERT_EQ(std::remove((dir_ + "/lock").c_str()), 0);
  ASSERT_TRUE(tools::MakeDirs(dir_ + "/lock").ok());
  ASSERT_FALSE(Store().Update([](Progress&) {}).ok());
  const auto p = Store().Load();
  ASSERT_TRUE(p.ok()) << p.error();
  EXPECT_EQ(p->current, "a");
}

TEST_F(ProgressStoreTest, AFileThatCannotBeReadIsNotTouched) {
  ASSERT_TRUE(tools::MakeDirs(dir_ + "/progress.json").ok());
  const auto p = Store().Load();
  ASSERT_FALSE(p.ok());
  EXPECT_NE(p.error().find("progress.json"), std::string::npos);
  EXPECT_TRUE(tools::IsDirectory(dir_ + "/progress.json"));
}

TEST(TimeNow, ComparesAsText) {
  const std::string now = TimeNow();
  EXPECT_EQ(now.size(), std::string("2026-05-01T12:00:00Z").size());
  EXPECT_GT(now, "2020-01-01T00:00:00Z");
}

}  // namespace
}  // namespace mn::wb
