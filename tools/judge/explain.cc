#include "tools/judge/explain.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <sstream>
#include <utility>

#include "tools/common/text.h"
#include "tools/judge/source.h"

namespace mn::judge {
namespace {

// Of what the code printed: enough to see what it says, and little enough to
// see the verdict as well.
constexpr int kPrintedLines = 12;
constexpr std::size_t kPrintedWidth = 160;

std::string Hex(std::uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof(text), "0x%llx",
                static_cast<unsigned long long>(value));
  return text;
}

// Cuts what only fills the screen.
std::string Short(const std::string& text, std::size_t limit) {
  if (text.size() <= limit) return text;
  return text.substr(0, limit) + " …";
}

// What a sanitizer printed is read from its first line; anything else from its
// end, which is what came before the failure.
std::string Printed(const CaseResult& result) {
  if (result.printed.empty()) return "";
  const std::vector<std::string> lines = tools::Lines(result.printed);
  const std::size_t report = LineOfSanitizer(lines);
  const bool all = lines.size() <= kPrintedLines;
  const std::size_t begin = all ? 0
                            : report < lines.size()
                                ? report
                                : lines.size() - kPrintedLines;
  const std::size_t end = std::min(lines.size(), begin + kPrintedLines);
  std::ostringstream out;
  out << "  your code printed";
  if (!all) {
    out << " " << std::max(result.printed_lines, static_cast<int>(lines.size()))
        << " lines, " << (report < lines.size() ? "of which these" : "the last")
        << " " << end - begin;
  }
  out << "\n";
  for (std::size_t i = begin; i < end; i++) {
    out << "            " << Short(lines[i], kPrintedWidth) << "\n";
  }
  return out.str();
}

}  // namespace

std::string NumberText(std::int64_t value) {
  const bool small = value == static_cast<std::int32_t>(value) ||
                     value == static_cast<std::uint32_t>(value);
  return small ? std::to_string(value) : Hex(static_cast<std::uint64_t>(value));
}

std::size_t LineOfSanitizer(const std::vector<std::string>& lines) {
  std::size_t i = 0;
  // UBSan does not say its name but a place: `FILE:LINE:COLUMN: runtime error`.
  const auto is_report = [](const std::string& line) {
    const std::size_t at = line.find(": runtime error: ");
    return line.find("Sanitizer") != std::string::npos ||
           (at != std::string::npos && at > 0 &&
            std::isdigit(static_cast<unsigned char>(line[at - 1])));
  };
  while (i < lines.size() && !is_report(lines[i])) i++;
  return i;
}

bool ComesFirst(const tools::Lesson& lesson, const CaseResult& a,
                const CaseResult& b) {
  const auto rank = [&](const CaseResult& r) {
    return std::pair(
        r.status == Status::kNotImplemented,
        std::find(lesson.steps.begin(), lesson.steps.end(), r.entry->name) -
            lesson.steps.begin());
  };
  return rank(a) < rank(b);
}

std::string FileToEdit(const tools::Lesson& lesson) {
  return "exercises/" + lesson.id + "/" + lesson.keep.front().path;
}

std::string SeedText(const CaseResult& result) {
  return result.replay.empty() ? Hex(result.seed) : result.replay;
}

std::string ReplayCommand(const tools::Lesson& lesson,
                          const CaseResult& result) {
  return "bazel test //exercises/" + lesson.id +
         " --test_arg=--case=" + result.entry->name +
         " --test_arg=--seed=" + SeedText(result);
}

std::string CaseCommand(const Judge& judge, const std::string& case_name) {
  const tools::Lesson& lesson = judge.lesson();
  const std::string& wb = judge.options().wb;
  return wb.empty()
             ? "bazel test //exercises/" + lesson.id +
                   " --test_arg=--case=" + case_name
             : wb + " test " + lesson.id.substr(0, 2) + " --case " + case_name;
}

std::string ExplainNotImplemented(const Judge& judge) {
  const tools::Lesson& lesson = judge.lesson();
  const tools::Invariant& inv = NotImplemented(lesson);
  const std::string& wb = judge.options().wb;
  std::ostringstream out;
  out << inv.id << "  not implemented: " << FileToEdit(lesson)
      << (judge.untouched() ? " is the starter, unchanged.\n"
                            : " does not do anything yet.\n")
      << "      This red is the start, not a broken setup.\n\n"
      << "  read  lessons/" << lesson.id << "/README.md\n"
      << "  edit  " << FileToEdit(lesson) << "\n"
      << "  run   "
      << (wb.empty() ? "bazel test //exercises/" + lesson.id
                     : wb + " test " + lesson.id.substr(0, 2))
      << "\n";
  return out.str();
}

std::string ExplainCase(const Judge& judge, const CaseResult& result) {
  const tools::Lesson& lesson = judge.lesson();
  std::ostringstream out;
  const tools::Invariant* inv = lesson.FindInvariant(result.inv);
  const char* what = result.status == Status::kTimeout   ? "did not end"
                     : result.status == Status::kCrashed ? "crashed"
                     : result.status == Status::kNotRun  ? "was not run"
                     : result.status == Status::kSuspicious
                         ? "is suspicious: a person has to look"
                     : result.status == Status::kInfraError
                         ? "could not be judged (not your fault)"
                         : "is broken";
  if (result.status == Status::kFailed ||
      result.status == Status::kNotImplemented) {
    out << "INVARIANT " << result.inv << " " << what << " ("
        << result.entry->name << ")\n";
  } else {
    out << result.entry->name << " " << what << " (it checks " << result.inv
        << ")\n";
  }
  if (inv != nullptr) {
    out << "  " << result.inv << "      " << inv->sentence << "\n";
  }
  if (!result.message.empty()) out << "  what      " << result.message << "\n";
  if (!result.want.empty()) {
    out << "  want      " << Short(result.want, 400) << "\n";
  }
  if (!result.got.empty()) {
    out << "  got       " << Short(result.got, 400) << "\n";
  }
  if (!result.tail.empty()) {
    out << "  last observations\n";
    for (const std::string& line : result.tail) {
      out << "            " << Short(line, 120) << "\n";
    }
  }
  if (!result.timeline.empty()) {
    out << "  timeline  a column is a thread, time goes down, '>' cuts in\n";
    for (const std::string& line : result.timeline) {
      out << "    " << line << "\n";
    }
  }
  out << Printed(result);
  if (result.status == Status::kInfraError) return out.str();
  if (!result.runs.empty() && !result.by_text) {
    out << "  seed      " << SeedText(result) << "\n"
        << "  replay    "
        << (judge.options().wb.empty()
                ? ReplayCommand(lesson, result)
                : judge.options().wb + " replay " + lesson.id.substr(0, 2) +
                      " " + SeedText(result) + ":" + result.entry->name)
        << "\n";
  }
  if (inv != nullptr) {
    out << "  read      lessons/" << lesson.id << "/README.md#" << inv->anchor
        << "\n";
  }
  return out.str();
}

}  // namespace mn::judge
