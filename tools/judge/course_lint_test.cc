// The manifest lint: each lesson's manifest against its judge, page, picture,
// contract header, hints, mutants and the learner's files. A complaint names
// the lesson and the fix.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/os/subprocess/subprocess.h"
#include "tools/common/course.h"
#include "tools/common/regex.h"
#include "tools/common/runfiles.h"
#include "tools/common/text.h"
#include "tools/judge/expect.h"
#include "tools/judge/source.h"

namespace mn::tools {

// For the names of failed tests.
void PrintTo(const Lesson& lesson, std::ostream* os) { *os << lesson.id; }

}  // namespace mn::tools

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
std::string OutputOf(std::vector<std::string> argv) {
  os::Command command;
  command.argv = std::move(argv);
  const os::Outcome o = os::RunCommandBlocking(command);
  EXPECT_TRUE(o.ok()) << command.argv[0] << ": " << o.Describe();
  return o.out;
}

// `text` as one line, without comment markers, so that a sentence is found
// wherever its lines were broken.
std::string Flat(const std::string& text) {
  std::vector<std::string> words;
  for (const std::string& word : tools::Words(text)) {
    if (word != "//") words.push_back(word);
  }
  return tools::Join(words, " ");
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A heading of MUTANTS.md and the text between it and its diff.
struct Mutant {
  std::string name, dies_of, why;
};

std::vector<Mutant> MutantsOf(const tools::Lesson& lesson) {
  std::vector<Mutant> mutants;
  bool in_text = false;
  for (const std::string& line :
       tools::Lines(Text("solutions/" + lesson.id + "/MUTANTS.md"))) {
    if (line.starts_with("### ")) {
      const std::string heading = line.substr(4);
      mutants.push_back({heading.substr(0, heading.find(':')),
                         MutantDiesOf("// Mutant " + heading), ""});
      in_text = true;
    } else if (line == "```diff") {
      in_text = false;
    } else if (in_text) {
      mutants.back().why += line + " ";
    }
  }
  return mutants;
}

// "" if the text is an element with elements inside, each closed; else where it
// is not. Enough of XML for a drawing by hand: no CDATA, no '>' in attributes.
std::string XmlFault(const std::string& text) {
  std::vector<std::string> open;
  int roots = 0;
  for (std::size_t at = text.find('<'); at != std::string::npos;
       at = text.find('<', at)) {
    const bool comment = text.compare(at, 4, "<!--") == 0;
    const std::size_t end = text.find(comment ? "-->" : ">", at);
    if (end == std::string::npos) return "no end of " + text.substr(at, 20);
    const std::string tag = text.substr(at + 1, end - at - 1);
    at = end;
    if (comment) continue;
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) {
      return "an attribute without its second quote in <" + tag + ">";
    }
    const std::string name = tag.substr(0, tag.find_first_of(" /\n", 1));
    if (tag.starts_with('/')) {
      if (open.empty() || "/" + open.back() != name) {
        return "<" + name + "> closes nothing";
      }
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      if (open.empty()) roots++;
      open.push_back(name);
    }
  }
  if (!open.empty()) return "<" + open.back() + "> is not closed";
  return roots == 1 ? "" : "there must be one outermost element";
}

// Whoever reads from the top has not written the code yet: the first line that
// leads to the answers before the line that begins with "Done:"; "" if none.
std::string FirstSpoiler(const std::string& page) {
  for (const std::string& line : tools::Lines(page)) {
    if (line.starts_with("Done:")) return "";
    if (Has(line, "solutions/")) return line;
  }
  return "";
}

