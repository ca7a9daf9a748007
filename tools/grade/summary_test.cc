#include "tools/grade/summary.h"

#include <string>

#include "gtest/gtest.h"

namespace mn::grade {
namespace {

SubmissionRecord One(const Json& cases, const std::string& status) {
  SubmissionRecord s;
  s.course = "goroutines-vs-threads";
  s.commit = "9f3c";
  s.complete = true;
  s.submission.id = "ann";
  s.submission.shape = "flat";
  LessonRecord r;
  r.lesson.id = "04_run_queue";
  r.lesson.title = "the local run queue";
  r.status = status;
  r.cases = cases;
  r.score = 1;
  r.max = 3;
  s.lessons = {r};
  return s;
}

Json Failed(const std::string& visibility) {
  return {{"name", "RunQueue.Fifo"},
          {"inv", "RQ-1"},
          {"points", 2},
          {"score", 0},
          {"status", "failed"},
          {"visibility", visibility},
          {"message", "out of order"},
          {"want", "G7"},
          {"got", "G965\x1b[2J"},
          {"replay", "wb replay 04 0x5:3"}};
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Summary, ShowsWhatFailedAndHowToSeeItAgain) {
  std::string text =
      SummaryText(One(Json::array({Failed("public")}), "graded"));
  EXPECT_TRUE(
      Has(text, "ann (flat), graded with goroutines-vs-threads at 9f3c"));
  EXPECT_TRUE(Has(text, "04_run_queue the local run queue: graded, 1 of 3"));
  EXPECT_TRUE(Has(text, "out of order")) << text;
  EXPECT_TRUE(Has(text, "want  G7"));
  EXPECT_TRUE(Has(text, "replay  wb replay 04 0x5:3"));
}

TEST(Summary, LetsNoTerminalCodeThrough) {
  std::string text =
      SummaryText(One(Json::array({Failed("public")}), "graded"));
  EXPECT_FALSE(Has(text, "\x1b"));
  EXPECT_TRUE(Has(text, "G965\\x1b[2J"));
}

TEST(Summary, LetsNoNameOfAFolderThrough) {
  SubmissionRecord s = One(Json::array(), "graded");
  s.submission.id = "\x1b[2J";
  s.lessons[0].files = {{"run_queue.cc", "\x1b/run_queue.cc", "", ""}};
  s.submission.ignored = {{"\x1b]0;x", "\x1b"}};
  EXPECT_FALSE(Has(SummaryText(s), "\x1b"));
}

TEST(Summary, SaysWhereTheFileLay) {
  SubmissionRecord s = One(Json::array(), "graded");
  s.lessons[0].files = {{"run_queue.cc", "my work/run_queue.cc", "", ""}};
  EXPECT_TRUE(Has(SummaryText(s), "taken from my work/run_queue.cc"));
}

TEST(Summary, HiddenCaseStaysHidden) {
  std::string text =
      SummaryText(One(Json::array({Failed("hidden")}), "graded"));
  EXPECT_TRUE(Has(text, "hidden case"));
  EXPECT_FALSE(Has(text, "out of order"));
}

TEST(Summary, FlagAsksForAPerson) {
  SubmissionRecord s = One({}, "suspicious");
  s.lessons[0].flags = {{"tampering", "run_queue.cc", 3, "_exit", "ends it"}};
  EXPECT_TRUE(Has(SummaryText(s), "LOOK AT run_queue.cc:3: _exit (tampering)"));
}

TEST(Summary, MissingHasNoScore) {
  SubmissionRecord s = One({}, "missing");
  s.lessons[0].message = "run_queue.cc was not handed in";
  std::string text = SummaryText(s);
  EXPECT_TRUE(Has(text, "queue: missing\n")) << text;
  EXPECT_TRUE(Has(text, "  run_queue.cc was not handed in\n"));
}

TEST(Summary, UntouchedStarterIsToldKindly) {
  Json c = Failed("public");
  c["status"] = "not_implemented";
  SubmissionRecord s = One(Json::array({c}), "graded");
  s.lessons[0].judged = {{"untouched", true}};
  std::string text = SummaryText(s);
  EXPECT_TRUE(Has(text, "not a broken setup"));
  EXPECT_TRUE(Has(text, "lessons/04_run_queue/README.md"));
}

TEST(Summary, StoppedGraderSaysSo) {
  SubmissionRecord s = One({}, "graded");
  s.complete = false;
  EXPECT_TRUE(Has(SummaryText(s), "NOT COMPLETE"));
}

TEST(Summary, IgnoredFilesAreListedAndCounted) {
  SubmissionRecord s = One({}, "graded");
  for (int i = 0; i < 25; ++i)
    s.submission.ignored.push_back({"f" + std::to_string(i), "why"});
  s.submission.ignored_more = 5;
  std::string text = SummaryText(s);
  EXPECT_TRUE(Has(text, "  f0: why\n"));
  EXPECT_TRUE(Has(text, "  and 10 more\n"));
}

}  // namespace
}  // namespace mn::grade
