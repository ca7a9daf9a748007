// wb explain: the lesson in the learner's own words, the last step to "done".

#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/explanation.h"

namespace mn::wb {

int CmdExplain(Context& context, const Args& args) {
  const tools::Lesson* lesson = PickLesson(context, args);
  if (lesson == nullptr) return kUsageExit;
  const std::optional<Progress> progress = LoadProgress(context);
  if (!progress) return kBrokenExit;
  const LessonProgress& p = ProgressOf(*progress, lesson->id);
  Terminal& t = context.terminal;
  if (p.first_green_at.empty()) {
    return context.Fail(
        tools::Cat("explain what you built once it is green: wb test ",
                   lesson->id.substr(0, 2)),
        kRedExit);
  }
  if (!p.explanation.empty()) {
    t.Line(t.Dim(tools::Cat("you wrote, ", p.explained_at, ":")));
    t.Print(Wrapped(p.explanation, 2));
    t.Line(t.Dim("\nan empty line keeps it"));
  }
  t.Print(
      Wrapped("In three sentences: what does your piece do, what would go "
              "wrong without it, and what surprised you? An empty line "
              "ends.",
              0));
  std::string text;
  while (const std::optional<std::string> line = t.ReadLine()) {
    if (tools::Trim(*line).empty()) break;
    tools::Append(&text, text.empty() ? "" : "\n", tools::Trim(*line));
  }
  if (text.empty() && !p.explanation.empty()) return kOk;
  const int sentences = CountSentences(text);
  if (sentences < 3) {
    return context.Fail(tools::Cat("that is ", sentences,
                                   sentences == 1 ? " sentence" : " sentences",
                                   "; three are wanted. Nothing was saved."),
                        kRedExit);
  }
  const bool saved = UpdateLesson(context, lesson->id, [&](LessonProgress& l) {
    l.explanation = text;
    l.explained_at = TimeNow();
  });
  if (!saved) return kBrokenExit;
  t.Line(t.Green("kept."));
  PrintNext(context, *lesson);
  return kOk;
}

}  // namespace mn::wb
