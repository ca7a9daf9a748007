// wb predict and wb measure, on a scratch workspace.
#include <gtest/gtest.h>

#include "tools/wb/scratch.h"

namespace mn::wb {
namespace {

class Predicting : public Scratch {
 protected:
  void SetUp() override {
    Scratch::SetUp();
    Write("lessons/04_run_queue/quiz.json", R"({"questions": [
      {"id": "04.p1", "kind": "number", "unit": "ns", "ask": "How long?",
       "measure": "put_get_ns", "why": "One cache line."},
      {"id": "04.p2", "kind": "choice", "ask": "Which order?",
       "options": ["G0 G1", "G1 G0"], "measure": "order"}]})");
    DemoPrints("measure put_get_ns 5\nmeasure order G1 G0");
  }
  void DemoPrints(std::string_view lines) {
    WriteProgram("bin/lessons/04_run_queue/demo",
                 tools::Cat("[[ $* == --measure ]] || exit 9\ncat <<'END'\n",
                            lines, "\nEND"));
  }
};

TEST_F(Predicting, LocksTheAnswersAndMeasures) {
  EXPECT_EQ(Wb({"predict", "04"}, {"3-6", "a"}), kOk);
  EXPECT_TRUE(Printed("How long?")) << out_;
  EXPECT_TRUE(Printed("  b) G1 G0")) << out_;
  EXPECT_TRUE(
      Printed("you said      3 to 6 ns\n  your machine  5 ns  in your "
              "range\n  One cache line."))
      << out_;
  EXPECT_TRUE(
      Printed("you said      a) G0 G1\n  your machine  b) G1 G0  a "
              "surprise"))
      << out_;
  EXPECT_TRUE(Printed("1 of 2 in your range")) << out_;
  const LessonProgress p = ProgressOf04();
  ASSERT_EQ(p.predictions.size(), 2u);
  const Prediction& one = p.predictions.at("04.p1");
  EXPECT_EQ(one.answer, "[3,6]");
  EXPECT_EQ(one.truth, "5");
  EXPECT_EQ(one.in_range, true);
  EXPECT_EQ(one.locked_at, p.predicted_at);
  EXPECT_EQ(p.predictions.at("04.p2").in_range, false);
  EXPECT_TRUE(p.PredictedInTime());
  EXPECT_FALSE(p.measured_at.empty());
}

TEST_F(Predicting, SaysThatTheMachineWasBusy) {
  DemoPrints(
      "measure put_get_ns 5\nmeasure order G1 G0\nmeasure busy 1.3 of 2");
  EXPECT_EQ(Wb({"predict", "04"}, {"3-6", "a"}), kOk);
  EXPECT_TRUE(Printed("other programs used 1.3 of 2 CPUs")) << out_;
}

TEST_F(Predicting, MeasuresAnOptimisedBuild) {
  ASSERT_EQ(Wb({"predict", "04"}, {"3-6", "a"}), kOk);
  EXPECT_NE(BazelLog().find("build --config=opt"), std::string::npos);
  EXPECT_NE(BazelLog().find("//lessons/04_run_queue:demo"), std::string::npos);
}

TEST_F(Predicting, AsksAgainUntilItIsAnAnswer) {
  EXPECT_EQ(Wb({"predict", "04"}, {"soon", "", "3-6", "z", "a"}), kOk);
  EXPECT_TRUE(Printed("\"soon\" is not a range")) << out_;
  EXPECT_TRUE(Printed("\"z\" is none of the options a to b")) << out_;
}

TEST_F(Predicting, LeavingLocksNothing) {
  EXPECT_EQ(Wb({"predict", "04"}, {"3-6"}), kRedExit);  // the input ends
  EXPECT_EQ(Wb({"predict", "04"}, {"3-6", "q"}), kRedExit);
  EXPECT_TRUE(Printed("nothing was locked")) << out_;
  EXPECT_TRUE(ProgressOf04().predictions.empty());
  EXPECT_FALSE(Exists("bazel.log"));
}

TEST_F(Predicting, WhoLeavesGoesOnWhereTheyLeft) {
  EXPECT_EQ(Wb({"predict", "04"}, {"3-6"}), kRedExit);
  EXPECT_TRUE(Printed("your answers so far are kept")) << out_;
  EXPECT_EQ(Wb({"predict", "04"}, {"a"}), kOk);
  EXPECT_FALSE(Printed("(a range")) << out_;
  EXPECT_EQ(ProgressOf04().predictions.at("04.p1").answer, "[3,6]");
  EXPECT_TRUE(ProgressOf04().prediction_drafts.empty());
}

