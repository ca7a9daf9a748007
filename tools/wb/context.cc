#include "tools/wb/context.h"

#include "tools/common/files.h"
#include "tools/common/text.h"
#include "tools/wb/resolve.h"

namespace mn::wb {

using tools::Cat;
using tools::Lesson;
using tools::Result;

Context::Context(std::string workspace_dir, tools::Course the_course,
                 tools::Bazel the_bazel, Terminal the_terminal)
    : workspace(std::move(workspace_dir)),
      course(std::move(the_course)),
      bazel(std::move(the_bazel)),
      terminal(std::move(the_terminal)),
      store(tools::JoinPath(workspace, ".wb"), [this](const std::string& note) {
        terminal.Line(terminal.Yellow(Cat("wb: ", note)));
      }) {}

std::string Context::Path(std::string_view in_workspace) const {
  return tools::JoinPath(workspace, in_workspace);
}

std::string Context::Call(std::string_view command) const {
  return Cat(name, command.empty() ? "" : " ", command);
}

void Context::NotSaved(const std::string& error) {
  if (not_saved_said.exchange(true)) return;
  terminal.Line(terminal.Yellow("wb: your progress is not saved: "), error);
}

int Context::Fail(const std::string& message, int status) {
  terminal.Line(terminal.Red("wb:"), " ", message);
  return status;
}

const Lesson* PickLesson(Context& context,
                         const std::vector<std::string>& args) {
  if (args.empty()) {
    const std::optional<Progress> progress = LoadProgress(context);
    if (!progress) return nullptr;
    const Lesson* current = CurrentLesson(context.course, *progress);
    if (current == nullptr) context.Fail("course.bzl has no lessons");
    return current;
  }
  const Result<const Lesson*> lesson = ResolveLesson(context.course, args[0]);
  if (!lesson.ok()) {
    context.Fail(lesson.error());
    return nullptr;
  }
  MakeCurrent(context, **lesson);
  return *lesson;
}

void MakeCurrent(Context& context, const Lesson& lesson) {
  const std::optional<Progress> progress = LoadProgress(context);
  if (progress && progress->current == lesson.id) return;
  const tools::Done saved =
      context.store.Update([&](Progress& p) { p.current = lesson.id; });
  if (!saved.ok()) context.NotSaved(saved.error());
}

std::optional<Progress> LoadProgress(Context& context) {
  Result<Progress> progress = context.store.Load();
  if (progress.ok()) return *std::move(progress);
  context.Fail(progress.error(), kBrokenExit);
  return std::nullopt;
}

bool UpdateLesson(Context& context, const std::string& lesson_id,
                  const std::function<void(LessonProgress&)>& change) {
  const tools::Done saved =
      context.store.Update([&](Progress& p) { change(p.lessons[lesson_id]); });
  if (!saved.ok()) context.NotSaved(saved.error());
  return saved.ok();
}

Result<Plugs> LoadPlugs(const Context& context) {
  const std::string path = context.Path(".wb/plug.bazelrc");
  if (!tools::FileExists(path)) return Plugs{};
  Result<std::string> text = tools::ReadFile(path);
  if (!text.ok()) return tools::Error{text.error()};
  Result<Plugs> plugs = ReadPlugs(*text);
  if (!plugs.ok()) return tools::Error{Cat(path, ", ", plugs.error())};
  return plugs;
}

LessonState StateNow(Context& context, const Lesson& lesson) {
  const std::optional<Progress> progress = LoadProgress(context);
  const Result<Plugs> plugs = LoadPlugs(context);
  return StateOf(lesson, ProgressOf(progress.value_or(Progress{}), lesson.id),
                 plugs.ok() && plugs->contains(lesson.plug));
}

void PrintPoints(Context& context, const Lesson& lesson) {
  const std::optional<Progress> progress = LoadProgress(context);
  if (!progress) return;
  const LessonPoints points =
      PointsOf(lesson, ProgressOf(*progress, lesson.id));
  context.terminal.Paragraph(Cat("points: ", points.earned(), " of ",
                                 lesson.points, " (", points.Parts(), ")"));
}

void PrintNext(Context& context, const Lesson& lesson) {
  Terminal& t = context.terminal;
  NextStep next = NextFor(lesson, StateNow(context, lesson));
  if (next.command.empty()) {
    for (const Lesson& other : context.course.lessons) {
      if (StateNow(context, other).stage == Stage::kDone) continue;
      next = {other.id.substr(0, 2), Cat("lesson ", other.title)};
      break;
    }
  }
  if (next.command.empty()) {
    t.Line("every lesson is done.");
    return;
  }
  const std::string command = context.Call(next.command);
  // The long way to start wb may leave no room for the reason.
  const bool fits =
      6 + DisplayWidth(command) + 3 + DisplayWidth(next.why) < t.width();
  t.Line("next: ", t.Bold(command), fits ? "   " : "\n      ", t.Dim(next.why));
}

}  // namespace mn::wb
