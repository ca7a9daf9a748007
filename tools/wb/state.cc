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
    if (predicted) {
      marks.emplace_back(predicted_late ? "predicted after green"
                                        : "predicted");
    }
    if (read) marks.emplace_back("read");
    if (measured) marks.emplace_back("measured");
    if (explained) marks.emplace_back("explained");
  }
  const std::string now = build_error ? "does not compile"
                          : red.empty()
                              ? "red"
                              : Cat("red (", tools::Join(red, " "), ")");
  if (stage == Stage::kRed) {
    marks.push_back(now);
  } else if (stage >= Stage::kGreen || marks.empty()) {
    marks.push_back(Word());
    if (red_now) marks.push_back(Cat("now ", now));
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

  s.red_now = progress.begun() && !progress.green() && progress.was_green();

  if (progress.was_green()) {
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

std::string LessonPoints::Parts() const {
  std::string text =
      Cat("cases ", was_better ? "at best " : "", cases, " of ", of_cases);
  if (of_prediction > 0) {
    tools::Append(&text, ", prediction ", prediction, " of ", of_prediction);
  }
  if (of_explanation > 0) {
    tools::Append(&text, ", explanation ", explanation, " of ", of_explanation);
  }
  return text;
}

LessonPoints PointsOf(const Lesson& lesson, const LessonProgress& p) {
  LessonPoints points;
  points.of_prediction = lesson.prediction_points;
  points.of_explanation = lesson.explain_points;
  points.of_cases =
      lesson.points - lesson.prediction_points - lesson.explain_points;
  points.cases = p.best_score;
  points.was_better = p.score < p.best_score;
  if (p.PredictedInTime()) points.prediction = lesson.prediction_points;
  if (!p.explained_at.empty()) points.explanation = lesson.explain_points;
  return points;
}

NextStep NextFor(const Lesson& lesson, const LessonState& s) {
  const std::string nn = lesson.id.substr(0, 2);
  if (!s.predicted && s.stage < Stage::kGreen) {
    return {Cat("predict ", nn), "guess before you know"};
  }
  if (!s.read) return {Cat("read ", nn), "read the page"};
  if (s.stage < Stage::kGreen) {
    const std::string file =
        lesson.keep.empty()
            ? lesson.ExerciseDir()
            : Cat(lesson.ExerciseDir(), "/", lesson.keep[0].path);
    return {Cat("test ", nn), Cat("after you edited ", file)};
  }
  if (!s.predicted) return {Cat("predict ", nn), "the prediction is missing"};
  if (!s.measured) return {Cat("measure ", nn), "see what your machine says"};
  if (!s.explained) {
    return {Cat("explain ", nn), "three sentences in your own words"};
  }
  if (s.red_now) return {Cat("test ", nn), "it was green, and is not now"};
  if (!s.plugged && !lesson.plug.empty()) {
    return {Cat("plug ", nn), "put your piece into the real runtime"};
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
