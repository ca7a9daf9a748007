// wb update: the newest workbook, and what changed in a starter merged into the
// learner's file.
//
// Why it is hard: the file that a learner edits is one that git tracks, so `git
// pull` refuses to touch it, and what it would have brought is exactly what the
// learner has to know of: a changed contract. So the edited files step aside
// for the pull, and each comes back merged: base is the starter that it began
// from, theirs the new one. `git merge-file` merges.
//
// Invariant: whatever fails, the learner's text is where it was, and in a
// backup as well. If wb is killed during the pull, it is in the backup only.
#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/starters.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::KeepFile;
using tools::Lesson;
using tools::Outcome;
using tools::Result;

// A learner's file.
struct Mine {
  const Lesson* lesson;
  const KeepFile* file;
  std::string text;
  std::string backup;  // its path
  std::string Path() const { return LearnersPath(*lesson, *file); }
};

Outcome Git(Context& context, std::vector<std::string> args) {
  tools::Command c = context.bazel.MakeCommand("", {});
  c.argv = {"git"};
  c.argv.insert(c.argv.end(), args.begin(), args.end());
  // It must not wait for a password or an editor that nobody sees.
  c.set_env = {{"GIT_TERMINAL_PROMPT", "0"}, {"GIT_EDITOR", "true"}};
  return tools::RunCommand(c);
}

// Pulls with the learner's files out of the way. What was said is printed; a
// pull that is not possible is no error: what is here is merged all the same.
void Pull(Context& context, const std::vector<Mine>& files) {
  Terminal& t = context.terminal;
  if (!Git(context, {"rev-parse", "--abbrev-ref", "@{upstream}"}).ok()) {
    t.Line(t.Dim("nothing to pull: git knows no place this tree came from"));
    return;
  }
  std::vector<const Mine*> aside;
  bool fine = true;
  for (const Mine& mine : files) {
    const Outcome same =
        Git(context, {"diff", "--quiet", "HEAD", "--", mine.Path()});
    if (same.exit_code != 1) continue;
    fine = fine && Git(context, {"checkout", "HEAD", "--", mine.Path()}).ok();
    aside.push_back(&mine);
  }
  const Outcome pulled =
      fine ? Git(context, {"pull", "--ff-only", "--quiet"}) : Outcome{};
  for (const Mine* mine : aside) {
    const tools::Done written =
        tools::WriteFileAtomic(context.Path(mine->Path()), mine->text);
    if (!written.ok()) {
      context.Fail(Cat(written.error(), "; your file is in ", mine->backup),
                   kBrokenExit);
    }
  }
  if (pulled.ok()) {
    t.Line("pulled.");
  } else {
    t.Line(t.Yellow("git pull did not work: "),
           pulled.started() ? tools::Trim(pulled.err) : pulled.start_error);
  }
}

// Merges the new starter into one file. The exit status.
int Merge(Context& context, const Mine& mine, bool* changed) {
  Terminal& t = context.terminal;
  const Result<std::string> now = tools::ReadFile(context.Path(mine.Path()));
  if (!now.ok()) return context.Fail(now.error(), kBrokenExit);
  const Result<std::string> theirs =
      tools::ReadFile(context.Path(StarterPath(*mine.lesson, *mine.file)));
  if (!theirs.ok()) return context.Fail(theirs.error(), kBrokenExit);
  const std::optional<std::string> base =
      BaseOf(context, *mine.lesson, *mine.file);
  if (!base || *base == *theirs) return kOk;
  std::string merged = *theirs;
  int places = 0;
  if (*now != *base && *now != *theirs) {
    const Result<std::string> dir = tools::MakeTempDir("wb_update");
    if (!dir.ok()) return context.Fail(dir.error(), kBrokenExit);
    const std::string ours = *dir + "/ours", old = *dir + "/old",
                      fresh = *dir + "/new";
    tools::Done written = tools::WriteFileAtomic(ours, *now);
    if (written.ok()) written = tools::WriteFileAtomic(old, *base);
    if (written.ok()) written = tools::WriteFileAtomic(fresh, *theirs);
    const Outcome o = Git(context, {"merge-file", "-p", "-L", "yours", "-L",
                                    "the starter that yours began from", "-L",
                                    "the new starter", ours, old, fresh});
    (void)tools::RemoveTree(*dir);
    // The exit status is the number of conflicts.
    if (!written.ok() || !o.started() || o.exit_code < 0 || o.exit_code > 127) {
      return context.Fail(
          Cat("cannot merge: ", written.ok() ? o.Describe() : written.error(),
              o.err.empty() ? "" : "\n", o.err),
          kBrokenExit);
    }
    merged = o.out;
    places = o.exit_code;
  }
  tools::Done written =
      tools::WriteFileAtomic(context.Path(mine.Path()), merged);
  if (written.ok()) {
    written = SetBase(context, *mine.lesson, *mine.file, *theirs);
  }
  if (!written.ok()) return context.Fail(written.error(), kBrokenExit);
  *changed = true;
  t.Line(t.Green("merged "), mine.Path());
  if (!mine.backup.empty()) {
    t.Line(t.Dim(Cat("back: cp ", mine.backup, " ", mine.Path())));
  }
  if (places == 0) return kOk;
  t.Line(t.Yellow(Cat(places, places == 1 ? " place needs" : " places need",
                      " you: ")),
         "look for <<<<<<< in it.");
  return kRedExit;
}

}  // namespace

int CmdUpdate(Context& context, const Args& args) {
  const Lesson* only = nullptr;
  if (!args.empty()) {
    only = PickLesson(context, args);
    if (only == nullptr) return kUsageExit;
  }
  (void)LookAtStarters(context);
  const Result<tools::FileLock> lock = LockBackups(context);
  if (!lock.ok()) return context.Fail(lock.error(), kBrokenExit);
  std::vector<Mine> files;
  for (const Lesson& lesson : context.course.lessons) {
    if (only != nullptr && &lesson != only) continue;
    for (const KeepFile& file : lesson.keep) {
      Mine mine{&lesson, &file, "", ""};
      const Result<std::string> text =
          tools::ReadFile(context.Path(mine.Path()));
      if (!text.ok()) continue;  // deleted: reset brings it back
      mine.text = *text;
      if (BaseOf(context, lesson, file) != *text) {
        const Result<std::string> backup = BackUp(context, lesson, file, *text);
        if (!backup.ok()) {
          return context.Fail(Cat(backup.error(), "; nothing was changed"),
                              kBrokenExit);
        }
        mine.backup = *backup;
      }
      files.push_back(std::move(mine));
    }
  }
  // One lesson alone: for what is here already.
  if (only == nullptr) Pull(context, files);
  int status = kOk;
  bool changed = false;
  for (const Mine& mine : files) {
    status = std::max(status, Merge(context, mine, &changed));
  }
  if (!changed && status == kOk) {
    context.terminal.Line("your files are up to date with their starters.");
  }
  return status;
}

}  // namespace mn::wb