TEST_F(Predicting, BackGoesToTheQuestionBefore) {
  EXPECT_EQ(Wb({"predict", "04"}, {"back", "3-6", "back", "4-8", "<", "", "b"}),
            kOk);
  EXPECT_TRUE(Printed("this is the first one")) << out_;
  EXPECT_TRUE(Printed("you said 3 to 6 ns; Enter keeps it")) << out_;
  EXPECT_EQ(ProgressOf04().predictions.at("04.p1").answer, "[4,8]");
  // "b" is the option, not the way back.
  EXPECT_EQ(ProgressOf04().predictions.at("04.p2").answer, "1");
}

TEST_F(Predicting, LockedAnswersStay) {
  ASSERT_EQ(Wb({"predict", "04"}, {"3-6", "a"}), kOk);
  DemoPrints("measure put_get_ns 50\nmeasure order G0 G1");
  EXPECT_EQ(Wb({"predict", "04"}, {"40-60", "b"}), kOk);
  EXPECT_TRUE(Printed("Your answers were locked at")) << out_;
  const Prediction one = ProgressOf04().predictions.at("04.p1");
  EXPECT_EQ(one.answer, "[3,6]");
  EXPECT_EQ(one.truth, "50");
  EXPECT_EQ(one.in_range, false);
}

TEST_F(Predicting, AnswersAfterGreenAreKeptButNoPrediction) {
  SetProgress04([](LessonProgress& p) {
    p.last_result = "green";
    p.first_green_at = "2020-01-01T00:00:00Z";
  });
  EXPECT_EQ(Wb({"predict", "04"}, {"3-6", "a"}), kOk);
  EXPECT_TRUE(Printed("This exercise was green already")) << out_;
  EXPECT_EQ(ProgressOf04().predictions.size(), 2u);
  EXPECT_FALSE(ProgressOf04().PredictedInTime());
}

TEST_F(Predicting, ADemoThatFailsKeepsTheAnswers) {
  WriteProgram("bin/lessons/04_run_queue/demo", "echo boom >&2; exit 1");
  EXPECT_EQ(Wb({"predict", "04"}, {"3-6", "a"}), kBrokenExit);
  EXPECT_TRUE(Printed("the demo of 04_run_queue failed: exit status 1\nboom"))
      << out_;
  EXPECT_TRUE(Printed("Your answers are safe; wb measure 04 tries")) << out_;
  EXPECT_EQ(ProgressOf04().predictions.size(), 2u);
  DemoPrints("measure put_get_ns 5");
  EXPECT_EQ(Wb({"measure", "04"}), kOk);
  EXPECT_EQ(ProgressOf04().predictions.at("04.p1").in_range, true);
}

TEST_F(Predicting, AFigureThatIsMissingIsSaid) {
  DemoPrints("measure put_get_ns 5");
  EXPECT_EQ(Wb({"predict", "04"}, {"3-6", "a"}), kOk);
  EXPECT_TRUE(Printed("the demo did not print it")) << out_;
  EXPECT_TRUE(Printed("1 of 1 in your range")) << out_;
}

TEST_F(Predicting, MeasureBeforePredictingIsRefused) {
  EXPECT_EQ(Wb({"measure", "04"}), kRedExit);
  EXPECT_TRUE(Printed("predict first: wb predict 04")) << out_;
  options_.force = true;
  EXPECT_EQ(Wb({"measure", "04"}), kOk);
  EXPECT_TRUE(Printed("your machine  5 ns")) << out_;
}

TEST_F(Predicting, ABrokenQuizIsNamed) {
  Write("lessons/04_run_queue/quiz.json", "{");
  EXPECT_EQ(Wb({"predict", "04"}), kBrokenExit);
  EXPECT_TRUE(Printed("lessons/04_run_queue/quiz.json: ")) << out_;
  EXPECT_EQ(Wb({"predict", "02"}), kBrokenExit);
  EXPECT_TRUE(Printed("02_context_switch/quiz.json: No such file")) << out_;
}

}  // namespace
}  // namespace mn::wb
