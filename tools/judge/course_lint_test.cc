// The manifest lint: course.bzl against the judges, the lesson pages, the
// hints, the mutants and the learner's files. A complaint names the lesson and
// the fix.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "tools/common/course.h"
#include "tools/common/runfiles.h"
#include "tools/common/text.h"
#include "tools/judge/expect.h"
#include "tools/judge/source.h"

namespace mn::judge {
namespace {

using testing::Contains;
using testing::HasSubstr;

std::string Text(const std::string& path) {
  const std::string found = tools::FindRunfile(path);
  return found.empty() ? "" : ReadFile(found);
}

const tools::Course& TheCourse() {
  static const tools::Result<tools::Course> course =
      tools::LoadCourse(tools::FindRunfile("tools/judge/course.json"));
  if (!course.ok()) {
    ADD_FAILURE() << course.error();
    static const tools::Course empty;
    return empty;
  }
  return *course;
}

// Runs a program and returns what it wrote to stdout.
std::string OutputOf(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    out.append(buffer, n);
  }
  EXPECT_EQ(pclose(pipe), 0) << command;
  return out;
}

std::vector<std::string> MutantsOf(const tools::Lesson& lesson) {
  const std::string folder =
      tools::FindRunfile("solutions/" + lesson.id + "/mutants");
  std::vector<std::string> texts;
  std::error_code ec;
  for (const auto& file : std::filesystem::directory_iterator(folder, ec)) {
    texts.push_back(ReadFile(file.path()));
  }
  return texts;
}

class Lint : public testing::TestWithParam<tools::Lesson> {};

TEST_P(Lint, PointsAddUp) {
  const tools::Lesson& lesson = GetParam();
  double sum = lesson.prediction_points + lesson.explain_points;
  for (const tools::CourseCase& c : lesson.cases) {
    EXPECT_GT(c.points, 0) << c.name;
    sum += c.points;
  }
  EXPECT_DOUBLE_EQ(sum, lesson.points)
      << "cases + prediction_points + explain_points is not points";
}

TEST_P(Lint, TheJudgeHasTheCases) {
  const tools::Lesson& lesson = GetParam();
  const std::string judge =
      tools::FindRunfile("exercises/" + lesson.id + "/judge_bin");
  ASSERT_NE(judge, "");
  std::set<std::string> in_judge, in_course;
  for (const std::string& name :
       tools::Words(OutputOf(judge + " --list_cases"))) {
    in_judge.insert(name);
  }
  for (const tools::CourseCase& c : lesson.cases) in_course.insert(c.name);
  EXPECT_EQ(in_course, in_judge) << "course.bzl and exercises/" << lesson.id
                                 << "/judge/judge.cc must have the same cases";
}

TEST_P(Lint, TheFirstInvariantIsNotImplemented) {
  const tools::Lesson& lesson = GetParam();
  ASSERT_FALSE(lesson.invariants.empty());
  EXPECT_TRUE(lesson.invariants[0].id.ends_with("-0"))
      << lesson.invariants[0].id
      << ": the first invariant is XX-0, \"the piece "
      << "does something at all\"";
}

TEST_P(Lint, EveryInvariantHasAParagraph) {
  const tools::Lesson& lesson = GetParam();
  const std::string page = Text("lessons/" + lesson.id + "/README.md");
  ASSERT_NE(page, "");
  for (const tools::Invariant& inv : lesson.invariants) {
    EXPECT_FALSE(inv.sentence.empty()) << inv.id;
    EXPECT_THAT(page, HasSubstr("<a id=\"" + inv.anchor + "\"></a>"))
        << inv.id << ": the page has no paragraph to read";
    EXPECT_THAT(page, HasSubstr(inv.id)) << inv.id;
  }
}

TEST_P(Lint, EveryInvariantHasACaseAndAMutant) {
  const tools::Lesson& lesson = GetParam();
  std::set<std::string> checked, killing;
  for (const tools::CourseCase& c : lesson.cases) {
    EXPECT_NE(lesson.FindInvariant(c.inv), nullptr)
        << c.name << " checks " << c.inv << ", which is not an invariant";
    checked.insert(c.inv);
  }
  for (const std::string& mutant : MutantsOf(lesson)) {
    killing.insert(MutantDiesOf(mutant));
  }
  EXPECT_FALSE(killing.contains(""))
      << "line 1 of a mutant must be `// Mutant NAME: must die of INV`";
  for (std::size_t i = 1; i < lesson.invariants.size(); i++) {
    EXPECT_THAT(checked, Contains(lesson.invariants[i].id));
    EXPECT_THAT(killing, Contains(lesson.invariants[i].id))
        << "no mutant in solutions/" << lesson.id << "/mutants dies of it";
  }
}

TEST_P(Lint, TheSolutionIsAllowed) {
  const tools::Lesson& lesson = GetParam();
  ASSERT_FALSE(lesson.forbidden.empty() && lesson.keep.empty());
  const nlohmann::json course =
      nlohmann::json::parse(Text("tools/judge/course.json"));
  for (const nlohmann::json& l : course.at("lessons")) {
    if (l.at("id") != lesson.id) continue;
    const std::string text = Text(l.at("solution"));
    ASSERT_NE(text, "") << l.at("solution");
    for (const ForbiddenUse& use : FindForbidden(text, lesson.forbidden)) {
      ADD_FAILURE() << l.at("solution") << ":" << use.line << ": " << use.text
                    << ": matches " << use.rule->pattern;
    }
  }
}

TEST_P(Lint, ForbiddenPatternsNameTheirInvariantAndReason) {
  const tools::Lesson& lesson = GetParam();
  for (const tools::Forbidden& f : lesson.forbidden) {
    EXPECT_NE(lesson.FindInvariant(f.inv), nullptr) << f.pattern;
    EXPECT_NE(f.why, "") << f.pattern;
    EXPECT_TRUE(IsPattern(f.pattern)) << f.pattern;
  }
}

TEST_P(Lint, HintsAreThere) {
  const tools::Lesson& lesson = GetParam();
  EXPECT_EQ(lesson.hints.size(), 3u);
  for (const std::string& hint : lesson.hints) {
    EXPECT_GT(Text(hint).size(), 80u) << hint << " is missing or empty";
  }
}

TEST_P(Lint, TheLearnersFilesAreThere) {
  const tools::Lesson& lesson = GetParam();
  ASSERT_FALSE(lesson.keep.empty());
  EXPECT_NE(Text("exercises/" + lesson.id + "/judge/starter.cc"), "");
  for (const tools::KeepFile& keep : lesson.keep) {
    const std::string text = Text("exercises/" + lesson.id + "/" + keep.path);
    EXPECT_NE(text, "") << keep.path;
    EXPECT_LE(static_cast<long>(text.size()), keep.max_bytes) << keep.path;
  }
}

TEST_P(Lint, TheQuizCanBeMeasured) {
  const tools::Lesson& lesson = GetParam();
  const nlohmann::json quiz =
      nlohmann::json::parse(Text("lessons/" + lesson.id + "/quiz.json"));
  const std::string demo = Text("lessons/" + lesson.id + "/demo.cc");
  EXPECT_GE(quiz.at("questions").size(), 2u);
  for (const nlohmann::json& q : quiz.at("questions")) {
    const std::string id = q.at("id");
    EXPECT_TRUE(id.starts_with(lesson.id.substr(0, 2) + ".p")) << id;
    EXPECT_NE(q.value("why", ""), "") << id;
    EXPECT_TRUE(q.contains("measure") || q.contains("truth"))
        << id << ": neither a measurement nor a constant";
    if (q.contains("measure")) {
      EXPECT_THAT(demo, HasSubstr("\"" + q.at("measure").get<std::string>()))
          << id << ": demo.cc does not measure it";
    }
    if (q.at("kind") != "number") {
      EXPECT_GE(q.at("options").size(), 3u) << id << ": too few distractors";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Course, Lint, testing::ValuesIn(TheCourse().lessons),
                         [](const testing::TestParamInfo<tools::Lesson>& info) {
                           return "lesson_" + info.param.id;
                         });

TEST(CourseLint, NamesAreUnique) {
  std::map<std::string, int> lessons, cases, invariants;
  for (const tools::Lesson& lesson : TheCourse().lessons) {
    lessons[lesson.id]++;
    for (const tools::CourseCase& c : lesson.cases) cases[c.name]++;
    for (const tools::Invariant& i : lesson.invariants) invariants[i.id]++;
  }
  EXPECT_FALSE(lessons.empty());
  for (const auto* names : {&lessons, &cases, &invariants}) {
    for (const auto& [name, count] : *names) {
      EXPECT_EQ(count, 1) << name << " is there twice";
    }
  }
}

TEST(CourseLint, LessonsFitIntoTheTotal) {
  double sum = 0;
  for (const tools::Lesson& lesson : TheCourse().lessons) sum += lesson.points;
  EXPECT_GT(sum, 0);
  EXPECT_LE(sum, TheCourse().total);
}

}  // namespace
}  // namespace mn::judge
