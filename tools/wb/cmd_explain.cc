// wb explain: the lesson in the learner's own words, the last step to "done".
//
// Every line is saved as it is typed, as a draft: neither too few sentences nor
// Ctrl-C nor a closed window costs anybody what they wrote.
#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/explanation.h"

namespace mn::wb {
namespace {

using tools::Cat;

constexpr int kWanted = 3;

std::string Sentences(int n) {
  return Cat(n, n == 1 ? " sentence" : " sentences");
}

}  // namespace

int CmdExplain(Context& context, const Args& args) {
  const tools::Lesson* lesson = PickLesson(context, args);
  if (lesson == nullptr) return kUsageExit;
  const std::optional<Progress> progress = LoadProgress(context);
  if (!progress) return kBrokenExit;
  const LessonProgress& p = ProgressOf(*progress, lesson->id);
  const std::string nn = lesson->id.substr(0, 2);
  Terminal& t = context.terminal;
  if (!p.was_green()) {
    return context.Fail(Cat("explain what you built once it is green: ",
                            context.Call(Cat("test ", nn))),
                        kRedExit);
  }
  if (!p.explanation.empty()) {
    t.Line(t.Dim(Cat("you wrote, ", p.explained_at, ":")));
    t.Print(Wrapped(p.explanation, 2));
    t.Line(t.Dim("\nAn empty line keeps it. What you type now replaces it."));
  }
  t.Paragraph(
      "In three sentences: what does your piece do, what would go wrong "
      "without it, and what surprised you? In one line or in several. An empty "
      "line ends.");
  std::string text = p.explanation_draft;
  if (!text.empty()) {
    t.Line(t.Dim("\nyou began with:"));
    t.Print(Wrapped(text, 2));
    t.Line(t.Dim("Go on from there, or type `again` to begin anew.\n"));
  }
  bool saved = true, asked = false;
  for (;;) {
    const std::optional<std::string> line = t.ReadLine();
    const std::string_view typed = line ? tools::Trim(*line) : "";
    if (!typed.empty()) {
      asked = false;
      if (typed == "again") {
        text.clear();
      } else {
        tools::Append(&text, text.empty() ? "" : "\n", typed);
      }
      // One that cannot be saved is said once, and shown again at the end.
      if (saved) {
        saved = UpdateLesson(context, lesson->id, [&](LessonProgress& l) {
          l.explanation_draft = text;
        });
      }
      continue;
    }
    const int sentences = CountSentences(text);
    if (sentences >= kWanted) break;
    if (text.empty() && !p.explanation.empty()) return kOk;
    if (!line || asked || text.empty()) {
      t.Line("that is ", Sentences(sentences), "; three are wanted.");
      if (saved && !text.empty()) {
        t.Paragraph(Cat("What you wrote is kept; ",
                        t.Bold(context.Call(Cat("explain ", nn))),
                        " goes on with it."));
      }
      return kRedExit;
    }
    t.Line(
        t.Yellow(Cat("that is ", Sentences(sentences), "; three are wanted.")),
        " Go on, or leave with one more empty line.");
    asked = true;
  }
  saved = UpdateLesson(context, lesson->id, [&](LessonProgress& l) {
    l.explanation = text;
    l.explained_at = TimeNow();
    l.explanation_draft.clear();
  });
  if (!saved) {
    t.Line("Copy it to a safe place:\n", text);
    return kBrokenExit;
  }
  t.Line(t.Green("kept."));
  PrintPoints(context, *lesson);
  PrintNext(context, *lesson);
  return kOk;
}

}  // namespace mn::wb
