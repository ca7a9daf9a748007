// What a lesson's progress amounts to: one word, one box, one next step.
//
// A lesson is done by evidence, never by clicking: its cases are green, its
// prediction was locked before the first green, its measurement is recorded and
// three sentences explain it back. Plugging is the encore: it is shown, but
// nobody has to. What was green once stays green: a lesson is for experiments.
#pragma once

#include <string>

#include "tools/common/course.h"
#include "tools/wb/progress.h"

namespace mn::wb {

enum class Stage { kNotStarted, kRead, kPredicted, kRed, kGreen, kDone };
enum class Box { kEmpty, kHalf, kFull };

struct LessonState {
  Stage stage = Stage::kNotStarted;
  Box box = Box::kEmpty;
  bool read = false, predicted = false, predicted_late = false;
  bool measured = false, explained = false, plugged = false;
  // It was green, and the file as it is now is not: somebody experiments.
  bool red_now = false;
  std::string Word() const;  // "red"
  // "read, predicted, red (RQ-3 RQ-7), plugged"; "green, now red (RQ-3)"
  std::string Marks() const;

  std::vector<std::string> red;
  bool build_error = false;
};

// What a lesson has earned of what: its cases as the best run had them, and a
// prediction in time and an explanation where the manifest gives points for
// them.
struct LessonPoints {
  double cases = 0, of_cases = 0;
  bool was_better = false;  // than the last run
  double prediction = 0, of_prediction = 0;
  double explanation = 0, of_explanation = 0;
  double earned() const { return cases + prediction + explanation; }
  // "cases 4 of 5, prediction 0.5 of 0.5, explanation 0 of 0.5"
  std::string Parts() const;
};
LessonPoints PointsOf(const tools::Lesson& lesson,
                      const LessonProgress& progress);

LessonState StateOf(const tools::Lesson& lesson, const LessonProgress& progress,
                    bool plugged);

// The one thing to do now: a command and why. `command` is empty when the
// lesson is done.
struct NextStep {
  std::string command;  // "predict 04"
  std::string why;
};
NextStep NextFor(const tools::Lesson& lesson, const LessonState& state);

// The lesson to work on: the current one unless it is done, else the first that
// is not; the last one when all are done. Null for a course without lessons.
const tools::Lesson* CurrentLesson(const tools::Course& course,
                                   const Progress& progress);

// The entry for `id`, empty if there is none.
const LessonProgress& ProgressOf(const Progress& progress,
                                 const std::string& id);

}  // namespace mn::wb
