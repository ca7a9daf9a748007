// Runs the judge of one lesson inside the enclosure and reads its record.
//
// The judge puts each case behind walls (tools/judge/wall.h); the enclosure
// keeps the processes together (enclosure.cc). A machine that cannot give the
// walls is found out before the first case runs; then nothing runs, unless the
// instructor allows it. While the judge runs, what it has recorded so far is
// handed on, so that a killed grader leaves the cases that were done.
//
// Why it is hard: a case that controls the record has all points. So the record
// comes through a pipe that only the judge holds, and counts only if the judge
// came to its end and said how many cases there were. Whatever else the judge
// did, nothing of its record is believed.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tools/common/course.h"
#include "tools/common/run_command.h"
#include "tools/grade/submission_record.h"

namespace mn::grade {

struct JudgeJob {
  tools::Lesson lesson;
  std::string judge;              // the program
  std::string enclosure;          // the program
  bool allow_weak_fence = false;  // run without walls, too
  std::shared_ptr<tools::Canceller> canceller;
  std::function<void(const Json&)> progress;  // with each new record
};

struct JudgeResult {
  Json record;  // null: there is none that counts
  // What the enclosure gave, and the walls of a case; null: it did not start.
  Json fences;
  std::string incomplete;      // why there is no record; "" if there is one
  std::string left;            // what could not be removed afterwards, and why
  bool its_own_fault = false;  // `incomplete` is the submission's doing
  std::string log;             // what the judge printed
};

JudgeResult RunJudge(const JudgeJob& job);

// Reads what a judge writes to --results=fd:N, as it comes.
class RecordReader {
 public:
  void Add(std::string_view text);
  // The latest record; null: none yet.
  Json Latest() const;
  // Null if the record does not end as it must.
  Json Whole() const;

 private:
  std::string text_;  // an unfinished line
  std::string latest_;
  std::string end_;  // the last line; "" if it is a record
};

}  // namespace mn::grade
