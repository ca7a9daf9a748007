// wb predict: the quiz, answered before one knows. wb measure: what this
// machine says.
//
// An answer is worth something only if it was given before the truth was seen,
// so the answers are locked, all together and with the time, before anything is
// measured; answering again later shows the locked ones. Given after the first
// green they are kept too, but marked: they were no prediction.
#include <chrono>

#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/judge_run.h"
#include "tools/wb/quiz.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Lesson;
using tools::Result;
using Questions = std::vector<Question>;

// A demo measures for seconds; one that hangs must not hang wb.
constexpr std::chrono::seconds kDemoTimeout{180};

Result<Questions> LoadQuiz(Context& context, const Lesson& lesson) {
  const std::string path = Cat(lesson.LessonDir(), "/quiz.json");
  Result<std::string> text = tools::ReadFile(context.Path(path));
  if (!text.ok()) return tools::Error{text.error()};
  Result<Questions> quiz = ParseQuiz(*text);
  if (!quiz.ok()) return tools::Error{Cat(path, ": ", quiz.error())};
  return quiz;
}

// What the learner typed at a question.
struct Reply {
  enum class Kind { kAnswer, kBack, kLeave } kind;
  std::string answer;  // in stored form
};

// Asks until there is one of the three. `before` is the answer given already,
// which an empty line keeps; "" is none.
Reply Ask(Context& context, const Question& q, std::size_t number,
          std::size_t of, const std::string& before) {
  Terminal& t = context.terminal;
  t.Line("\n", t.Bold(Cat(number, " of ", of)), "  ", t.Dim(q.id));
  t.Paragraph(q.ask);
  for (std::size_t i = 0; i < q.options.size(); ++i) {
    t.Line("  ", std::string(1, static_cast<char>('a' + i)), ") ",
           q.options[i]);
  }
  if (!before.empty()) {
    t.Line(t.Dim("you said "), ShowAnswer(q, before),
           t.Dim("; Enter keeps it"));
  }
  const std::string how =
      q.kind == Question::Kind::kChoice  ? "one letter"
      : q.kind == Question::Kind::kMulti ? "letters, like: a c"
      : q.unit.empty()                   ? "a range, like 100-130"
                       : Cat("a range, like 100-130, in ", q.unit);
  for (;;) {
    t.Print(t.Dim(Cat("(", how, ")")), " > ");
    const std::optional<std::string> line = t.ReadLine();
    // A prompt that nobody answered is a line all the same.
    if (!line) {
      t.Line();
      return {Reply::Kind::kLeave, ""};
    }
    const std::string typed = tools::Lower(tools::Trim(*line));
    if (typed == "q" || typed == "quit") return {Reply::Kind::kLeave, ""};
    // Not "b": that is an option's letter.
    if (typed == "back" || typed == "<") return {Reply::Kind::kBack, ""};
    if (typed.empty() && !before.empty()) {
      return {Reply::Kind::kAnswer, before};
    }
    if (typed.empty()) continue;
    Result<std::string> answer = ParseAnswer(q, typed);
    if (answer.ok()) return {Reply::Kind::kAnswer, *std::move(answer)};
    t.Print(t.Yellow(Wrapped(answer.error(), 0, t.width() - 1)));
  }
}

using Answers = std::map<std::string, std::string>;

// Asks the questions one after the other, forward and back. Each answer is
// saved as a draft at once. False: the learner left.
bool AskAll(Context& context, const Lesson& lesson, const Questions& open,
            Answers* answers) {
  std::size_t at = 0;
  // Where one left.
  while (at < open.size() && answers->contains(open[at].id)) ++at;
  if (at == open.size()) at = 0;
  while (at < open.size()) {
    const Question& q = open[at];
    const auto given = answers->find(q.id);
    const Reply reply =
        Ask(context, q, at + 1, open.size(),
            given == answers->end() ? std::string() : given->second);
    switch (reply.kind) {
      case Reply::Kind::kLeave:
        return false;
      case Reply::Kind::kBack:
        if (at == 0) {
          context.terminal.Line("this is the first one.");
        } else {
          --at;
        }
        continue;
      case Reply::Kind::kAnswer:
        break;
    }
    (*answers)[q.id] = reply.answer;
    ++at;
    if (context.not_saved_said) continue;
    UpdateLesson(context, lesson.id,
                 [&](LessonProgress& p) { p.prediction_drafts = *answers; });
  }
  return true;
}

