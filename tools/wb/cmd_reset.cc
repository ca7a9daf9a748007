// wb reset: the starter again, the learner's file in a backup. wb diff: the
// learner's file beside the worked answer.
#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/starters.h"

namespace mn::wb {
using tools::Cat;
using tools::Lesson;
using tools::Result;

int CmdReset(Context& context, const Args& args) {
  const Lesson* lesson = PickLesson(context, args);
  if (lesson == nullptr) return kUsageExit;
  Terminal& t = context.terminal;
  const Result<tools::FileLock> lock = LockBackups(context);
  if (!lock.ok()) return context.Fail(lock.error(), kBrokenExit);
  int changed = 0;
  for (const tools::KeepFile& file : lesson->keep) {
    const std::string path = LearnersPath(*lesson, file);
    const Result<std::string> starter =
        tools::ReadFile(context.Path(StarterPath(*lesson, file)));
    if (!starter.ok()) return context.Fail(starter.error(), kBrokenExit);
    const Result<std::string> now = tools::ReadFile(context.Path(path));
    if (now.ok() && *now == *starter) continue;
    // No readable file is nothing to keep, unless it is there and unreadable.
    if (!now.ok() && tools::FileExists(context.Path(path))) {
      return context.Fail(now.error(), kBrokenExit);
    }
    std::string kept;
    if (now.ok()) {
      const Result<std::string> saved = BackUp(context, *lesson, file, *now);
      if (!saved.ok()) {
        return context.Fail(Cat(saved.error(), "; nothing was reset"),
                            kBrokenExit);
      }
      kept = *saved;
      t.Line("kept   ", kept);
    }
    const tools::Done written =
        tools::WriteFileAtomic(context.Path(path), *starter);
    if (!written.ok()) return context.Fail(written.error(), kBrokenExit);
    (void)SetBase(context, *lesson, file, *starter);
    t.Line("reset  ", path);
    if (!kept.empty()) t.Line(t.Dim(Cat("back: cp ", kept, " ", path)));
    ++changed;
  }
  if (changed == 0) {
    t.Line(lesson->id, " is the starter already: nothing to do.");
    return kOk;
  }
  // What was reached stays reached; the file is red again.
  const bool saved = UpdateLesson(context, lesson->id, [](LessonProgress& p) {
    p.last_result.clear();
    p.score = 0;
    p.red.clear();
  });
  return saved ? kOk : kBrokenExit;
}

int CmdDiff(Context& context, const Args& args) {
  const Lesson* lesson = PickLesson(context, args);
  if (lesson == nullptr) return kUsageExit;
  const std::optional<Progress> progress = LoadProgress(context);
  if (!progress) return kBrokenExit;
  if (lesson->solution.empty() || lesson->keep.empty()) {
    return context.Fail(Cat(lesson->id, " has no worked answer to show"));
  }
  if (!ProgressOf(*progress, lesson->id).was_green() &&
      !context.options.force) {
    return context.Fail(
        Cat("get it green first: ",
            context.Call(Cat("hint ", lesson->id.substr(0, 2))),
            " helps more than the answer does (--force shows it)"),
        kRedExit);
  }
  tools::Command c;
  c.argv = {"diff", "-u", Cat(lesson->ExerciseDir(), "/", lesson->keep[0].path),
            lesson->solution};
  c.cwd = context.workspace;
  const tools::Outcome o = tools::RunCommand(c);
  if (!o.started() || o.exit_code > 1 || o.exit_code < 0) {
    return context.Fail(
        Cat("diff failed: ", o.Describe(), o.err.empty() ? "" : "\n", o.err),
        kBrokenExit);
  }
  Terminal& t = context.terminal;
  if (o.exit_code == 0) t.Line("no difference");
  for (const std::string& line : tools::Lines(o.out)) {
    t.Line(line.starts_with('+')   ? t.Green(line)
           : line.starts_with('-') ? t.Red(line)
                                   : line);
  }
  t.Line(t.Dim(Cat("\nsolutions/", lesson->id, "/README.md walks through it")));
  return kOk;
}

}  // namespace mn::wb
