// The record of one graded submission, as it stands after every step.
//
// One file, results.json: an envelope ("wb.submission/1": who, what was
// ignored, totals) around one record per lesson ("wb.results/1", the judge's
// own schema, completed with what only the grader knows: the file's hash,
// flags, the fences that held). Whatever another system wants is made from it.
//
// A lesson's status says how far it got, so that a zero is never silent:
//   pending      not yet reached; in a finished record: the grader was stopped
//   graded       judged
//   suspicious   has flags: judged, or (status of the cases) not even built;
//                the score stands and a person must look
//   build_error  does not compile
//   missing      not handed in
//   refused      something is there that is not taken (a link, not text …)
//   infra_error  the machine's or the course's fault; grade again
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/common/course.h"
#include "tools/grade/flag.h"
#include "tools/grade/take.h"

namespace mn::grade {

// Ordered: the record is also read by people.
using Json = nlohmann::ordered_json;

struct LessonRecord {
  tools::Lesson lesson;
  std::string status = "pending";
  std::string message;
  std::vector<TakenFile> files;
  std::vector<Flag> flags;
  std::vector<std::string> notes;
  Json judged;  // the judge's record; null: there is none
  Json fences;  // what the enclosure reported; null: it did not run
  Json cases = Json::array();
  double score = 0, max = 0;
};

struct SubmissionRecord {
  std::string course, commit;
  Submission submission;
  std::vector<LessonRecord> lessons;
  bool complete = false;

  double Score() const;
  double Max() const;
};

// Fills cases, score, max and status from the judge's record. Cases that it
// lacks get the status `absent` with `why` as their message.
void AddJudged(const Json& judged, const std::string& absent,
               const std::string& why, LessonRecord* lesson);

// Every case of the lesson gets `status` and `message`, and no points.
void AllCases(const std::string& status, const std::string& message,
              LessonRecord* lesson);

Json ToJson(const SubmissionRecord& record);

// 0: graded; 2: some infra_error, or stopped; 3: nothing was graded.
int ExitStatus(const SubmissionRecord& record);

}  // namespace mn::grade