// Locks the answers; false if it could not be saved.
bool Lock(Context& context, const Lesson& lesson, const Answers& answers) {
  return UpdateLesson(context, lesson.id, [&](LessonProgress& p) {
    const std::string now = TimeNow();
    for (const auto& [id, answer] : answers) {
      // Another wb may have locked it meanwhile: the first answer stays.
      p.predictions.try_emplace(id, Prediction{answer, now, "", {}, ""});
    }
    if (p.predicted_at.empty()) p.predicted_at = now;
    p.prediction_drafts.clear();
  });
}

// Builds and runs the demo; its figures. An error was printed: nullopt.
std::optional<std::map<std::string, std::string>> RunDemo(
    Context& context, const Lesson& lesson) {
  Terminal& t = context.terminal;
  // Nanoseconds are asked for, so they are measured in an optimised build.
  const std::vector<std::string> flags = {"--config=opt"};
  if (BuildTarget(context, Cat("//", lesson.LessonDir(), ":demo"), flags) !=
      Verdict::kGreen) {
    return std::nullopt;
  }
  const Result<std::string> bin = context.bazel.BinDir(flags);
  if (!bin.ok()) {
    context.Fail(bin.error(), kBrokenExit);
    return std::nullopt;
  }
  t.Status("measuring …");
  tools::Command c = context.bazel.MakeCommand("run", {});
  c.argv = {tools::JoinPath(*bin, Cat(lesson.LessonDir(), "/demo")),
            "--measure"};
  c.timeout = kDemoTimeout;
  const tools::Outcome o = tools::RunCommand(c);
  t.Status("");
  if (!o.ok()) {
    context.Fail(Cat("the demo of ", lesson.id, " failed: ", o.Describe(),
                     o.err.empty() ? "" : "\n", o.err),
                 kBrokenExit);
    return std::nullopt;
  }
  return ParseMeasurements(o.out);
}

void ShowTruth(Context& context, const Question& q, const Prediction* answer,
               const std::optional<std::string>& truth) {
  Terminal& t = context.terminal;
  t.Line();
  t.Paragraph(q.ask);
  if (answer != nullptr)
    t.Line("  you said      ", ShowAnswer(q, answer->answer));
  if (!truth) {
    t.Line("  measured      ", t.Yellow("nothing: the demo did not print it"));
    return;
  }
  t.Line("  your machine  ", t.Bold(ShowAnswer(q, *truth)), "  ",
         answer == nullptr                      ? std::string()
         : IsInRange(q, answer->answer, *truth) ? t.Green("in your range")
                                                : t.Yellow("a surprise"));
  if (!q.why.empty()) t.Print(Wrapped(q.why, 2));
}

