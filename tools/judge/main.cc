// main() of every judge: flags, one GoogleTest test per case, what the learner
// reads on the terminal, and the exit status.
//
// GoogleTest gives the filters, the listing and the XML that Bazel and CI read;
// its own printer is replaced, because a beginner should read about invariants
// and not about assertions.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <memory>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "tools/common/course.h"
#include "tools/common/runfiles.h"
#include "tools/common/text.h"
#include "tools/judge/expect.h"
#include "tools/judge/explain.h"
#include "tools/judge/fence.h"
#include "tools/judge/judge.h"
#include "tools/judge/record.h"
#include "tools/judge/schedules_oracle.h"
#include "tools/judge/subject.h"

ABSL_FLAG(std::string, results, "",
          "file for the record of this run (JSON, schema wb.results/1); fd:N: "
          "descriptor N, one line after every case");
ABSL_FLAG(std::string, case, "",
          "judge this case only, for example RunQueue.Fifo");
ABSL_FLAG(std::string, seed, "",
          "judge one run with this seed, as printed by a failure: 0x51f2, or a "
          "schedule like ring_1_thief/tso/31r2121o3121");
ABSL_FLAG(double, case_timeout, 0,
          "seconds until a case that does not end is stopped; 0: as in "
          "the lesson's manifest");
ABSL_FLAG(int, runs, 0,
          "runs of each case, each with a seed of its own; 0: as in "
          "the lesson's manifest");
ABSL_FLAG(bool, canary, true,
          "also run each case that passed with falsified observations");
ABSL_FLAG(bool, no_canary, false, "the same as --nocanary");
ABSL_FLAG(bool, all, false,
          "run every case, also after two that did not end (the grader does)");
ABSL_FLAG(bool, list_cases, false, "print the names of the cases and exit");
ABSL_FLAG(bool, check_walls, false,
          "print which walls this machine gives to a case process, and exit");
ABSL_FLAG(bool, check_oracles, false,
          "run every oracle on its own model, without a learner, and exit");
ABSL_FLAG(
    std::string, program, "",
    "case processes to judge instead of the learner's (tests of the course): "
    "a path to which _driver, _schedules or _program is appended");
ABSL_FLAG(std::string, source, "", "source file that --program was built from");
ABSL_FLAG(std::string, wb, "",
          "how wb is started; the commands that are printed are then wb's");
ABSL_FLAG(
    std::string, expect, "",
    "exit 0 only if the verdict is this one (tests of the course): green, "
    "not_implemented, dies, or a status, an invariant and perhaps a part of "
    "the message, as in crashed:RQ-1:null pointer");

namespace mn::judge {
namespace {

constexpr int kUsageError = 64;
// A learner who waits for a loop without end has learned all there is to learn
// from the second case that hangs.
constexpr int kTimeoutsAreEnough = 2;

struct Session {
  std::string course_id;
  std::unique_ptr<Judge> judge;
  std::deque<CaseResult> done;  // stable addresses
  bool first_red_only = false;  // all that is asked of a mutant
  bool stopped = false;
};
Session session;

[[noreturn]] void Usage(const std::string& message) {
  std::fprintf(stderr, "judge: %s\n", message.c_str());
  std::exit(kUsageError);
}

std::string Points(double value) { return tools::Cat(value); }

class CaseTest : public testing::Test {
 public:
  explicit CaseTest(const tools::CourseCase& entry) : entry_(entry) {}

  void TestBody() override {
    RecordProperty("invariant", entry_.inv);
    RecordProperty("points", Points(entry_.points));
    if (session.first_red_only && !session.done.empty() &&
        IsRed(session.done.back().status)) {
      session.stopped = true;
    }
    if (session.stopped) return;
    session.done.push_back(TimedOutEnough() ? NotRun() : Judged());
    const CaseResult& result = session.done.back();
    RecordProperty("verdict", StatusName(result.status));
    RecordProperty("score", Points(result.score));
    const std::string path = absl::GetFlag(FLAGS_results);
    if (!path.empty()) {
      const std::string error =
          WriteRecord(path, session.course_id, *session.judge,
                      {session.done.begin(), session.done.end()});
      if (!error.empty()) Usage(error);
    }
    if (IsRed(result.status)) {
      ADD_FAILURE() << (result.status == Status::kNotImplemented
                            ? ExplainNotImplemented(*session.judge)
                            : ExplainCase(*session.judge, result));
    } else if (result.status != Status::kPassed) {
      GTEST_SKIP() << result.message;
    }
  }

