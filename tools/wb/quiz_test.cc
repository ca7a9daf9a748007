#include "tools/wb/quiz.h"

#include <gtest/gtest.h>

#include "tools/common/text.h"

namespace mn::wb {
namespace {

constexpr char kQuiz[] = R"({"schema": "wb.quiz/1", "questions": [
  {"id": "04.p1", "kind": "number", "unit": "ns", "max_ratio": 4,
   "ask": "How long?", "measure": "put_get_ns", "why": "Because."},
  {"id": "04.p2", "kind": "choice", "ask": "Which order?",
   "options": ["G0 G1", "G1 G0", "none"], "measure": "order", "truth": 1},
  {"id": "04.p3", "kind": "multi", "ask": "Which?",
   "options": ["rbx", "rax", "xmm0", "mxcsr"], "truth": [3, 0]}]})";

class QuizTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto quiz = ParseQuiz(kQuiz);
    ASSERT_TRUE(quiz.ok()) << quiz.error();
    ASSERT_EQ(quiz->size(), 3u);
    number_ = (*quiz)[0];
    choice_ = (*quiz)[1];
    multi_ = (*quiz)[2];
  }
  static std::string Answer(const Question& q, std::string_view typed) {
    const auto answer = ParseAnswer(q, typed);
    return answer.ok() ? *answer : answer.error();
  }
  Question number_, choice_, multi_;
};

TEST_F(QuizTest, ReadsTheQuestions) {
  EXPECT_EQ(number_.id, "04.p1");
  EXPECT_EQ(number_.unit, "ns");
  EXPECT_EQ(choice_.options.size(), 3u);
  EXPECT_EQ(multi_.option_truth, (std::vector<int>{0, 3}));
}

TEST_F(QuizTest, ANumberIsAnsweredByARange) {
  for (const char* typed :
       {"100-200", "100 - 200", "[100,200]", "100..200", "100 to 200",
        "100-200ns", "100 ns - 200 ns", "1e2-.2k"}) {
    EXPECT_EQ(Answer(number_, typed), "[100,200]") << typed;
  }
  EXPECT_EQ(Answer(number_, "150"), "[150,150]");
  EXPECT_EQ(Answer(number_, "1.5k - 2k"), "[1500,2000]");
  EXPECT_EQ(Answer(number_, "1M"), "[1e+06,1e+06]");
}

TEST_F(QuizTest, ARangeThatIsNoneIsRefused) {
  EXPECT_EQ(
      Answer(number_, "many"),
      "\"many\" is not a range: type two numbers, for example 100-200, or "
      "one, in ns");
  for (const char* typed :
       {"", "100-", "-", "100-200 ms", "1.2.3", "100 200"}) {
    EXPECT_NE(Answer(number_, typed).find("is not a range"), std::string::npos)
        << typed;
  }
  EXPECT_NE(Answer(number_, "200-100").find("below its beginning"),
            std::string::npos);
  EXPECT_NE(Answer(number_, "1-1000").find("too wide"), std::string::npos);
}

TEST_F(QuizTest, AChoiceIsALetterOrANumber) {
  EXPECT_EQ(Answer(choice_, "b"), "1");
  EXPECT_EQ(Answer(choice_, " B) "), "1");
  EXPECT_EQ(Answer(choice_, "2"), "1");
  EXPECT_EQ(Answer(multi_, "d, a"), "0 3");
  EXPECT_EQ(Answer(multi_, "a a"), "0");
}

TEST_F(QuizTest, AChoiceThatIsNoneIsRefused) {
  EXPECT_EQ(Answer(choice_, "d"), "\"d\" is none of the options a to c");
  EXPECT_EQ(Answer(choice_, "0"), "\"0\" is none of the options a to c");
  EXPECT_EQ(Answer(choice_, "a b"), "type one letter, a to c");
  EXPECT_EQ(Answer(choice_, ""), "type one letter, a to c");
}

TEST_F(QuizTest, AnswersAreShownAsPeopleSayThem) {
  EXPECT_EQ(ShowAnswer(number_, "[100,200]"), "100 to 200 ns");
  EXPECT_EQ(ShowAnswer(number_, "[5,5]"), "5 ns");
  EXPECT_EQ(ShowAnswer(number_, "4.2"), "4.2 ns");
  EXPECT_EQ(ShowAnswer(choice_, "1"), "b) G1 G0");
  EXPECT_EQ(ShowAnswer(multi_, "0 3"), "a) rbx, d) mxcsr");
}

TEST(ParseMeasurements, TakesTheMeasureLinesOnly) {
  const auto figures = ParseMeasurements(
      "hello\nmeasure a 12.5\n measure b G4 G0 \nmeasure\nmeasure c\n"
      "measured d 1\nmeasure a 13\n");
  EXPECT_EQ(figures,
            (std::map<std::string, std::string>{{"a", "13"}, {"b", "G4 G0"}}));
}

TEST_F(QuizTest, TheMeasuredTruthComesFirst) {
  EXPECT_EQ(FindTruth(number_, {{"put_get_ns", "12.5 ns"}}), "12.5");
  EXPECT_EQ(FindTruth(choice_, {{"order", "G0 G1"}}), "0");
}

TEST_F(QuizTest, WithoutAMeasurementTheQuizSaysIt) {
  EXPECT_EQ(FindTruth(number_, {}), std::nullopt);
  EXPECT_EQ(FindTruth(choice_, {{"order", "something else"}}), "1");
  EXPECT_EQ(FindTruth(multi_, {}), "0 3");
}

TEST_F(QuizTest, InRangeIncludesTheEnds) {
  EXPECT_TRUE(IsInRange(number_, "[3,6]", "3"));
  EXPECT_TRUE(IsInRange(number_, "[3,6]", "6"));
  EXPECT_FALSE(IsInRange(number_, "[3,6]", "6.1"));
  EXPECT_TRUE(IsInRange(choice_, "1", "1"));
  EXPECT_FALSE(IsInRange(multi_, "0", "0 3"));
}

TEST(ParseQuiz, ComplaintsNameTheQuestion) {
  auto error = [](std::string_view from, std::string_view to) {
    const auto quiz = ParseQuiz(tools::ReplaceAll(kQuiz, from, to));
    return quiz.ok() ? std::string("no error") : quiz.error();
  };
  EXPECT_EQ(error("\"number\"", "\"numer\""),
            "question 04.p1: the kind is \"number\", \"choice\" or \"multi\", "
            "not \"numer\"");
  EXPECT_EQ(error("\"truth\": [3, 0]", "\"truth\": [4]"),
            "question 04.p3: \"truth\" 4 is not an index of an option");
  EXPECT_EQ(error("\"measure\": \"put_get_ns\",", ""),
            "question 04.p1: neither \"measure\" nor \"truth\"");
  EXPECT_EQ(error("04.p2", "04.p1"), "two questions are called 04.p1");
  EXPECT_NE(error("\"ask\": \"How long?\",", "").find("ask"),
            std::string::npos);
  EXPECT_FALSE(ParseQuiz("{").ok());
  EXPECT_FALSE(ParseQuiz(R"({"questions": []})").ok());
}

}  // namespace
}  // namespace mn::wb