// Runs the demo, shows every question's truth beside the locked answer, and
// records it.
int Measure(Context& context, const Lesson& lesson, const Questions& quiz) {
  const auto figures = RunDemo(context, lesson);
  if (!figures) return kBrokenExit;
  // lessons/demo.h looks at what else the machine does.
  if (const auto busy = figures->find("busy"); busy != figures->end()) {
    Terminal& t = context.terminal;
    t.Line(t.Yellow(Cat("The machine was busy: other programs used ",
                        busy->second, " CPUs.")));
    t.Line("Once it is quiet, `",
           context.Call(Cat("measure ", lesson.id.substr(0, 2))),
           "` measures again.");
  }
  const std::optional<Progress> progress = LoadProgress(context);
  if (!progress) return kBrokenExit;
  LessonProgress p = ProgressOf(*progress, lesson.id);
  std::map<std::string, std::string> truths;
  int in_range = 0, answered = 0;
  for (const Question& q : quiz) {
    const std::optional<std::string> truth = FindTruth(q, *figures);
    const auto it = p.predictions.find(q.id);
    const Prediction* answer =
        it == p.predictions.end() ? nullptr : &it->second;
    ShowTruth(context, q, answer, truth);
    if (truth) truths[q.id] = *truth;
    if (truth && answer != nullptr) {
      ++answered;
      in_range += IsInRange(q, answer->answer, *truth) ? 1 : 0;
    }
  }
  UpdateLesson(context, lesson.id, [&](LessonProgress& l) {
    const std::string now = TimeNow();
    for (const Question& q : quiz) {
      const auto answer = l.predictions.find(q.id);
      const auto truth = truths.find(q.id);
      if (answer == l.predictions.end() || truth == truths.end()) continue;
      answer->second.truth = truth->second;
      answer->second.in_range =
          IsInRange(q, answer->second.answer, truth->second);
      answer->second.measured_at = now;
    }
    l.measured_at = now;
  });
  if (answered > 0) {
    context.terminal.Line(
        "\n", in_range, " of ", answered,
        " in your range. A surprise is what the lesson is for.");
  }
  context.terminal.Line();
  PrintPoints(context, lesson);
  PrintNext(context, lesson);
  return kOk;
}

}  // namespace

int CmdPredict(Context& context, const Args& args) {
  const Lesson* lesson = PickLesson(context, args);
  if (lesson == nullptr) return kUsageExit;
  const std::string nn = lesson->id.substr(0, 2);
  Terminal& t = context.terminal;
  const Result<Questions> quiz = LoadQuiz(context, *lesson);
  if (!quiz.ok()) return context.Fail(quiz.error(), kBrokenExit);
  const std::optional<Progress> progress = LoadProgress(context);
  if (!progress) return kBrokenExit;
  const LessonProgress& before = ProgressOf(*progress, lesson->id);

  Questions open;
  for (const Question& q : *quiz) {
    if (!before.predictions.contains(q.id)) open.push_back(q);
  }
  if (open.empty()) {
    t.Line("Your answers were locked at ", before.predicted_at, ".");
  } else {
    t.Line(t.Bold(Cat("predict ", lesson->id)));
    t.Paragraph(
        "Guess; nobody minds a wrong guess, and a range says how sure you are. "
        "Your answers are locked at the end; then your machine is measured. "
        "`back` goes to the question before, `q` leaves without locking.");
    if (before.was_green()) {
      t.Print(
          t.Yellow(Wrapped("This exercise was green already: the answers "
                           "are kept, but they are no prediction.",
                           0)));
    }
    Answers answers = before.prediction_drafts;
    if (!AskAll(context, *lesson, open, &answers)) {
      const bool kept = !answers.empty() && !context.not_saved_said;
      t.Paragraph(
          kept ? Cat("nothing was locked; your answers so far are kept: ",
                     context.Call(Cat("predict ", nn)), " goes on with them.")
               : "nothing was locked.");
      return kRedExit;
    }
    if (!Lock(context, *lesson, answers)) return kBrokenExit;
    t.Line("\n", t.Green("locked."), " Now your machine:");
  }
  const int status = Measure(context, *lesson, *quiz);
  if (status != kOk) {
    t.Line("Your answers are safe; ", context.Call(Cat("measure ", nn)),
           " tries again.");
  }
  return status;
}

int CmdMeasure(Context& context, const Args& args) {
  const Lesson* lesson = PickLesson(context, args);
  if (lesson == nullptr) return kUsageExit;
  const Result<Questions> quiz = LoadQuiz(context, *lesson);
  if (!quiz.ok()) return context.Fail(quiz.error(), kBrokenExit);
  const std::optional<Progress> progress = LoadProgress(context);
  if (!progress) return kBrokenExit;
  // The truth cannot be unseen.
  if (ProgressOf(*progress, lesson->id).predicted_at.empty() &&
      !context.options.force) {
    return context.Fail(
        Cat("predict first: ",
            context.Call(Cat("predict ", lesson->id.substr(0, 2))),
            " (or --force, and give up the prediction)"),
        kRedExit);
  }
  return Measure(context, *lesson, *quiz);
}

}  // namespace mn::wb
