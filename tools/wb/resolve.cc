#include "tools/wb/resolve.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "tools/common/text.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Course;
using tools::Error;
using tools::Lesson;
using tools::Lower;
using tools::Result;

// "Run-Queue" and "run_queue" are the same name.
std::string Folded(std::string_view text) {
  std::string folded = Lower(text);
  std::erase_if(folded,
                [](char c) { return c == '_' || c == '-' || c == ' '; });
  return folded;
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() < 4 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string ListLessons(const Course& course) {
  std::string list;
  for (const Lesson& l : course.lessons) {
    tools::Append(&list, "\n  ", l.id.substr(0, 2), "  ", l.name);
  }
  return list;
}

}  // namespace

Result<const Lesson*> ResolveLesson(const Course& course,
                                    std::string_view text) {
  text = tools::Trim(text);
  if (IsNumber(text)) {
    const int number = std::atoi(std::string(text).c_str());
    for (const Lesson& l : course.lessons) {
      if (l.number == number) return &l;
    }
  }
  // A path or a label: the part that is a lesson's id decides.
  for (const std::string& part : tools::Split(text, '/')) {
    const std::string name = part.substr(0, part.find(':'));
    if (const Lesson* l = course.Find(name)) return l;
  }
  const std::string wanted = Folded(text);
  const Lesson* begins_with = nullptr;
  int candidates = 0;
  std::vector<std::string> names;
  for (const Lesson& l : course.lessons) {
    const std::string name = Folded(l.name);
    if (wanted == name || wanted == Folded(l.id)) return &l;
    if (wanted.size() >= 2 && name.starts_with(wanted)) {
      begins_with = &l;
      candidates++;
    }
    names.push_back(l.name);
  }
  if (candidates == 1) return begins_with;
  const std::string nearest = tools::Nearest(text, names);
  return Error{Cat("there is no lesson \"", text, "\".",
                   nearest.empty() ? "" : Cat(" Did you mean ", nearest, "?"),
                   " The lessons are:", ListLessons(course))};
}

Result<std::vector<std::string>> ResolveCases(const Lesson& lesson,
                                              std::string_view text) {
  const std::string wanted = Lower(tools::Trim(text));
  std::vector<std::string> names, known;
  for (const tools::CourseCase& c : lesson.cases) {
    const std::string name = Lower(c.name);
    const std::size_t dot = name.find('.');
    const bool same =
        wanted == name || wanted == Lower(c.inv) ||
        (dot != std::string::npos && wanted == name.substr(dot + 1));
    if (same) names.push_back(c.name);
    known.push_back(c.name);
    known.push_back(c.inv);
  }
  if (!names.empty()) return names;
  std::string list;
  for (const tools::CourseCase& c : lesson.cases) {
    tools::Append(&list, "\n  ", c.inv, "  ", c.name);
  }
  const std::string nearest = tools::Nearest(text, known);
  return Error{Cat("lesson ", lesson.id, " has no case \"", text, "\".",
                   nearest.empty() ? "" : Cat(" Did you mean ", nearest, "?"),
                   " There are:", list)};
}

Result<Replay> ParseReplay(std::string_view text) {
  const std::size_t colon = text.find(':');
  Replay replay;
  replay.seed = std::string(text.substr(0, colon));
  if (colon != std::string_view::npos) {
    replay.case_text = std::string(text.substr(colon + 1));
  }
  // A schedule of the explorer: "ring_1_thief/tso/31r2121".
  if (replay.seed.find('/') != std::string::npos) return replay;
  char* end = nullptr;
  if (!replay.seed.empty()) std::strtoull(replay.seed.c_str(), &end, 0);
  if (end == nullptr || *end != 0) {
    return Error{Cat("\"", replay.seed,
                     "\" is not a seed. A failure prints it, for example "
                     "0x51f2 or 0x51f2:RQ-3")};
  }
  return replay;
}

}  // namespace mn::wb