 private:
  static bool TimedOutEnough() {
    return !absl::GetFlag(FLAGS_all) &&
           std::count_if(session.done.begin(), session.done.end(),
                         [](const CaseResult& r) {
                           return r.status == Status::kTimeout;
                         }) >= kTimeoutsAreEnough;
  }

  CaseResult NotRun() const {
    CaseResult result;
    result.entry = &entry_;
    result.inv = entry_.inv;
    result.status = Status::kNotRun;
    result.message = tools::Cat("not run: ", kTimeoutsAreEnough,
                                " cases before this one did not end");
    return result;
  }

  // An exception of the judge's own must not be taken for the learner's.
  CaseResult Judged() const {
    try {
      return session.judge->Run(entry_);
    } catch (const std::exception& e) {
      CaseResult result;
      result.entry = &entry_;
      result.inv = entry_.inv;
      result.status = Status::kInfraError;
      result.message = tools::Cat("the judge itself failed: ", e.what());
      return result;
    }
  }

  const tools::CourseCase& entry_;
};

// One line per case; then one block about the first thing to do.
class Printer : public testing::EmptyTestEventListener {
 public:
  void OnTestIterationStart(const testing::UnitTest& unit, int) override {
    const tools::Lesson& lesson = session.judge->lesson();
    for (const tools::CourseCase& c : lesson.cases) {
      name_width_ = std::max(name_width_, static_cast<int>(c.name.size()));
    }
    const int count = unit.test_to_run_count();
    std::printf("lesson %s: %s, %d case%s\n\n", lesson.id.c_str(),
                lesson.title.c_str(), count, count == 1 ? "" : "s");
    std::fflush(stdout);
  }

  // GoogleTest may find fault with the judge itself.
  void OnTestPartResult(const testing::TestPartResult& part) override {
    const bool ours =
        !session.done.empty() && IsRed(session.done.back().status);
    if (part.failed() && !ours) std::printf("judge: %s\n", part.summary());
  }

  void OnTestEnd(const testing::TestInfo&) override {
    if (session.done.size() == printed_) return;  // not judged
    printed_ = session.done.size();
    const CaseResult& r = session.done.back();
    double ms = 0;
    for (const RunRecord& run : r.runs) ms += run.ms;
    std::string status = StatusName(r.status);
    if (IsRed(r.status)) {
      for (char& c : status) c = c == '_' ? ' ' : static_cast<char>(toupper(c));
    }
    std::printf("  %-15s %-5s %-*s %4s of %-4s %5.0f ms\n", status.c_str(),
                r.entry->inv.c_str(), name_width_, r.entry->name.c_str(),
                Points(r.score).c_str(), Points(r.entry->points).c_str(), ms);
    if (!IsRed(r.status) && !r.message.empty()) {
      std::printf("  %15s %5s %s\n", "", "", r.message.c_str());
    }
    std::fflush(stdout);
  }

  void OnTestIterationEnd(const testing::UnitTest&, int) override {
    double score = 0, max = 0;
    int red = 0, not_run = 0;
    const CaseResult* first = nullptr;
    bool all_not_implemented = true;
    for (const CaseResult& r : session.done) {
      score += r.score;
      if (r.status != Status::kSkipped && r.status != Status::kInconclusive) {
        max += r.entry->points;
      }
      if (!IsRed(r.status)) continue;
      if (r.status == Status::kNotRun) {
        not_run++;
        continue;
      }
      red++;
      if (r.status != Status::kNotImplemented) all_not_implemented = false;
      if (first == nullptr || ComesFirst(session.judge->lesson(), r, *first)) {
        first = &r;
      }
    }
    std::printf("\n");
    if (first == nullptr) {
      std::printf("green: %s of %s points\n", Points(score).c_str(),
                  Points(max).c_str());
    } else if (all_not_implemented) {
      std::printf("%s", ExplainNotImplemented(*session.judge).c_str());
    } else {
      std::printf("%s", ExplainCase(*session.judge, *first).c_str());
      if (red > 1) {
        std::printf("\n%d more red; this one first. To see another:\n  %s\n",
                    red - 1, CaseCommand(*session.judge, "NAME").c_str());
      }
      if (not_run > 0) {
        std::printf("\n%d not run, since %d cases did not end\n", not_run,
                    kTimeoutsAreEnough);
      }
      std::printf("\n%s of %s points so far\n", Points(score).c_str(),
                  Points(max).c_str());
    }
    std::fflush(stdout);
  }

