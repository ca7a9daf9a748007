#include "tools/grade/summary.h"

#include <string_view>

#include "absl/strings/str_format.h"
#include "tools/common/text.h"
#include "tools/grade/untrusted_text.h"

namespace mn::grade {
namespace {

using tools::Append;
using tools::Cat;

constexpr std::string_view kUntouched =
    "The starter as it was given out: every red line below is the start of the "
    "exercise, not a broken setup. The first thing to read is lessons/";

// A field of a case that was read from JSON, or "".
std::string Field(const Json& c, const char* name) {
  auto it = c.find(name);
  return it != c.end() && it->is_string() ? it->get<std::string>() : "";
}

void Indented(std::string* out, std::string_view text, int width) {
  for (const std::string& line : tools::Lines(text)) {
    Append(out, std::string(width, ' '),
           Shorten(Printable(line, /*multiline=*/true), 300), "\n");
  }
}

// Hidden cases stay hidden to whoever is sent this text.
void CaseLines(const Json& c, bool detail, std::string* out) {
  const std::string status = Field(c, "status");
  std::string shown = status;
  for (char& ch : shown) ch = ch == '_' ? ' ' : ch;
  absl::StrAppendFormat(out, "  %-15s %-6s %-34s %s/%s\n", shown,
                        Field(c, "inv"), Field(c, "name"),
                        Cat(c.value("score", 0.0)),
                        Cat(c.value("points", 0.0)));
  if (!detail || status == "passed") return;
  if (Field(c, "visibility") == "hidden") {
    Indented(out, "hidden case", 6);
    return;
  }
  const std::string message = Field(c, "message");
  if (!message.empty()) Indented(out, message, 6);
  const std::string want = Field(c, "want"), got = Field(c, "got");
  if (!want.empty()) Indented(out, Cat("want  ", want), 6);
  if (!got.empty()) Indented(out, Cat("got   ", got), 6);
  const std::string replay = Field(c, "replay");
  if (!replay.empty() && status != "not_implemented")
    Indented(out, Cat("replay  ", replay), 6);
}

void LessonLines(const LessonRecord& r, std::string* out) {
  const bool scored = r.max > 0 && r.status != "missing" &&
                      r.status != "refused" && r.status != "pending";
  absl::StrAppendFormat(out, "%s %s: %s", r.lesson.id, r.lesson.title,
                        r.status);
  if (scored) Append(out, ", ", Cat(r.score), " of ", Cat(r.max), " points");
  Append(out, "\n");
  for (const TakenFile& file : r.files)
    Indented(out, Cat("taken from ", file.from), 2);
  if (!r.message.empty()) Indented(out, r.message, 2);
  const bool untouched =
      r.judged.is_object() && r.judged.value("untouched", Json()) == true;
  if (untouched) Indented(out, Cat(kUntouched, r.lesson.id, "/README.md."), 2);
  for (const std::string& note : r.notes) Indented(out, Cat("note: ", note), 2);
  for (const Flag& f : r.flags) {
    Indented(out,
             Cat("LOOK AT ", f.file, f.line > 0 ? Cat(":", f.line) : "", ": ",
                 f.what, " (", f.kind, "): ", f.why),
             2);
  }
  // The compiler's text, or the reason why nothing was run, is said once.
  const bool each = r.status == "graded" || r.status == "suspicious" ||
                    r.status == "infra_error";
  std::string last;
  for (const Json& c : r.cases) {
    const std::string message = Field(c, "message");
    CaseLines(c, each && !untouched && message != last, out);
    last = message;
  }
  Append(out, "\n");
}

}  // namespace

std::string SummaryText(const SubmissionRecord& record) {
  const Submission& s = record.submission;
  std::string out;
  Append(&out, s.id, " (", s.shape, "), graded with ", record.course, " at ",
         record.commit, "\n\n");
  for (const LessonRecord& lesson : record.lessons) LessonLines(lesson, &out);
  if (!s.ignored.empty() || s.ignored_more > 0) {
    Append(&out, "ignored, not used:\n");
    const std::size_t shown = std::min<std::size_t>(s.ignored.size(), 20);
    for (std::size_t i = 0; i < shown; ++i)
      Append(&out, "  ", s.ignored[i].path, ": ", s.ignored[i].why, "\n");
    const std::size_t more = s.ignored.size() - shown + s.ignored_more;
    if (more > 0) Append(&out, "  and ", more, " more\n");
    Append(&out, "\n");
  }
  Append(&out, "total ", Cat(record.Score()), " of ", Cat(record.Max()),
         " points; predictions and explanations are not counted here\n");
  if (!record.complete)
    Append(&out, "NOT COMPLETE: the grader was stopped; grade again\n");
  return Printable(out, /*multiline=*/true);
}

}  // namespace mn::grade
