#include "tools/grade/submission_record.h"

#include <string>

#include "gtest/gtest.h"

namespace mn::grade {
namespace {

LessonRecord TwoCases() {
  LessonRecord r;
  r.lesson.id = "04_run_queue";
  r.lesson.keep = {{"run_queue.cc", 65536}};
  tools::CourseCase fifo, wrap;
  fifo.name = "RunQueue.Fifo", fifo.inv = "RQ-1", fifo.points = 2;
  wrap.name = "RunQueue.WrapAround", wrap.inv = "RQ-6", wrap.points = 1;
  r.lesson.cases = {fifo, wrap};
  return r;
}

Json Judged(const std::string& fifo, double fifo_score, const std::string& wrap,
            double wrap_score) {
  return {
      {"schema", "wb.results/1"},
      {"machine", {{"cpus", 2}}},
      {"cases",
       {{{"name", "RunQueue.Fifo"}, {"status", fifo}, {"score", fifo_score}},
        {{"name", "RunQueue.WrapAround"},
         {"status", wrap},
         {"score", wrap_score}}}}};
}

TEST(AddJudged, SumsWhatTheJudgeSays) {
  LessonRecord r = TwoCases();
  AddJudged(Judged("passed", 2, "failed", 0), "infra_error", "", &r);
  EXPECT_EQ(r.status, "graded");
  EXPECT_EQ(r.score, 2);
  EXPECT_EQ(r.max, 3);
  EXPECT_EQ(r.cases.size(), 2u);
}

TEST(AddJudged, SkippedCaseIsTakenOutOfTheTotal) {
  LessonRecord r = TwoCases();
  AddJudged(Judged("skipped", 0, "passed", 1), "infra_error", "", &r);
  EXPECT_EQ(r.score, 1);
  EXPECT_EQ(r.max, 1);
}

TEST(AddJudged, AbsentCaseIsTheMachinesFault) {
  LessonRecord r = TwoCases();
  Json judged = Judged("passed", 2, "passed", 1);
  judged["cases"].erase(1);
  AddJudged(judged, "infra_error", "the judge was killed", &r);
  EXPECT_EQ(r.status, "infra_error");
  EXPECT_EQ(r.cases[1]["status"], "infra_error");
  EXPECT_EQ(r.cases[1]["message"], "the judge was killed");
  EXPECT_EQ(r.score, 2);
}

TEST(AddJudged, NonsenseIsTheMachinesFault) {
  for (const char* text : {"null", "3", "{\"cases\": 7}", "{\"cases\": [1]}",
                           "{\"cases\": [{\"name\": \"RunQueue.Fifo\"}]}"}) {
    LessonRecord r = TwoCases();
    AddJudged(Json::parse(text), "infra_error", "no record", &r);
    EXPECT_EQ(r.status, "infra_error") << text;
    EXPECT_EQ(r.score, 0) << text;
  }
}

TEST(AddJudged, CaughtByTheCanaryIsFlaggedAndKeepsTheScore) {
  LessonRecord r = TwoCases();
  AddJudged(Judged("suspicious", 0, "passed", 1), "infra_error", "", &r);
  EXPECT_EQ(r.status, "suspicious");
  ASSERT_EQ(r.flags.size(), 1u);
  EXPECT_EQ(r.flags[0].kind, "canary");
  EXPECT_EQ(r.score, 1);
}

TEST(AddJudged, FlagOfTheScanMakesItSuspicious) {
  LessonRecord r = TwoCases();
  r.flags.push_back({"tampering", "run_queue.cc", 3, "_exit", "why"});
  AddJudged(Judged("passed", 2, "passed", 1), "infra_error", "", &r);
  EXPECT_EQ(r.status, "suspicious");
  EXPECT_EQ(r.score, 3);
}

TEST(AddJudged, ScoreIsBoundedByTheManifest) {
  LessonRecord r = TwoCases();
  AddJudged(Judged("passed", 1000, "passed", -5), "infra_error", "", &r);
  EXPECT_EQ(r.score, 2);
}

TEST(AllCases, GivesEveryCaseTheStatus) {
  LessonRecord r = TwoCases();
  AllCases("build_error", "does not compile", &r);
  EXPECT_EQ(r.cases.size(), 2u);
  EXPECT_EQ(r.cases[0]["status"], "build_error");
  EXPECT_EQ(r.score, 0);
  EXPECT_EQ(r.max, 3);
}

SubmissionRecord Finished(const std::string& status) {
  SubmissionRecord s;
  s.complete = true;
  s.lessons.push_back(TwoCases());
  s.lessons[0].status = status;
  return s;
}

TEST(ExitStatus, SaysWhetherAnythingWasGraded) {
  EXPECT_EQ(ExitStatus(Finished("graded")), 0);
  EXPECT_EQ(ExitStatus(Finished("suspicious")), 0);
  EXPECT_EQ(ExitStatus(Finished("build_error")), 0);
  EXPECT_EQ(ExitStatus(Finished("infra_error")), 2);
  EXPECT_EQ(ExitStatus(Finished("missing")), 3);
  EXPECT_EQ(ExitStatus(Finished("refused")), 3);
}

TEST(ExitStatus, StoppedIsNeverASilentSuccess) {
  SubmissionRecord s = Finished("graded");
  s.complete = false;
  EXPECT_EQ(ExitStatus(s), 2);
}

TEST(ToJson, OneRecordPerLessonInsideTheEnvelope) {
  SubmissionRecord s = Finished("graded");
  s.course = "goroutines-vs-threads";
  s.submission.id = "ann";
  s.lessons[0].files = {{"run_queue.cc", "run_queue.cc", "abc", "text"}};
  AddJudged(Judged("passed", 2, "failed", 0), "infra_error", "", &s.lessons[0]);
  Json j = ToJson(s);
  EXPECT_EQ(j["schema"], "wb.submission/1");
  EXPECT_EQ(j["score"], 2);
  const Json& lesson = j["lessons"][0];
  EXPECT_EQ(lesson["schema"], "wb.results/1");
  EXPECT_EQ(lesson["course"], "goroutines-vs-threads");
  EXPECT_EQ(lesson["submission"]["id"], "ann");
  EXPECT_EQ(lesson["submission"]["sha256"]["run_queue.cc"], "abc");
  EXPECT_EQ(lesson["machine"]["cpus"], 2);
  EXPECT_EQ(lesson["needs_review"], false);
}

}  // namespace
}  // namespace mn::grade
