// wb plug, wb unplug: the learner's piece in the real runtime.
//
// Plugging writes one line into .wb/plug.bazelrc, which .bazelrc imports: from
// then on every build here, the conformance suite first of all, runs on the
// learner's code. So the file is judged as it is now, and a red piece is
// refused; --force is for those who want to watch it fail.
#include "tools/common/files.h"
#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/judge_run.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Lesson;
using tools::Result;

constexpr char kFile[] = ".wb/plug.bazelrc";
constexpr char kNewFile[] =
    "# Written by `wb plug` and `wb unplug`: which pieces of the runtime are "
    "yours.\n";

// Changes the plugs as one step for other processes.
tools::Done ChangePlugs(Context& context,
                        const std::function<void(Plugs&)>& change) {
  const std::string path = context.Path(kFile);
  if (tools::Done made = tools::MakeDirs(context.Path(".wb")); !made.ok()) {
    return made;
  }
  const Result<tools::FileLock> lock =
      tools::FileLock::Acquire(context.Path(".wb/plug.lock"));
  if (!lock.ok()) return tools::Error{lock.error()};
  std::string text = kNewFile;
  if (tools::FileExists(path)) {
    Result<std::string> read = tools::ReadFile(path);
    if (!read.ok()) return tools::Error{read.error()};
    text = *std::move(read);
  }
  Result<Plugs> plugs = ReadPlugs(text);
  if (!plugs.ok()) return tools::Error{Cat(kFile, ", ", plugs.error())};
  change(*plugs);
  Result<std::string> changed = WritePlugs(text, *plugs);
  if (!changed.ok()) return tools::Error{Cat(kFile, ", ", changed.error())};
  return tools::WriteFileAtomic(path, *changed);
}

}  // namespace

int CmdPlug(Context& context, const Args& args) {
  const Lesson* lesson = PickLesson(context, args);
  if (lesson == nullptr) return kUsageExit;
  Terminal& t = context.terminal;
  const std::string nn = lesson->id.substr(0, 2);
  if (lesson->plug.empty()) {
    return context.Fail(Cat(lesson->id,
                            " is not a piece of the runtime: there "
                            "is nothing to plug"));
  }
  if (!context.options.force) {
    const Verdict verdict = BuildAndJudge(context, *lesson, {});
    if (verdict == Verdict::kBroken || verdict == Verdict::kCancelled) {
      return kBrokenExit;
    }
    if (verdict == Verdict::kMissing) return kRedExit;
    t.Line();
  }
  const std::optional<Progress> progress = LoadProgress(context);
  if (!progress) return kBrokenExit;
  const LessonProgress& p = ProgressOf(*progress, lesson->id);
  if (!p.green() && !context.options.force) {
    const std::string now = p.last_result == "build_error" ? "does not compile"
                            : p.begun()                    ? "is red"
                                        : "is still the starter";
    return context.Fail(
        Cat("your ", lesson->name, " ", now,
            ": the runtime would hang or crash on it. Get it green first (",
            context.Call(Cat("test ", nn)), "), or say --force to watch."),
        kRedExit);
  }
  const std::string label = Cat(lesson->ExerciseLabel(), ":piece");
  const tools::Done changed =
      ChangePlugs(context, [&](Plugs& plugs) { plugs[lesson->plug] = label; });
  if (!changed.ok()) return context.Fail(changed.error(), kBrokenExit);
  t.Line(t.Green("plugged: "), "//runtime/plug:", lesson->plug, " is now ",
         label);
  t.Line("  run the real suite on it   ",
         t.Bold("bazel test //conformance/..."));
  t.Line("  take it out again          ",
         t.Bold(context.Call(Cat("unplug ", nn))));
  if (!p.green()) {
    t.Line(
        t.Yellow("everything built here now runs on a piece that is not "
                 "green."));
    t.Line("  if nothing works any more  ", t.Bold(Cat("rm ", kFile)));
  }
  return kOk;
}

int CmdUnplug(Context& context, const Args& args) {
  Terminal& t = context.terminal;
  std::string which;
  if (args.empty() || args[0] != "all") {
    const Lesson* lesson = PickLesson(context, args);
    if (lesson == nullptr) return kUsageExit;
    if (lesson->plug.empty()) {
      return context.Fail(
          Cat(lesson->id, " is not a piece of the runtime: it is never in"));
    }
    which = lesson->plug;
  }
  std::vector<std::string> removed;
  const tools::Done changed = ChangePlugs(context, [&](Plugs& plugs) {
    for (const auto& [plug, label] : plugs) {
      if (which.empty() || plug == which) removed.push_back(plug);
    }
    for (const std::string& plug : removed) plugs.erase(plug);
  });
  if (!changed.ok()) return context.Fail(changed.error(), kBrokenExit);
  if (removed.empty()) {
    t.Line(which.empty() ? "nothing was" : Cat(which, " was not"),
           " plugged in.");
  }
  for (const std::string& plug : removed) {
    t.Line(t.Green("unplugged: "), plug, " is the runtime's own again");
  }
  return kOk;
}

}  // namespace mn::wb
