#include "tools/common/course.h"

#include <gtest/gtest.h>

#include "tools/common/text.h"

namespace mn::tools {
namespace {

constexpr char kCourse[] = R"({
  "id": "goroutines-vs-threads", "version": 1, "total": 100,
  "late": {"per_day": 0.1, "max_days": 3},
  "lessons": [
    {"id": "04_run_queue", "plug": "run_queue", "points": 6,
     "document_sections": [3], "sa": ["SA1"],
     "keep": [{"path": "run_queue.cc", "max_bytes": 1000}],
     "forbidden": [{"pattern": "std::mutex|std::deque", "why": "RQ-5"}],
     "invariants": [{"id": "RQ-1", "sentence": "FIFO", "anchor": "rq-1"}],
     "needs": [], "build_timeout_s": 60, "case_timeout_s": 7.5, "runs": 3,
     "pass": "all",
     "cases": [
       {"name": "RunQueue.Fifo", "inv": "RQ-1", "points": 1,
        "visibility": "public"},
       {"name": "RunQueue.Faster", "inv": "RQ-P", "points": 0.5,
        "max": 0.5, "grey": 0.7, "needs": ["cpus>=2"]}],
     "prediction_points": 0.5, "explain_points": 0.5,
     "hints": ["lessons/04_run_queue/hints/1.md"]}]})";

std::string With(std::string_view from, std::string_view to) {
  std::string text = ReplaceAll(kCourse, from, to);
  EXPECT_NE(text, kCourse) << from << " is not in the manifest";
  return text;
}

std::string ErrorOf(const std::string& text) {
  const Result<Course> course = ParseCourse(text);
  return course.ok() ? "no error" : course.error();
}

TEST(ParseCourse, ReadsTheManifest) {
  const Result<Course> course = ParseCourse(kCourse);
  ASSERT_TRUE(course.ok()) << course.error();
  EXPECT_EQ(course->id, "goroutines-vs-threads");
  EXPECT_EQ(course->total, 100);
  EXPECT_EQ(course->late_max_days, 3);
  ASSERT_EQ(course->lessons.size(), 1u);
  const Lesson& l = course->lessons[0];
  EXPECT_EQ(l.number, 4);
  EXPECT_EQ(l.name, "run_queue");
  EXPECT_EQ(l.title, "run queue");
  EXPECT_EQ(l.plug, "run_queue");
  EXPECT_EQ(l.keep[0].path, "run_queue.cc");
  EXPECT_EQ(l.keep[0].max_bytes, 1000);
  EXPECT_EQ(l.forbidden[0].why, "RQ-5");
  EXPECT_EQ(l.case_timeout_s, 7.5);
  EXPECT_EQ(l.pass_k, 0);
  ASSERT_EQ(l.cases.size(), 2u);
  EXPECT_EQ(l.cases[0].kind, kDriver);
  EXPECT_FALSE(l.cases[0].IsRatio());
  EXPECT_TRUE(l.cases[1].IsRatio());
  EXPECT_EQ(l.cases[1].points, 0.5);
  EXPECT_EQ(l.cases[1].needs, std::vector<std::string>{"cpus>=2"});
  EXPECT_EQ(l.ExerciseLabel(), "//exercises/04_run_queue");
}

TEST(ParseCourse, FindsLessonsAndCases) {
  const Result<Course> course = ParseCourse(kCourse);
  ASSERT_TRUE(course.ok());
  const Lesson* lesson = course->Find("04_run_queue");
  ASSERT_NE(lesson, nullptr);
  EXPECT_NE(lesson->FindCase("RunQueue.Fifo"), nullptr);
  EXPECT_EQ(lesson->FindCase("RunQueue.Lifo"), nullptr);
  ASSERT_NE(lesson->FindInvariant("RQ-1"), nullptr);
  EXPECT_EQ(lesson->FindInvariant("RQ-1")->sentence, "FIFO");
  EXPECT_EQ(course->Find("05_steal"), nullptr);
}

TEST(ParseCourse, ReadsKOfN) {
  const Result<Course> course =
      ParseCourse(With(R"("pass": "all")", R"("k_of_n": [2, 3])"));
  ASSERT_TRUE(course.ok()) << course.error();
  EXPECT_EQ(course->lessons[0].pass_k, 2);
  EXPECT_EQ(course->lessons[0].pass_n, 3);
}

TEST(ParseCourse, ComplaintsNameTheLessonAndTheField) {
  EXPECT_EQ(ErrorOf("{"), "the course manifest is not JSON");
  EXPECT_EQ(ErrorOf("[]"), "course manifest: the course is not an object");
  EXPECT_EQ(ErrorOf(With(R"("points": 6,)", "")),
            "course manifest: lesson 04_run_queue: \"points\" is missing");
  EXPECT_EQ(ErrorOf(With(R"("runs": 3)", R"("runs": "three")")),
            "course manifest: lesson 04_run_queue: \"runs\" has the wrong "
            "type: \"three\"");
  EXPECT_EQ(ErrorOf(With(R"("inv": "RQ-1",)", "")),
            "course manifest: lesson 04_run_queue, cases[0]: \"inv\" is "
            "missing");
  EXPECT_EQ(ErrorOf(With("\"04_run_queue\"", "\"run_queue\"")),
            "course manifest: lesson run_queue: \"id\" must look like "
            "04_run_queue, not \"run_queue\"");
  EXPECT_EQ(ErrorOf(With(R"("pass": "all")", R"("k_of_n": [4, 3])")),
            "course manifest: lesson 04_run_queue: \"k_of_n\" is [k, n], 1 <= "
            "k <= n");
}

TEST(LoadCourse, AMissingFileIsNamed) {
  const Result<Course> course = LoadCourse("/no/such/course.json");
  ASSERT_FALSE(course.ok());
  EXPECT_NE(course.error().find("/no/such/course.json"), std::string::npos);
}

}  // namespace
}  // namespace mn::tools