 private:
  int name_width_ = 0;
  std::size_t printed_ = 0;
};

std::string Find(const char* flag, const std::string& given,
                 const std::string& path) {
  if (!given.empty()) {
    const std::string found = tools::FindRunfile(given);
    if (!found.empty()) return found;
    if (access(given.c_str(), R_OK) == 0) return given;
    Usage(tools::Cat("--", flag, "=", given, ": there is no such file"));
  }
  return path.empty() ? "" : tools::FindRunfile(path);
}

// A path of case processes, up to the kind; "" if there are none.
std::string FindProgram(const tools::Lesson& lesson) {
  std::string prefix = absl::GetFlag(FLAGS_program);
  if (prefix.empty()) prefix = kSubject.program;
  if (prefix.empty()) return "";
  for (const tools::CourseCase& c : lesson.cases) {
    const std::string suffix = "_" + c.kind;
    const std::string found = tools::FindRunfile(prefix + suffix);
    const std::string program =
        !found.empty() ? found.substr(0, found.size() - suffix.size())
        : access((prefix + suffix).c_str(), X_OK) == 0 ? prefix
                                                       : "";
    if (program.empty()) continue;
    for (const char* code : {".ii", ".symbols"}) {
      if (access((program + code).c_str(), R_OK) == 0) continue;
      Usage(tools::Cat("no ", program, code, ", which the build makes beside ",
                       program, suffix));
    }
    return program;
  }
  Usage(tools::Cat("no case process ", prefix,
                   "_driver, _schedules or _program"));
}

int CheckOracles() {
  int wrong = 0;
  for (const Case& c : RegisteredCases()) {
    for (std::uint64_t seed = 1; seed <= 20; seed++) {
      const std::string fault = CheckOracle(c, seed);
      if (fault.empty()) continue;
      std::printf("%s, seed %d: %s\n", c.name, static_cast<int>(seed),
                  fault.c_str());
      wrong++;
      break;
    }
  }
  std::printf("%d oracles, %d wrong\n",
              static_cast<int>(RegisteredCases().size()), wrong);
  return wrong == 0 ? 0 : 1;
}

int CheckWalls() {
  Request request;
  request.program = "/bin/true";
  request.visible = {"/bin", "/usr/bin"};
  const Outcome outcome = RunCase(request, {});
  if (outcome.end == Outcome::End::kNotStarted) Usage(outcome.error);
  std::printf("walls: %s\n", outcome.fence.c_str());
  return 0;
}

std::uint64_t ParseSeed(const std::string& text) {
  char* end = nullptr;
  const std::uint64_t seed = strtoull(text.c_str(), &end, 0);
  if (*end != 0) {
    Usage(tools::Cat("--seed=", text,
                     " is neither a number like 0x51f2 nor a schedule like "
                     "ring_1_thief/tso/31r2121o3121"));
  }
  return seed;
}

int JudgeMain(int argc, char** argv) {
  const std::string expected = [&] {
    for (int i = 1; i < argc; i++) {
      const std::string_view arg = argv[i];
      if (arg.starts_with("--expect=")) return std::string(arg.substr(9));
    }
    return std::string();
  }();
  // A run that is expected to be red must not leave a red XML behind.
  if (!expected.empty()) unsetenv("XML_OUTPUT_FILE");
  testing::InitGoogleTest(&argc, argv);
  absl::SetProgramUsageMessage(
      tools::Cat("judges lesson ", kSubject.lesson,
                 ". Started by bazel test //exercises/", kSubject.lesson));
  absl::ParseCommandLine(argc, argv);

  if (absl::GetFlag(FLAGS_list_cases)) {
    // What the judge has, which need not be what the manifest says.
    for (const Case& c : RegisteredCases()) std::printf("%s\n", c.name);
    return 0;
  }
  if (absl::GetFlag(FLAGS_check_oracles)) return CheckOracles();
  if (absl::GetFlag(FLAGS_check_walls)) return CheckWalls();
  const std::string manifest = tools::FindRunfile("tools/judge/course.json");
  const tools::Result<tools::Course> course = tools::LoadCourse(manifest);
  if (!course.ok()) Usage(course.error());
  session.course_id = course->id;
  const tools::Lesson* lesson = course->Find(kSubject.lesson);
  if (lesson == nullptr || lesson->invariants.empty() || lesson->keep.empty()) {
    Usage(tools::Cat("course.bzl has no lesson ", kSubject.lesson,
                     ", or it has no invariants or no keep list"));
  }

  JudgeOptions options;
  options.program = FindProgram(*lesson);
  options.source = Find("source", absl::GetFlag(FLAGS_source), kSubject.source);
  options.starter = tools::FindRunfile(kSubject.starter);
  options.runs = absl::GetFlag(FLAGS_runs);
  options.case_timeout_s = absl::GetFlag(FLAGS_case_timeout);
  options.wb = absl::GetFlag(FLAGS_wb);
  options.canary =
      absl::GetFlag(FLAGS_canary) && !absl::GetFlag(FLAGS_no_canary);
  const std::string seed = absl::GetFlag(FLAGS_seed);
  if (!seed.empty()) {
    options.has_seed = true;
    if (IsSchedule(seed)) {
      options.schedule = seed;
    } else {
      options.seed = ParseSeed(seed);
    }
  }
  session.judge = std::make_unique<Judge>(*lesson, options);

  for (const tools::CourseCase& entry : lesson->cases) {
    const std::size_t dot = entry.name.find('.');
    testing::RegisterTest(
        entry.name.substr(0, dot).c_str(), entry.name.substr(dot + 1).c_str(),
        nullptr, nullptr, "course.bzl", 1,
        [&entry]() -> CaseTest* { return new CaseTest(entry); });
  }
  const std::string only = absl::GetFlag(FLAGS_case);
  if (!only.empty()) {
    if (lesson->FindCase(only) == nullptr) {
      std::string known;
      for (const tools::CourseCase& c : lesson->cases) known += "\n  " + c.name;
      Usage(tools::Cat("--case=", only,
                       ": there is no such case. There are:", known));
    }
    testing::GTEST_FLAG(filter) = only;
  }
  if (!testing::GTEST_FLAG(list_tests)) {
    if (options.program.empty()) {
      Usage(
          "no case process: use bazel test //exercises/NN_name, or --program");
    }
    testing::TestEventListeners& listeners =
        testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new Printer);
  }
  session.first_red_only = expected == "dies";
  const int status = RUN_ALL_TESTS();
  const std::string unwritten =
      EndRecord(absl::GetFlag(FLAGS_results), session.done.size());
  if (!unwritten.empty()) Usage(unwritten);
  if (expected.empty() || testing::GTEST_FLAG(list_tests)) return status;
  std::string complaint = CheckExpectation(
      expected, *session.judge, {session.done.begin(), session.done.end()});
  bool red = false;
  for (const CaseResult& r : session.done) red = red || IsRed(r.status);
  if (complaint.empty() && red != (status != 0)) {
    complaint = tools::Cat("the exit status would be ", status);
  }
  if (complaint.empty()) {
    std::printf("\nexpected: %s\n", expected.c_str());
    return 0;
  }
  std::printf("\nNOT AS EXPECTED (%s): %s\n", expected.c_str(),
              complaint.c_str());
  return 1;
}

}  // namespace
}  // namespace mn::judge

int main(int argc, char** argv) { return mn::judge::JudgeMain(argc, argv); }
