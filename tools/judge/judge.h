// The judge: runs the cases of one lesson and decides.
//
// What: the files judge/*.cc of an exercise register cases. A case makes a
// random workload, and later decides with an oracle of its own whether the
// observations answer it. Everything else (processes, seeds, deadlines,
// canaries, statuses, texts, records) is here and in fence.h, explain.h
// and record.h. What oracles share is in oracle.h.
//
// Invariants:
//   J-1  Nothing that the case process writes, returns or prints counts as
//        success; only observations that the oracle accepts do.
//   J-2  A case that passed has also failed in a canary run, or it is
//        suspicious.
//   J-3  A hang, crash or flood costs the case that it happened in only.
//   J-4  The record is complete after every case (replaced atomically).
//   J-5  Nothing about the machine's load turns into `failed`.
//   J-6  A case of kind driver that passed has also passed under the lesson's
//        sanitizer, where one fits and its process was built.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "tools/common/course.h"
#include "tools/common/own_code.h"
#include "tools/judge/fence.h"
#include "tools/judge/protocol.h"

namespace mn::judge {

enum class Status {
  kPassed,
  kFailed,
  kTimeout,
  kCrashed,
  kNotImplemented,
  kNotRun,  // red, although nothing was shown: see main.cc
  kSkipped,
  kInconclusive,
  kInfraError,
  kSuspicious,
};
const char* StatusName(Status status);

// True for the statuses that make a run of the judge red.
bool IsRed(Status status);

// What an oracle says about one run.
struct Verdict {
  Status status = Status::kPassed;
  std::string message;  // what happened, one line; empty if it passed
  std::string want, got;
  // Index of the observation that broke the invariant; -1: the last one.
  int at = -1;
  // What the oracle knows better than the judge; "" otherwise: the invariant
  // that broke, what --seed repeats this run with, and what to show in place of
  // the last observations.
  std::string inv = {}, replay = {};
  std::vector<std::string> timeline = {};
  // Driver::CodeOffset of the instruction that the message ends with; -1: of
  // none.
  std::int64_t instruction = -1;

  static Verdict Passed() { return {}; }
  static Verdict Failed(std::string message, std::string want, std::string got,
                        int at = -1) {
    return {Status::kFailed, std::move(message), std::move(want),
            std::move(got), at};
  }
  // The learner's code does nothing at all yet (XX-0).
  static Verdict NotImplemented(std::string message) {
    return {Status::kNotImplemented, std::move(message), "", "", -1};
  }
  // Nothing was shown either way; says why.
  static Verdict Inconclusive(std::string message) {
    return {Status::kInconclusive, std::move(message), "", "", -1};
  }
};

// A case of kind driver or program. One of kind schedules needs none
// (schedules_oracle.h).
struct Case {
  const char* name;  // as in the lesson's manifest
  std::function<Workload(Random&)> make;
  std::function<Verdict(const Workload&, const Observations&)> decide;
  // What a right piece would be seen to do: the oracle's own model, for
  // CheckOracle.
  std::function<Observations(const Workload&)> right;
  // For a program that is to end by itself, with an error. Such a driver asks
  // Driver::Provoke first, so that a canary run does not end.
  std::function<Verdict(const Outcome&)> ended = nullptr;
  std::function<Outcome()> right_end = nullptr;
};

// Static initialisation of an exercise's judge/*.cc. Always true.
bool RegisterCases(std::initializer_list<Case> cases);
const std::vector<Case>& RegisteredCases();

// Runs the oracle on its own model, without a learner: it must pass what is
// right, and must not pass the same with every number one too large. Returns ""
// or what is wrong with it.
std::string CheckOracle(const Case& judged, std::uint64_t seed);

struct RunRecord {
  std::uint64_t seed = 0;
  Status status = Status::kPassed;
  double ms = 0;
};

struct CaseResult {
  const tools::CourseCase* entry = nullptr;
  Status status = Status::kSkipped;
  std::string inv;  // the invariant that broke, or the case's own
  double score = 0;
  std::vector<RunRecord> runs;
  std::uint64_t seed = 0;  // of the run that decided
  std::string message, want, got;
  std::vector<std::string> tail;      // the last observations
  std::vector<std::string> timeline;  // instead of them
  std::string replay;                 // for --seed, if that is not the seed
  std::string printed;                // on stdout and stderr
  int printed_lines = 0;              // of which `printed` may be a part
  bool by_text = false;               // red for its text: no seed repeats it
  std::string fence;                  // what held the processes: see spawn.h
};

struct JudgeOptions {
  // The case processes: a path to which _driver, _schedules, _program or
  // _sanitized is appended.
  std::string program;
  std::string source;         // the learner's file; may be ""
  std::string starter;        // its pristine copy; may be ""
  int runs = 0;               // 0: as the manifest says
  double case_timeout_s = 0;  // 0: as the manifest says
  bool canary = true;
  bool has_seed = false;  // then: one run with exactly this seed
  std::uint64_t seed = 0;
  std::string schedule;  // the same for a case of kind schedules
  std::string wb;  // how wb is started, if wb started this; commands are its
};

// The invariant "XX-0: the piece does something at all": the first of a lesson.
const tools::Invariant& NotImplemented(const tools::Lesson& lesson);

class Judge {
 public:
  Judge(const tools::Lesson& lesson, JudgeOptions options);

  // Runs one case of the manifest to its end. It must be registered.
  CaseResult Run(const tools::CourseCase& entry) const;

  const tools::Lesson& lesson() const { return lesson_; }
  const JudgeOptions& options() const { return options_; }
  // The learner has not changed the starter yet.
  bool untouched() const { return untouched_; }

 private:
  struct OneRun {
    Outcome outcome;
    Verdict verdict;
    std::string inv;
  };
  enum class RunKind {
    kHonest,
    kCanary,   // the driver reports falsified observations (J-2)
    kWatched,  // as kHonest, in the process with the sanitizer (J-6)
  };
  OneRun RunOnce(const Case& judged, const tools::CourseCase& entry,
                 std::uint64_t seed, RunKind kind) const;
  Verdict FromOutcome(const Outcome& outcome, std::string* inv) const;

  const tools::Lesson& lesson_;
  JudgeOptions options_;
  bool untouched_ = false;
  std::string text_;     // of the learner's file
  tools::OwnCode code_;  // what the compiler made of that file
};

}  // namespace mn::judge
