// wb read: the lesson's page. wb hint: one hint more.
#include <cstdlib>

#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"
#include "tools/wb/commands.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Lesson;
using tools::Result;

// Through $PAGER on a terminal, or the first pager that is there; a bare Debian
// has `more` and no `less`. Printed where there is no terminal, or PAGER is "".
void Page(Context& context, const std::string& text) {
  Terminal& t = context.terminal;
  if (t.interactive()) {
    const char* chosen = std::getenv("PAGER");
    const std::vector<std::string> pagers =
        chosen != nullptr ? std::vector<std::string>{chosen}
                          : std::vector<std::string>{"less", "more"};
    for (const std::string& pager : pagers) {
      tools::Command c;
      c.argv = tools::Words(pager);
      c.input = text;
      c.out = c.err = tools::Command::Io::kTerminal;
      // Colours, a short page stays on the screen, nothing is cleared at the
      // end, and the page is UTF-8 whatever the locale is.
      for (const auto& [name, value] :
           {std::pair{"LESS", "-RFX"}, std::pair{"LESSCHARSET", "utf-8"}}) {
        if (std::getenv(name) == nullptr) c.set_env.emplace_back(name, value);
      }
      if (!c.argv.empty() && tools::RunCommand(c).ok()) return;
    }
  }
  t.Print(text);
}

}  // namespace

int CmdRead(Context& context, const Args& args) {
  const Lesson* lesson = PickLesson(context, args);
  if (lesson == nullptr) return kUsageExit;
  const std::string path = Cat(lesson->LessonDir(), "/README.md");
  const Result<std::string> page = tools::ReadFile(context.Path(path));
  if (!page.ok()) return context.Fail(page.error(), kBrokenExit);
  Page(context, ShowMarkdown(*page, context.terminal));
  UpdateLesson(context, lesson->id, [](LessonProgress& p) {
    if (p.read_at.empty()) p.read_at = TimeNow();
  });
  context.terminal.Line();
  PrintNext(context, *lesson);
  return kOk;
}

int CmdHint(Context& context, const Args& args) {
  // `wb hint 2` is lesson 2; a level needs its lesson before it.
  const Lesson* lesson =
      PickLesson(context, args.empty() ? args : Args{args[0]});
  if (lesson == nullptr) return kUsageExit;
  Terminal& t = context.terminal;
  const int levels = static_cast<int>(lesson->hints.size());
  if (levels == 0) return context.Fail(Cat(lesson->id, " has no hints"));

  const std::optional<Progress> progress = LoadProgress(context);
  if (!progress) return kBrokenExit;
  const int used = ProgressOf(*progress, lesson->id).hints_used;
  int level = std::min(used + 1, levels);
  if (args.size() > 1) {
    level = std::atoi(args[1].c_str());
    if (level < 1 || level > levels) {
      return context.Fail(
          Cat("\"", args[1], "\" is not a level: hints are 1 to ", levels));
    }
    if (level > used + 1) {
      return context.Fail(Cat("hint ", used + 1, " comes before hint ", level,
                              ": it may be all you need"));
    }
  }
  const Result<std::string> hint = tools::ReadFile(
      context.Path(lesson->hints[static_cast<std::size_t>(level - 1)]));
  if (!hint.ok()) return context.Fail(hint.error(), kBrokenExit);
  t.Line(t.Bold(Cat("hint ", level, " of ", levels)), "  ", t.Dim(lesson->id));
  t.Print(ShowMarkdown(*hint, t));
  UpdateLesson(context, lesson->id, [&](LessonProgress& p) {
    p.hints_used = std::max(p.hints_used, level);
  });
  t.Line();
  const std::string nn = lesson->id.substr(0, 2);
  if (level < levels) {
    t.Paragraph(
        Cat(t.Dim("hints are counted and never punished; the next one: "),
            context.Call(Cat("hint ", nn))));
  } else {
    t.Line(t.Dim("that was the last one; the first again: "),
           context.Call(Cat("hint ", nn, " 1")));
  }
  return kOk;
}

}  // namespace mn::wb
