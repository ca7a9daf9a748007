#include "tools/wb/judge_run.h"

#include <unistd.h>

#include <chrono>

#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"
#include "tools/wb/build_log.h"
#include "tools/wb/results.h"

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
      last = line.substr(0, 72);
    }
  }
  return last;
}

// REQUIRES: `record` unless the verdict is kBuildError.
void RecordRun(Context& context, const Lesson& lesson, Verdict verdict,
               const JudgeRecord* record) {
  UpdateLesson(context, lesson.id, [&](LessonProgress& p) {
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
      p.red = record->Red();
    }
  });
}

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
  bool showed = false;
  if (t.interactive()) {
    c.on_out = [&](std::string_view piece) {
      const std::string line = ProgressLine(piece);
      if (line.empty()) return;
      t.Print("\r\x1b[K", t.Dim(Cat("building ", line)));
      showed = true;
    };
  }
  const Outcome o = tools::RunCommand(c);
  if (showed) t.Print("\r\x1b[K");
  if (o.ok()) return Verdict::kGreen;
  if (o.cancelled) return Verdict::kCancelled;
  if (!o.started()) {
    context.Fail(Cat(o.start_error, ". `wb doctor` says what is missing."));
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
  const std::string results = context.Path(
      Cat(".wb/results/", lesson.id, full ? "" : ".partial", ".json"));
  if (const tools::Done made = tools::MakeDirs(context.Path(".wb/results"));
      !made.ok()) {
    context.Fail(made.error());
    return Verdict::kBroken;
  }
  unlink(results.c_str());  // an old record must not pass for this run's

  // The environment of a learner's shell, not that of `bazel run`.
  Command c = context.bazel.MakeCommand("run", {});
  c.argv = {tools::JoinPath(*bin, Cat(lesson.ExerciseDir(), "/", lesson.id)),
            Cat("--results=", results)};
  if (!request.cases.empty()) {
    c.argv.push_back(Cat("--gtest_filter=", tools::Join(request.cases, ":")));
  }
  if (!request.seed.empty()) c.argv.push_back(Cat("--seed=", request.seed));
  c.merge_err = true;
  c.on_out = [&](std::string_view piece) { context.terminal.Print(piece); };
  c.canceller = context.canceller;
  c.kill_grace = std::chrono::seconds(2);
  const Outcome o = tools::RunCommand(c);
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
  if (const std::string replay = record->Replay(); !replay.empty()) {
    context.terminal.Line("again: wb replay ", lesson.id.substr(0, 2), " ",
                          replay);
  }
  if (full) RecordRun(context, lesson, verdict, &*record);
  return verdict;
}

}  // namespace mn::wb
