#include "tools/wb/state.h"

#include <gtest/gtest.h>

#include "tools/wb/test_course.h"

namespace mn::wb {
namespace {

constexpr char kEarly[] = "2026-01-01T00:00:00Z";
constexpr char kLate[] = "2026-02-01T00:00:00Z";

class StateTest : public testing::Test {
 protected:
  LessonState State(bool plugged = false) {
    return StateOf(lesson(), p_, plugged);
  }
  std::string Next(bool plugged = false) {
    return NextFor(lesson(), State(plugged)).command;
  }
  const tools::Lesson& lesson() { return *course_.Find("04_run_queue"); }

  const tools::Course course_ = TestCourse();
  LessonProgress p_;
};

TEST_F(StateTest, GoesFromStartToDoneByEvidence) {
  EXPECT_EQ(State().Word(), "not started");
  EXPECT_EQ(State().box, Box::kEmpty);
  EXPECT_EQ(Next(), "predict 04");
  p_.predicted_at = kEarly;
  EXPECT_EQ(State().Word(), "predicted");
  EXPECT_EQ(State().box, Box::kHalf);
  EXPECT_EQ(Next(), "read 04");
  p_.read_at = kEarly;
  EXPECT_EQ(Next(), "test 04");
  p_.last_result = "red";
  EXPECT_EQ(State().Word(), "red");
  EXPECT_EQ(Next(), "test 04");
  p_.last_result = "green";
  p_.first_green_at = kLate;
  EXPECT_EQ(State().Word(), "green");
  EXPECT_EQ(Next(), "measure 04");
  p_.measured_at = kLate;
  EXPECT_EQ(Next(), "explain 04");
  p_.explained_at = kLate;
  EXPECT_EQ(State().Word(), "done");
  EXPECT_EQ(State().box, Box::kFull);
  EXPECT_EQ(Next(), "plug 04");
  EXPECT_EQ(Next(/*plugged=*/true), "");
}

TEST_F(StateTest, TheStarterIsNotBegun) {
  p_.last_result = "untouched";
  EXPECT_EQ(State().Word(), "not started");
}

TEST_F(StateTest, APredictionAfterGreenDoesNotFillTheBox) {
  p_.predicted_at = kLate;
  p_.first_green_at = kEarly;
  p_.measured_at = p_.explained_at = kLate;
  p_.last_result = "green";
  EXPECT_EQ(State().stage, Stage::kDone);
  EXPECT_EQ(State().box, Box::kHalf);
  p_.explained_at.clear();
  EXPECT_NE(State().Marks().find("predicted after green"), std::string::npos);
}

TEST_F(StateTest, GreenStaysGreenAfterARedExperiment) {
  p_.first_green_at = kEarly;
  p_.last_result = "red";
  p_.red = {"RQ-3"};
  EXPECT_EQ(State().stage, Stage::kGreen);
  EXPECT_EQ(State().Marks(), "green, now red (RQ-3)");
  p_.last_result = "build_error";
  EXPECT_EQ(State().Marks(), "green, now does not compile");
  // Plugging is for what is green now.
  p_.predicted_at = p_.read_at = p_.measured_at = p_.explained_at = kEarly;
  EXPECT_EQ(Next(), "test 04");
}

TEST_F(StateTest, PointsAreOfTheBestRunAndOfWhatElseCounts) {
  p_.score = 2;
  p_.best_score = 5;
  EXPECT_EQ(PointsOf(lesson(), p_).earned(), 5);
  p_.predicted_at = p_.explained_at = kEarly;
  EXPECT_EQ(PointsOf(lesson(), p_).earned(), 6);
  EXPECT_EQ(
      PointsOf(lesson(), p_).Parts(),
      "cases at best 5 of 5, prediction 0.5 of 0.5, explanation 0.5 of 0.5");
}

TEST_F(StateTest, MarksSayWhatIsRed) {
  p_.read_at = kEarly;
  p_.last_result = "red";
  p_.red = {"RQ-3", "RQ-7"};
  EXPECT_EQ(State(/*plugged=*/true).Marks(), "read, red (RQ-3 RQ-7), plugged");
  p_.last_result = "build_error";
  EXPECT_EQ(State().Marks(), "read, does not compile");
}

TEST_F(StateTest, CurrentIsWhereOneWasUntilItIsDone) {
  Progress progress;
  EXPECT_EQ(CurrentLesson(course_, progress)->id, "02_context_switch");
  progress.current = "04_run_queue";
  EXPECT_EQ(CurrentLesson(course_, progress)->id, "04_run_queue");
  LessonProgress& p = progress.lessons["04_run_queue"];
  p.last_result = "green";
  p.predicted_at = p.measured_at = p.explained_at = kEarly;
  EXPECT_EQ(CurrentLesson(course_, progress)->id, "02_context_switch");
  progress.lessons["02_context_switch"] = p;
  EXPECT_EQ(CurrentLesson(course_, progress)->id, "04_run_queue");
}

TEST_F(StateTest, ALessonThatIsGoneIsNotTheCurrentOne) {
  Progress progress;
  progress.current = "99_removed";
  EXPECT_EQ(CurrentLesson(course_, progress)->id, "02_context_switch");
  EXPECT_EQ(CurrentLesson(tools::Course{}, progress), nullptr);
}

}  // namespace
}  // namespace mn::wb