// The numbers in "lesson 02", "lesson [02](…)" and "02 · the context switch".
std::set<std::string> LessonsNamed(const std::string& text) {
  static const std::regex name(
      R"(\blessons? \[?([0-9]{2})\b|(?:^|[ *[])([0-9]{2}) · )",
      std::regex::icase);
  const std::string flat = Flat(text);
  std::set<std::string> found;
  for (std::sregex_iterator i(flat.begin(), flat.end(), name), end; i != end;
       ++i) {
    found.insert((*i)[1].matched ? (*i)[1] : (*i)[2]);
  }
  return found;
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

// A case of kind schedules has no code of its own.
TEST_P(Lint, TheJudgeHasTheCases) {
  const tools::Lesson& lesson = GetParam();
  const std::string judge =
      tools::FindRunfile("exercises/" + lesson.id + "/judge_bin");
  ASSERT_NE(judge, "");
  std::set<std::string> in_judge, in_manifest;
  for (const std::string& name :
       tools::Words(OutputOf({judge, "--list_cases"}))) {
    in_judge.insert(name);
  }
  for (const tools::CourseCase& c : lesson.cases) {
    if (c.kind == tools::kSchedules) {
      EXPECT_FALSE(c.configs.empty()) << c.name << " names no \"configs\"";
    } else {
      EXPECT_TRUE(c.configs.empty())
          << c.name << " has \"configs\", but is of kind " << c.kind;
      in_manifest.insert(c.name);
    }
  }
  EXPECT_EQ(in_manifest, in_judge)
      << "lessons/" << lesson.id << "/lesson.bzl and exercises/" << lesson.id
      << "/judge/*.cc must have the same cases, those of kind schedules apart";
}

TEST_P(Lint, TheFirstInvariantIsNotImplemented) {
  const tools::Lesson& lesson = GetParam();
  ASSERT_FALSE(lesson.invariants.empty());
  EXPECT_TRUE(lesson.invariants[0].id.ends_with("-0"))
      << lesson.invariants[0].id
      << ": the first invariant is XX-0, \"the piece "
      << "does something at all\"";
}

// A sentence is written once, in the manifest. Where else it stands, it stands
// word for word.
TEST_P(Lint, PageAndContractHaveTheSentences) {
  const tools::Lesson& lesson = GetParam();
  const std::string page = Text("lessons/" + lesson.id + "/README.md");
  const std::string contract = Text("runtime/plug/" + lesson.plug + ".h");
  for (const tools::Invariant& inv : lesson.invariants) {
    ASSERT_NE(inv.sentence, "") << inv.id;
    EXPECT_TRUE(Has(page, "<a id=\"" + inv.anchor + "\"></a>"))
        << inv.id << ": the page has no paragraph to read";
    const std::string on_page = "**" + inv.id + " · " + inv.sentence + "**";
    EXPECT_TRUE(Has(Flat(page), on_page))
        << "lessons/" << lesson.id << "/README.md must say\n  " << on_page;
    // What a piece promises is neither that it exists nor that it is fast.
    if (inv.id.ends_with("-0") || inv.id.ends_with("-P")) continue;
    const std::string in_header = inv.id + " " + inv.sentence;
    EXPECT_TRUE(Has(Flat(contract), in_header))
        << "runtime/plug/" << lesson.plug << ".h must say\n  " << in_header;
  }
}

// The cases in the order in which the page's steps name them first: *Fifo* or
// *RunQueue.Fifo*.
TEST_P(Lint, TheStepsAreThePages) {
  const tools::Lesson& lesson = GetParam();
  const std::string page = Text("lessons/" + lesson.id + "/README.md");
  const std::size_t begin = page.find("\n## From red to green");
  ASSERT_NE(begin, std::string::npos) << "the page has no such section";
  const std::string section =
      page.substr(begin, page.find("\n## ", begin + 1) - begin);
  std::map<std::size_t, std::string> named;
  for (const tools::CourseCase& c : lesson.cases) {
    const std::string name = c.name.substr(c.name.find('.') + 1);
    const std::size_t at = std::min(section.find("*" + name + "*"),
                                    section.find("*" + c.name + "*"));
    if (at != std::string::npos) named[at] = c.name;
  }
  std::vector<std::string> steps;
  for (const auto& [at, name] : named) steps.push_back(name);
  EXPECT_EQ(lesson.steps, steps)
      << "\"steps\" of lessons/" << lesson.id
      << "/lesson.bzl must be the cases in the order of the page";
}

TEST_P(Lint, ThePageSaysHowLongItTakes) {
  const tools::Lesson& lesson = GetParam();
  EXPECT_GT(lesson.minutes, 0);
  EXPECT_THAT(
      Flat(Text("lessons/" + lesson.id + "/README.md")),
      HasSubstr("About " + std::to_string(lesson.minutes) + " minutes."));
}

TEST_P(Lint, ThePageLeadsToTheAnswersOnlyAfterDone) {
  const std::string file = "lessons/" + GetParam().id + "/README.md";
  const std::string page = Text(file);
  EXPECT_EQ(FirstSpoiler(page), "")
      << file << " leads into solutions/ before its line \"Done: …\"";
  EXPECT_THAT(page, HasSubstr("\nDone: "))
      << file << " must say where the answers are, once they are no spoiler";
}

TEST(FirstSpoiler, EndsAtDone) {
  EXPECT_EQ(FirstSpoiler("a\nDone: [x](../../solutions/x)\n[y](solutions/y)"),
            "");
  EXPECT_EQ(FirstSpoiler("a\n[x](../../solutions/x)\nDone: b"),
            "[x](../../solutions/x)");
}

TEST_P(Lint, OnlyLessonsThatAreThereAreNamed) {
  const tools::Lesson& lesson = GetParam();
  std::set<std::string> there;
  for (const tools::Lesson& l : TheCourse().lessons) {
    there.insert(l.id.substr(0, 2));
  }
  std::vector<std::string> files = lesson.hints;
  for (const char* name : {"README.md", "quiz.json", "demo.cc"}) {
    files.push_back("lessons/" + lesson.id + "/" + name);
  }
  files.push_back("exercises/" + lesson.id + "/judge/starter.cc");
  files.push_back("runtime/plug/" + lesson.plug + ".h");
  for (const std::string& file : files) {
    EXPECT_THAT(LessonsNamed(Text(file)), testing::IsSubsetOf(there))
        << file << " names a lesson that course.bzl does not have";
  }
}

TEST(LessonsNamed, AreFoundInProseAndInTitles) {
  EXPECT_THAT(LessonsNamed("# 02 · The switch\nIn lesson\n03 and lesson "
                           "[04](x), next: [**05 · stealing**](y), v-06 · a."),
              testing::ElementsAre("02", "03", "04", "05"));
}

TEST_P(Lint, ThePageHasAPicture) {
  const tools::Lesson& lesson = GetParam();
  const std::string svg = Text("lessons/" + lesson.id + "/picture.svg");
  ASSERT_NE(svg, "") << "lessons/" << lesson.id << "/picture.svg is missing";
  EXPECT_EQ(XmlFault(svg), "");
  for (const char* part : {"<svg ", "viewBox=", "<title", "<desc"}) {
    EXPECT_THAT(svg, HasSubstr(part)) << "picture.svg";
  }
  const std::string page = Text("lessons/" + lesson.id + "/README.md");
  const std::size_t end = page.find("](picture.svg)");
  ASSERT_NE(end, std::string::npos)
      << "the page must show it: ![what there is to see](picture.svg)";
  const std::size_t begin = page.rfind("![", end);
  ASSERT_NE(begin, std::string::npos);
  EXPECT_GT(end - begin, 20u) << "the picture has no text for who cannot see";
  const std::string section = page.substr(end, page.find("\n## ", end) - end);
  EXPECT_THAT(section, HasSubstr("\n```\n"))
      << "in its section, a code block must draw the same for terminals";
}

TEST(XmlFault, FindsWhatIsNotClosed) {
  EXPECT_EQ(XmlFault("<svg a=\"1\"><!-- <x> --><g><p/></g></svg>\n"), "");
  EXPECT_EQ(XmlFault("<svg><g></svg>"), "</svg> closes nothing");
  EXPECT_EQ(XmlFault("<svg><g/>"), "<svg> is not closed");
  EXPECT_EQ(XmlFault("<a/>"), "there must be one outermost element");
  EXPECT_NE(XmlFault("<svg a=\"1></svg>"), "");
}

TEST_P(Lint, EveryInvariantHasACaseAndAMutant) {
  const tools::Lesson& lesson = GetParam();
  std::set<std::string> checked, killing;
  for (const tools::CourseCase& c : lesson.cases) {
    EXPECT_NE(lesson.FindInvariant(c.inv), nullptr)
        << c.name << " checks " << c.inv << ", which is not an invariant";
    checked.insert(c.inv);
  }
  std::vector<std::string> headings;
  for (const Mutant& mutant : MutantsOf(lesson)) {
    headings.push_back(mutant.name);
    killing.insert(mutant.dies_of);
    EXPECT_NE(lesson.FindInvariant(mutant.dies_of), nullptr)
        << mutant.name << ": the heading must be `### NAME: dies of INV`";
    EXPECT_GT(tools::Words(mutant.why).size(), 10u)
        << mutant.name << ": say why a good programmer makes this mistake";
  }
  EXPECT_EQ(headings, lesson.mutants)
      << "the headings of solutions/" << lesson.id
      << "/MUTANTS.md are not \"mutants\" of the manifest, in its order";
  for (std::size_t i = 1; i < lesson.invariants.size(); i++) {
    EXPECT_THAT(checked, Contains(lesson.invariants[i].id));
    EXPECT_THAT(killing, Contains(lesson.invariants[i].id))
        << "no mutant in solutions/" << lesson.id << "/MUTANTS.md dies of it";
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
