// The table of commands, what help says about them, and what a word means.
#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/resolve.h"
#include "tools/wb/starters.h"

namespace mn::wb {
namespace {

using tools::Cat;

constexpr CommandEntry kCommands[] = {
    {"watch", "[04]", "judge again whenever you save (also: no command)",
     &CmdWatch, 1, "watch 04",
     "Stays until you press q. While it stays, and also while it works, keys "
     "are answered: h shows a hint, r judges again, n goes to the next lesson, "
     "l lists the lessons. What was red before stays above."},
    {"list", "", "the lessons, their points, and where you are", &CmdList, 0,
     "list", "The arrow is the lesson that a command without a lesson means."},
    {"read", "[04]", "the lesson's page", &CmdRead, 1, "read 04",
     "On a terminal the page is shown by $PAGER, by less or by more; q leaves "
     "it. In a pipe it is the Markdown as it is."},
    {"predict", "[04]", "answer the quiz; then your machine is measured",
     &CmdPredict, 1, "predict 04",
     "Answers are letters, or a range like 100-200. `back` goes to the "
     "question "
     "before, `q` or Ctrl-D leaves; what you answered is kept for the next "
     "time. After the last question all answers are locked. They count as a "
     "prediction if the exercise has not been green yet."},
    {"measure", "[04]", "run the lesson's demo and compare your predictions",
     &CmdMeasure, 1, "measure 04",
     "Measures again, as often as you like. Your locked answers stay."},
    {"test", "[04] [--case NAME]", "judge your exercise", &CmdTest, 1,
     "test 04 --case RunQueue.Fifo",
     "--case takes a case (RunQueue.Fifo) or an invariant (RQ-3) and judges "
     "only that; your points stay as they are. --seed takes a seed that a "
     "failure printed. The best run counts: trying something out costs "
     "nothing."},
    {"replay", "04 SEED[:CASE]", "the same schedule as a failure you saw",
     &CmdReplay, 2, "replay 04 0x51f2:RunQueue.Fifo",
     "A failure prints this command. When you have mended your code it tells "
     "whether exactly this run now holds."},
    {"hint", "[04] [1|2|3]", "the next hint of three, or one again", &CmdHint,
     2, "hint 04",
     "From a nudge to the shape of the code. Hints are counted and never "
     "punished."},
    {"explain", "[04]", "say in three sentences what you built", &CmdExplain, 1,
     "explain 04",
     "In one line or in several; an empty line or Ctrl-D ends. What you typed "
     "is kept even if it is not enough yet."},
    {"diff", "[04]", "your file beside the worked answer, once green", &CmdDiff,
     1, "diff 04", "--force shows it before."},
    {"reset", "[04]", "back to the starter; your file is kept as a backup",
     &CmdReset, 1, "reset 04",
     "Says where the backup is and how to get it back."},
    {"update", "[04]", "the newest workbook, merged into your files",
     &CmdUpdate, 1, "update",
     "Pulls with git; git alone would refuse, because your exercises are "
     "changed. Where a starter has changed, the change is merged into your "
     "file, and yours from before is kept as a backup. With a lesson: merges "
     "only, for a tree that was pulled already."},
    {"plug", "[04] [--force]", "put your piece into the real runtime", &CmdPlug,
     1, "plug 04",
     "From then on all that is built here runs on your code. A piece that is "
     "red is refused; --force is for those who want to watch it fail."},
    {"unplug", "[04|all]", "take it out again", &CmdUnplug, 1, "unplug all",
     "Works also when nothing that was built on your piece runs any more."},
    {"scratch", "", "a copy of the tree, to change anything in", &CmdScratch, 0,
     "scratch",
     "For stretch tasks that change the runtime. The copy is .wb/scratch; this "
     "tree, and wb itself, stay as they are. --force makes a new one."},
    {"doctor", "", "is this machine fit, and what to do if not", &CmdDoctor, 0,
     "doctor", "Changes nothing."},
    {"help", "[COMMAND]", "this list, or more about one command", &CmdHelp, 1,
     "help predict", ""},
};

const CommandEntry* Find(std::string_view name) {
  for (const CommandEntry& c : kCommands) {
    if (c.name == name) return &c;
  }
  return nullptr;
}

std::string Usage(const CommandEntry& c) {
  return Cat(c.name, c.usage.empty() ? "" : " ", c.usage);
}

// " Did you mean test?", or nothing.
std::string DidYouMean(std::string_view word,
                       std::vector<std::string> names = {}) {
  for (const CommandEntry& c : kCommands) names.emplace_back(c.name);
  const std::string nearest = tools::Nearest(word, names);
  return nearest.empty() ? "" : Cat(" Did you mean ", nearest, "?");
}

// A starter that is not the one which a learner's file began from. Said where
// somebody works, not by the commands that deal with it.
void SayWhatAPullChanged(Context& context,
                         const std::vector<std::string>& words) {
  for (const std::string_view quiet : {"update", "reset", "help", "diff"}) {
    if (!words.empty() && words[0] == quiet) return;
  }
  Terminal& t = context.terminal;
  for (const tools::Lesson* lesson : LookAtStarters(context)) {
    t.Paragraph(Cat(t.Yellow("wb: "), "the starter of lesson ",
                    lesson->id.substr(0, 2), " has changed since you began. ",
                    context.Call(Cat("update ", lesson->id.substr(0, 2))),
                    " merges the change into your file and keeps a backup."));
  }
}

}  // namespace

std::span<const CommandEntry> Commands() { return kCommands; }

std::string HelpText(const Context& context) {
  const Terminal& t = context.terminal;
  std::string text =
      Cat("usage: ", t.Bold(context.Call("COMMAND")),
          "\nWithout a lesson a command means the one you are at.\n\n");
  for (const CommandEntry& c : kCommands) {
    const std::string call = Cat("  ", Usage(c));
    tools::Append(&text, Pad(call, 26), " ", c.what, "\n");
  }
  tools::Append(&text,
                "\nA lesson is 4, 04, run_queue or 04_run_queue. Your progress "
                "is in .wb/.\n");
  return text;
}

int CmdHelp(Context& context, const Args& args) {
  Terminal& t = context.terminal;
  if (args.empty()) {
    t.Print(HelpText(context));
    return kOk;
  }
  const CommandEntry* c = Find(args[0]);
  if (c == nullptr) {
    context.Fail(
        Cat("\"", args[0], "\" is no command.", DidYouMean(args[0]), "\n"));
    t.Print(HelpText(context));
    return kUsageExit;
  }
  t.Line("usage:   ", t.Bold(context.Call(Usage(*c))));
  t.Line("example: ", context.Call(c->example), "\n");
  t.Paragraph(Cat(c->what, "."));
  if (!c->more.empty()) t.Paragraph(Cat("\n", c->more));
  return kOk;
}

int Dispatch(Context& context, const std::vector<std::string>& words) {
  SayWhatAPullChanged(context, words);
  if (words.empty()) return CmdWatch(context, {});
  const Args args(words.begin() + 1, words.end());
  if (const CommandEntry* c = Find(words[0])) {
    if (static_cast<int>(args.size()) <= c->max_args) {
      return c->run(context, args);
    }
    return context.Fail(Cat("\"", args[static_cast<std::size_t>(c->max_args)],
                            "\" is too much: ", context.Call(Usage(*c))));
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
  for (const tools::Lesson& l : context.course.lessons) names.push_back(l.name);
  context.Fail(Cat("\"", words[0], "\" is neither a command nor a lesson.",
                   DidYouMean(words[0], std::move(names)), "\n"));
  context.terminal.Print(HelpText(context));
  return kUsageExit;
}

}  // namespace mn::wb
