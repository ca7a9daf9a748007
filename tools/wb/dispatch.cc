#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/resolve.h"

namespace mn::wb {
namespace {

using tools::Cat;

constexpr CommandEntry kCommands[] = {
    {"watch", "[04]", "run the judge again whenever you save (also: wb alone)",
     &CmdWatch, 1},
    {"list", "", "the lessons, their points, and where you are", &CmdList, 0},
    {"read", "[04]", "the lesson's page", &CmdRead, 1},
    {"predict", "[04]",
     "answer the quiz; your answers are locked, then measured", &CmdPredict, 1},
    {"measure", "[04]", "run the lesson's demo and compare your predictions",
     &CmdMeasure, 1},
    {"test", "[04] [--case RQ-3]", "judge your exercise", &CmdTest, 1},
    {"replay", "04 SEED[:CASE]", "the same schedule as a failure you saw",
     &CmdReplay, 2},
    {"hint", "[04] [1|2|3]", "the next hint of three, or one again", &CmdHint,
     2},
    {"explain", "[04]", "say in three sentences what you built", &CmdExplain,
     1},
    {"diff", "[04]", "your file beside the worked answer (once green)",
     &CmdDiff, 1},
    {"reset", "[04]", "back to the starter; your file is kept as a backup",
     &CmdReset, 1},
    {"plug", "[04] [--force]", "put your piece into the real runtime", &CmdPlug,
     1},
    {"unplug", "[04|all]", "take it out again", &CmdUnplug, 1},
    {"doctor", "", "is this machine fit, and what to do if not", &CmdDoctor, 0},
    {"help", "", "this list", &CmdHelp, 0},
};

const CommandEntry* Find(std::string_view name) {
  for (const CommandEntry& c : kCommands) {
    if (c.name == name) return &c;
  }
  return nullptr;
}

}  // namespace

std::span<const CommandEntry> Commands() { return kCommands; }

std::string HelpText(const Terminal& t) {
  std::string text = Cat(t.Bold("wb"),
                         ", the workbook's command. Without a lesson a command "
                         "means the one you are at.\n\n");
  for (const CommandEntry& c : kCommands) {
    const std::string call =
        Cat("  wb ", c.name, c.usage.empty() ? "" : " ", c.usage);
    tools::Append(&text, Pad(call, 30), " ", c.what, "\n");
  }
  tools::Append(&text,
                "\nA lesson is 4, 04, run_queue or 04_run_queue. Your progress "
                "is in .wb/.\n");
  return text;
}

int CmdHelp(Context& context, const Args&) {
  context.terminal.Print(HelpText(context.terminal));
  return kOk;
}

int Dispatch(Context& context, const std::vector<std::string>& words) {
  if (words.empty()) return CmdWatch(context, {});
  const Args args(words.begin() + 1, words.end());
  if (const CommandEntry* c = Find(words[0])) {
    if (static_cast<int>(args.size()) <= c->max_args) {
      return c->run(context, args);
    }
    return context.Fail(Cat("\"", args[static_cast<std::size_t>(c->max_args)],
                            "\" is too much: wb ", c->name,
                            c->usage.empty() ? "" : " ", c->usage));
  }
  const tools::Result<const tools::Lesson*> lesson =
      ResolveLesson(context.course, words[0]);
  if (lesson.ok()) {
    // `wb 04 test` is what somebody types who thinks of the lesson first.
    if (args.empty()) return CmdShow(context, words);
    if (Find(args[0]) != nullptr) {
      std::vector<std::string> swapped = {args[0], words[0]};
      swapped.insert(swapped.end(), args.begin() + 1, args.end());
      return Dispatch(context, swapped);
    }
    return context.Fail(Cat("\"", args[0], "\" is not a command"));
  }
  // A number can only have been meant as a lesson.
  if (words[0].find_first_not_of("0123456789") == std::string::npos) {
    return context.Fail(lesson.error());
  }
  std::vector<std::string> names;
  for (const CommandEntry& c : kCommands) names.emplace_back(c.name);
  for (const tools::Lesson& l : context.course.lessons) names.push_back(l.name);
  const std::string nearest = tools::Nearest(words[0], names);
  context.Fail(Cat("\"", words[0], "\" is neither a command nor a lesson.",
                   nearest.empty() ? "" : Cat(" Did you mean ", nearest, "?"),
                   "\n"));
  context.terminal.Print(HelpText(context.terminal));
  return kUsageExit;
}

}  // namespace mn::wb
