#include "tools/wb/judge_run.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"
#include "tools/wb/build_log.h"
#include "tools/wb/results.h"
#include "tools/wb/starters.h"
#include "tools/wb/warnings.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Command;
using tools::Lesson;
using tools::Outcome;
using tools::Result;

// Bazel exits with 1 when the build itself failed (a compiler's complaint, a
// BUILD file's); every other failure is Bazel's own.
constexpr int kBazelBuildFailed = 1;

// "[12 / 30] Compiling runtime/..." at the end of what Bazel just printed.
std::string ProgressLine(std::string_view piece) {
  std::string last;
  for (const std::string& line : tools::Lines(piece)) {
    if (line.starts_with("Another command")) {
      last = "… when Bazel is done with another command";
    }
    if (line.starts_with('[') && line.find(" / ") != std::string::npos) {
      last = line;
    }
  }
  return last;
}

// False: it could not be saved. REQUIRES: `record` unless the verdict is
// kBuildError.
bool RecordRun(Context& context, const Lesson& lesson, Verdict verdict,
               const JudgeRecord* record) {
  return UpdateLesson(context, lesson.id, [&](LessonProgress& p) {
    p.last_run_at = TimeNow();
    p.runs++;
    p.last_result = verdict == Verdict::kGreen        ? "green"
                    : verdict == Verdict::kBuildError ? "build_error"
                    : record->Untouched()             ? "untouched"
                                                      : "red";
    if (verdict == Verdict::kGreen && p.first_green_at.empty()) {
      p.first_green_at = p.last_run_at;
    }
    if (record != nullptr) {
      p.score = record->score;
      p.best_score = std::max(p.best_score, p.score);
      p.red = record->Red();
    }
  });
}

// What the judge says, for this terminal. Not a command's line, which is there
// to be copied.
std::string Laid(const Terminal& t, std::string_view text) {
  if (!t.interactive()) return std::string(text);
  std::string out;
  for (const std::string& line : tools::Lines(text)) {
    const std::string_view words = tools::Trim(line);
    const bool command =
        words.starts_with("replay ") || words.starts_with("run ");
    out += command ? Cat(line, "\n") : WrappedLine(line, t.width() - 1);
  }
  return out;
}

// Where the judge writes its record: in .wb/results, where a later look finds
// it, or elsewhere for this run if nothing can be written there.
class ResultsFile {
 public:
  ResultsFile(Context& context, const std::string& name) {
    const std::string dir = context.Path(".wb/results");
    tools::Done usable = tools::MakeDirs(dir);
    path_ = tools::JoinPath(dir, name);
    // More than a record: a full disk is found out now.
    if (usable.ok()) {
      usable = tools::WriteFileAtomic(path_, std::string(1u << 16, ' '));
    }
    // An old record must not pass for this run's.
    unlink(path_.c_str());
    if (usable.ok()) return;
    context.NotSaved(usable.error());
    const Result<std::string> temp = tools::MakeTempDir("wb_results");
    if (!temp.ok()) {
      path_.clear();
      context.Fail(temp.error());
      return;
    }
    temp_ = *temp;
    path_ = tools::JoinPath(temp_, name);
  }
  ~ResultsFile() {
    if (!temp_.empty()) (void)tools::RemoveTree(temp_);
  }
  ResultsFile(const ResultsFile&) = delete;
  ResultsFile& operator=(const ResultsFile&) = delete;

  const std::string& path() const { return path_; }  // empty: nowhere

 private:
  std::string path_, temp_;
};

}  // namespace

Verdict BuildTarget(Context& context, const std::string& label,
                    const std::vector<std::string>& flags) {
  Terminal& t = context.terminal;
  std::vector<std::string> args = flags;
  args.insert(args.end(), {"--curses=no", "--color=no", "--show_result=0",
                           "--show_progress_rate_limit=0.2", label});
  Command c = context.bazel.MakeCommand("build", args);
  c.merge_err = true;
  c.canceller = context.canceller;
  c.kill_grace = std::chrono::seconds(5);  // the client tells the server
  t.Status("building");
  c.on_out = [&](std::string_view piece) {
    const std::string line = ProgressLine(piece);
    if (!line.empty()) t.Status(Cat("building ", line));
  };
  const Outcome o = tools::RunCommand(c);
  t.Status("");
  if (o.ok()) {
    // Bazel shows them once, when it compiles; nobody else will.
    if (const std::string warnings = WarningsOf(o.out); !warnings.empty()) {
      t.Line(t.Yellow("it builds, and the compiler warns:"));
      t.Print(warnings, "\n");
    }
    return Verdict::kGreen;
  }
  if (o.cancelled) return Verdict::kCancelled;
  if (!o.started()) {
    context.Fail(
        Cat(o.start_error, ". ", context.Call("doctor"), " knows more."));
    return Verdict::kBroken;
  }
  const std::string log = context.Path(".wb/build.log");
  (void)tools::MakeDirs(context.Path(".wb"));
  const bool kept = tools::WriteFileAtomic(log, o.out).ok();
  t.Line(t.Red("does not build: "), label);
  t.Print("\n", CompilerLines(o.out, [&](const std::string& path) {
            const Result<std::string> text =
                tools::ReadFile(context.Path(path));
            return text.ok() ? *text : std::string();
          }));
  if (kept) t.Line("\n", t.Dim("all that Bazel said: .wb/build.log"));
  return o.exit_code == kBazelBuildFailed ? Verdict::kBuildError
                                          : Verdict::kBroken;
}

