// The course manifest: course.bzl as C++ values.
//
// Bazel reads course.bzl with load() and exports it as JSON (//:course_json);
// the tools read that JSON. The manifest is trusted to be lint-clean (its own
// test sees to that), but it is edited by instructors, so a missing or
// ill-typed field is an error that names the lesson and the field.
//
// Thread-safety: values. Needs no runtime: also for programs without one.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/common/result.h"

namespace mn::tools {

struct KeepFile {
  std::string path;  // relative to exercises/ID/
  long max_bytes = 65536;
};

struct Forbidden {
  std::string pattern;  // ECMAScript regular expression
  std::string inv;      // the invariant it would break; may be empty
  std::string why;
};

struct Invariant {
  std::string id;        // "RQ-3"
  std::string sentence;  // what must hold
  std::string anchor;    // of its paragraph in the lesson's README
};

// The kinds of case: what its case process is. //tools/judge:manifest.bzl.
inline constexpr char kDriver[] = "driver";
inline constexpr char kSchedules[] = "schedules";
inline constexpr char kProgram[] = "program";

struct CourseCase {
  std::string name;  // "RunQueue.Fifo"
  std::string inv;   // "RQ-1"
  double points = 0;
  std::string visibility = "public";  // "public" or "hidden"
  std::string reveal;                 // "after_due" or empty
  std::string parent;  // the public invariant a hidden case is of
  std::string kind = kDriver;
  std::vector<std::string> configs;  // of a case of kind schedules
  double max = 0, grey = 0;          // of a ratio; 0: it is none
  std::vector<std::string> needs;    // "cpus>=2"

  bool IsRatio() const { return max > 0; }
};

struct Lesson {
  std::string id;     // "04_run_queue"
  int number = 0;     // 4
  std::string name;   // "run_queue"
  std::string title;  // "Local run queue"; the name with blanks if not given
  std::string plug;   // the flag in //runtime/plug, or empty
  int minutes = 0;    // from the page to green, for somebody new
  double points = 0;
  std::vector<int> document_sections;
  std::vector<std::string> sa;
  std::vector<KeepFile> keep;
  std::vector<Forbidden> forbidden;
  std::vector<Invariant> invariants;  // the first one: the piece does nothing
  std::vector<std::string> needs;
  int build_timeout_s = 120;
  double case_timeout_s = 5;
  int runs = 3;
  int memory_mb = 1024;
  int max_processes = 64;
  int pass_k = 0, pass_n = 0;  // {"k_of_n": [k, n]}; 0, 0 means "all"
  std::vector<CourseCase> cases;
  double prediction_points = 0, explain_points = 0;
  // Which invariant a violation of the explorer breaks: the first text that is
  // part of "KIND: TEXT", and its id.
  std::vector<std::pair<std::string, std::string>> broke;
  std::vector<std::string> steps;    // cases, in the order of the page's steps
  std::vector<std::string> hints;    // paths from the workspace
  std::vector<std::string> mutants;  // the headings of MUTANTS.md
  std::string solution;              // the worked answer's file, or empty

  std::string ExerciseDir() const { return "exercises/" + id; }
  std::string ExerciseLabel() const { return "//exercises/" + id; }
  std::string LessonDir() const { return "lessons/" + id; }
  const CourseCase* FindCase(std::string_view case_name) const;
  const Invariant* FindInvariant(std::string_view inv) const;
};

struct Course {
  std::string id;
  int version = 0;
  double total = 0;
  double late_per_day = 0;
  int late_max_days = 0;
  std::vector<Lesson> lessons;  // in the order of the manifest

  const Lesson* Find(std::string_view lesson_id) const;
};

Result<Course> ParseCourse(std::string_view json_text);

// Reads the JSON from `path`.
Result<Course> LoadCourse(const std::string& path);

}  // namespace mn::tools
