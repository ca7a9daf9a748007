// Runs the judge of one lesson inside the enclosure and reads its record.
//
// The judge isolates cases from each other (tools/judge/fence.h); the enclosure
// isolates all of them from the machine (enclosure.cc). While the judge runs,
// what it has recorded so far is handed on, so that a killed grader leaves the
// cases that were done.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/common/course.h"
#include "tools/common/run_command.h"
#include "tools/grade/submission_record.h"

namespace mn::grade {

struct JudgeJob {
  tools::Lesson lesson;
  std::string judge;              // the program
  std::string enclosure;          // the program
  std::string cache_dir;          // what the judge is made of is below it
  std::vector<std::string> hide;  // directories that it must not see
  std::shared_ptr<tools::Canceller> canceller;
  std::function<void(const Json&)> progress;  // with each new record
};

struct JudgeResult {
  Json record;             // null: there is none
  Json fences;             // of the enclosure; null if it did not start
  std::string incomplete;  // why cases may be missing; "" if the judge finished
  bool its_own_fault = false;  // `incomplete` is the submission's doing
  std::string log;             // what the judge printed
};

JudgeResult RunJudge(const JudgeJob& job);

}  // namespace mn::grade
