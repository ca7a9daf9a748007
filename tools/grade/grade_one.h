// Grades one submission: take, overlay, scan, build, judge, record.
//
// Invariants:
//   GR-1  No file of the submission but the keep-listed ones has any effect.
//   GR-2  results.json is whole after every step and every case, whenever the
//         grader dies; `complete` is true only in the last one.
//   GR-3  A lesson that fails in any way costs that lesson only.
//   GR-4  A zero has a status that says why; the machine's faults are
//         infra_error and never failed.
//   GR-5  Nothing outside the cache and the report's directory is written, by
//         the grader or by the submission.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/common/course.h"
#include "tools/common/result.h"
#include "tools/common/run_command.h"
#include "tools/grade/submission_record.h"

namespace mn::grade {

struct GradeOptions {
  std::string submission;  // directory
  std::string out;         // directory; made if missing
  std::string course_dir;  // the instructor's checkout
  std::string cache_dir;   // kept between runs
  std::string enclosure;   // the program
  std::string walled_cc;   // the program
  std::string course_id;
  std::vector<tools::Lesson> lessons;  // to grade, of ...
  std::vector<tools::Lesson> course;   // ... all that the course has
  bool shutdown = false;               // end the Bazel server afterwards
  bool allow_weak_fence = false;       // judge without walls, too
  std::shared_ptr<tools::Canceller> canceller;
  std::function<void(std::string_view)> say;  // one line of progress
};

// Leaves results.json, summary.txt and logs/LESSON.{build,judge}.txt in `out`.
// An error is about the arguments (no such submission, `out` not writable):
// nothing was graded then. Needs a goroutine with a stack of several MiB.
tools::Result<SubmissionRecord> GradeOne(const GradeOptions& options);

}  // namespace mn::grade
