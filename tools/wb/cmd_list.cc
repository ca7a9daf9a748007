// wb list: the lessons as a table. wb 04: one lesson.
#include <algorithm>
#include <set>

#include "tools/common/text.h"
#include "tools/wb/commands.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Lesson;

std::string BoxText(const Terminal& t, Box box) {
  switch (box) {
    case Box::kEmpty:
      return t.Dim("○");
    case Box::kHalf:
      return t.Yellow("◐");
    case Box::kFull:
      return t.Green("●");
  }
  return "";
}

// `marks`, laid out already, in the colour of what they amount to.
std::string Coloured(const Terminal& t, const LessonState& s,
                     const std::string& marks) {
  if (s.stage == Stage::kRed) return t.Red(marks);
  if (s.stage >= Stage::kGreen) return t.Green(marks);
  return s.stage == Stage::kNotStarted ? t.Dim(marks) : marks;
}

}  // namespace

int CmdList(Context& context, const Args&) {
  const std::optional<Progress> progress = LoadProgress(context);
  if (!progress) return kBrokenExit;
  const tools::Result<Plugs> plugs = LoadPlugs(context);
  if (!plugs.ok()) context.Fail(plugs.error());
  Terminal& t = context.terminal;
  const Lesson* current = CurrentLesson(context.course, *progress);
  int width = 0;
  for (const Lesson& l : context.course.lessons) {
    width = std::max(width, DisplayWidth(l.title));
  }
  double earned = 0, possible = 0;
  for (const Lesson& l : context.course.lessons) {
    const LessonProgress& p = ProgressOf(*progress, l.id);
    const LessonState s = StateOf(l, p, plugs.ok() && plugs->contains(l.plug));
    const double points = PointsOf(l, p).earned();
    const std::string begin = Cat(
        &l == current ? t.Bold("→") : std::string(" "), " ", BoxText(t, s.box),
        " ", l.id.substr(0, 2), "  ", Pad(l.title, width), "  ",
        Pad(Cat(points, "/", l.points), 7), "  ");
    // What does not fit beside the title goes below it.
    const std::string marks = s.Marks();
    if (DisplayWidth(begin) + DisplayWidth(marks) < t.width()) {
      t.Line(begin, Coloured(t, s, marks));
    } else {
      t.Line(begin);
      t.Print(Coloured(t, s, Wrapped(marks, 9, t.width() - 1)));
    }
    earned += points;
    possible += l.points;
  }
  t.Line("\n", earned, " of ", possible, " points");
  if (current != nullptr) PrintNext(context, *current);
  return kOk;
}

int CmdShow(Context& context, const Args& args) {
  const Lesson* lesson = PickLesson(context, args);
  if (lesson == nullptr) return kUsageExit;
  const std::optional<Progress> progress = LoadProgress(context);
  if (!progress) return kBrokenExit;
  Terminal& t = context.terminal;
  const LessonProgress& p = ProgressOf(*progress, lesson->id);
  const LessonState s = StateNow(context, *lesson);
  t.Line(t.Bold(Cat(lesson->id.substr(0, 2), "  ", lesson->title)));
  t.Print(Coloured(t, s, Wrapped(s.Marks(), 2, t.width() - 1)));
  PrintPoints(context, *lesson);
  if (p.was_green()) {
    t.Line("  best   green, ", p.first_green_at);
    if (!p.last_result.empty()) {
      t.Line("  last   ",
             s.build_error ? "does not compile"
             : p.green()   ? "green"
             : s.red_now   ? "red"
                           : "the starter",
             ", ", p.last_run_at);
    }
  }
  t.Line("  read   ", lesson->LessonDir(), "/README.md");
  for (const tools::KeepFile& k : lesson->keep) {
    t.Line("  edit   ", lesson->ExerciseDir(), "/", k.path);
  }
  if (p.hints_used > 0) {
    t.Line("  hints  ", p.hints_used, " of ", lesson->hints.size(), " seen");
  }
  t.Line();
  std::set<std::string> shown;
  for (const tools::CourseCase& c : lesson->cases) {
    if (c.visibility == "hidden") continue;
    const tools::Invariant* inv = lesson->FindInvariant(c.inv);
    if (inv != nullptr && shown.insert(c.inv).second) {
      const std::string text = Wrapped(inv->sentence, 8, t.width() - 1);
      t.Print("  ", Pad(c.inv, 5), " ", tools::Trim(text), "\n");
    }
  }
  t.Line();
  PrintNext(context, *lesson);
  return kOk;
}

}  // namespace mn::wb