Verdict BuildAndJudge(Context& context, const Lesson& lesson,
                      const JudgeRequest& request) {
  Terminal& t = context.terminal;
  for (const tools::KeepFile& file : lesson.keep) {
    const std::string path = LearnersPath(lesson, file);
    if (tools::FileExists(context.Path(path))) continue;
    t.Paragraph(
        Cat(t.Red(path), " is not there. Save it again, or begin anew with ",
            t.Bold(context.Call(Cat("reset ", lesson.id.substr(0, 2)))), "."));
    return Verdict::kMissing;
  }
  const Verdict built = BuildTarget(context, lesson.ExerciseLabel());
  if (built == Verdict::kBuildError) {
    RecordRun(context, lesson, built, nullptr);
  }
  if (built != Verdict::kGreen) return built;

  const Result<std::string> bin = context.bazel.BinDir();
  if (!bin.ok()) {
    context.Fail(bin.error());
    return Verdict::kBroken;
  }
  const bool full = request.cases.empty() && request.seed.empty();
  const ResultsFile results_file(
      context, Cat(lesson.id, full ? "" : ".partial", ".json"));
  const std::string& results = results_file.path();
  if (results.empty()) return Verdict::kBroken;

  // The environment of a learner's shell, not that of `bazel run`.
  Command c = context.bazel.MakeCommand("run", {});
  c.argv = {tools::JoinPath(*bin, Cat(lesson.ExerciseDir(), "/", lesson.id)),
            Cat("--results=", results), Cat("--wb=", context.name)};
  if (!request.cases.empty()) {
    c.argv.push_back(Cat("--gtest_filter=", tools::Join(request.cases, ":")));
  }
  if (!request.seed.empty()) c.argv.push_back(Cat("--seed=", request.seed));
  c.merge_err = true;
  // Whole lines only: what answers a key may come between two.
  std::string begun;
  c.on_out = [&](std::string_view piece) {
    begun += piece;
    const std::size_t end = begun.rfind('\n');
    if (end == std::string::npos) return;
    t.Print(Laid(t, std::string_view(begun).substr(0, end + 1)));
    begun.erase(0, end + 1);
  };
  c.canceller = context.canceller;
  c.kill_grace = std::chrono::seconds(2);
  t.Status("judging");
  const Outcome o = tools::RunCommand(c);
  t.Status("");
  if (!begun.empty()) t.Line(begun);
  if (o.cancelled) return Verdict::kCancelled;
  if (!o.started() || (o.exit_code != 0 && o.exit_code != 1)) {
    context.Fail(Cat("the judge failed: ", o.Describe()));
    return Verdict::kBroken;
  }
  const Verdict verdict = o.exit_code == 0 ? Verdict::kGreen : Verdict::kRed;
  Result<std::string> text = tools::ReadFile(results);
  Result<JudgeRecord> record =
      text.ok() ? ParseRecord(*text)
                : Result<JudgeRecord>(tools::Error{text.error()});
  if (!record.ok()) {
    context.Fail(Cat("the judge's record is unusable: ", record.error()));
    return Verdict::kBroken;
  }
  if (record->Red().empty() != (verdict == Verdict::kGreen)) {
    context.Fail(Cat("the judge's record and its exit status (", o.exit_code,
                     ") disagree: neither is believed"));
    return Verdict::kBroken;
  }
  t.Line();
  // What is not saved is not counted.
  if (full && RecordRun(context, lesson, verdict, &*record)) {
    PrintPoints(context, lesson);
  }
  return verdict;
}

}  // namespace mn::wb
