#include "tools/wb/state.h"

#include "tools/common/text.h"

namespace mn::wb {

using tools::Cat;
using tools::Lesson;

std::string LessonState::Word() const {
  switch (stage) {
    case Stage::kNotStarted:
      return "not started";
    case Stage::kRead:
      return "read";
    case Stage::kPredicted:
      return "predicted";
    case Stage::kRed:
      return build_error ? "does not compile" : "red";
    case Stage::kGreen:
      return "green";
    case Stage::kDone:
      return "done";
  }
  return "";
}

std::string LessonState::Marks() const {
  std::vector<std::string> marks;
  if (stage != Stage::kDone) {
    if (read) marks.emplace_back("read");
    if (predicted) {
      marks.emplace_back(predicted_late ? "predicted after green"
                                        : "predicted");
    }
    if (measured) marks.emplace_back("measured");
    if (explained) marks.emplace_back("explained");
  }
  if (stage == Stage::kRed && !red.empty() && !build_error) {
    marks.push_back(Cat("red (", tools::Join(red, " "), ")"));
  } else if (stage >= Stage::kRed || marks.empty()) {
    marks.push_back(Word());
  }
  if (plugged) marks.emplace_back("plugged");
  return tools::Join(marks, ", ");
}

LessonState StateOf(const Lesson& lesson, const LessonProgress& progress,
                    bool plugged) {
  LessonState s;
  s.read = !progress.read_at.empty();
  s.predicted = !progress.predicted_at.empty();
  s.predicted_late = s.predicted && !progress.PredictedInTime();
  s.measured = !progress.measured_at.empty();
  s.explained = !progress.explained_at.empty();
  s.plugged = plugged && !lesson.plug.empty();
  s.red = progress.red;
  s.build_error = progress.last_result == "build_error";

  if (progress.green()) {
    const bool done = s.predicted && s.measured && s.explained;
    s.stage = done ? Stage::kDone : Stage::kGreen;
  } else if (progress.begun()) {
    s.stage = Stage::kRed;
  } else if (s.predicted) {
    s.stage = Stage::kPredicted;
  } else if (s.read) {
    s.stage = Stage::kRead;
  }
  if (s.stage == Stage::kDone && !s.predicted_late) {
    s.box = Box::kFull;
  } else if (s.stage != Stage::kNotStarted) {
    s.box = Box::kHalf;
  }
  return s;
}

NextStep NextFor(const Lesson& lesson, const LessonState& s) {
  const std::string nn = lesson.id.substr(0, 2);
  if (!s.read) return {Cat("wb read ", nn), "read the page"};
  if (!s.predicted && s.stage < Stage::kGreen) {
    return {Cat("wb predict ", nn), "guess before you know"};
  }
  if (s.stage < Stage::kGreen) {
    const std::string file =
        lesson.keep.empty()
            ? lesson.ExerciseDir()
            : Cat(lesson.ExerciseDir(), "/", lesson.keep[0].path);
    return {Cat("wb test ", nn), Cat("after you edited ", file)};
  }
  if (!s.predicted)
    return {Cat("wb predict ", nn), "the prediction is missing"};
  if (!s.measured)
    return {Cat("wb measure ", nn), "see what your machine says"};
  if (!s.explained) {
    return {Cat("wb explain ", nn), "three sentences in your own words"};
  }
  if (!s.plugged && !lesson.plug.empty()) {
    return {Cat("wb plug ", nn), "put your piece into the real runtime"};
  }
  return {};
}

const LessonProgress& ProgressOf(const Progress& progress,
                                 const std::string& id) {
  static const LessonProgress empty;
  const auto it = progress.lessons.find(id);
  return it == progress.lessons.end() ? empty : it->second;
}

const Lesson* CurrentLesson(const tools::Course& course,
                            const Progress& progress) {
  auto done = [&](const Lesson& l) {
    return StateOf(l, ProgressOf(progress, l.id), false).stage == Stage::kDone;
  };
  const Lesson* current = course.Find(progress.current);
  if (current != nullptr && !done(*current)) return current;
  for (const Lesson& l : course.lessons) {
    if (!done(l)) return &l;
  }
  return course.lessons.empty() ? nullptr : &course.lessons.back();
}

}  // namespace mn::wb
