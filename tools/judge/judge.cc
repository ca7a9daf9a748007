#include "tools/judge/judge.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "runtime/base/sanitizer.h"
#include "tools/common/text.h"
#include "tools/judge/crash.h"
#include "tools/judge/explain.h"
#include "tools/judge/oracle.h"
#include "tools/judge/place.h"
#include "tools/judge/sanitizer_report.h"
#include "tools/judge/schedules_oracle.h"
#include "tools/judge/source.h"

namespace mn::judge {
namespace {

constexpr bool kSanitized = MN_ASAN || MN_TSAN;
constexpr double kSlowdown = kSanitized ? 10 : 1;

constexpr int kTailLength = 8;

// The case process that a sanitizer watches: //tools/judge:exercise.bzl.
constexpr char kWatchedProcess[] = "sanitized";

std::vector<Case>& MutableCases() {
  static std::vector<Case> cases;
  return cases;
}

std::uint64_t RandomBits() {
  static std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

std::uint64_t MakeNonce(bool canary) {
  for (;;) {
    const std::uint64_t nonce = RandomBits();
    if (IsCanary(nonce) == canary) return nonce;
  }
}

// The explorer looks at millions of schedules; a run that ends in time is the
// rule, so this only stops one that never would.
constexpr double kSchedulesTimeoutS = 120;
constexpr double kUntouchedS = 1;

// Why the case cannot be judged here; "" if it can.
std::string Missing(const tools::CourseCase& entry) {
  if (entry.kind == tools::kSchedules && kSanitized) {
    return "the explorer does not run under a sanitizer";
  }
  for (const std::string& need : entry.needs) {
    if (need.starts_with("cpus>=")) {
      const int want = std::stoi(need.substr(6));
      cpu_set_t set;
      CPU_ZERO(&set);
      sched_getaffinity(0, sizeof(set), &set);
      if (CPU_COUNT(&set) < want) {
        return "needs " + std::to_string(want) + " CPUs, this machine has " +
               std::to_string(CPU_COUNT(&set));
      }
    } else if (need == "x86_64") {
#ifndef __x86_64__
      return "needs an x86-64 processor";
#endif
    } else if (need == "no_sanitizer") {
      if (kSanitized) return "is not run under a sanitizer";
    } else if (need == "no_tsan") {
      if (MN_TSAN) return "is not run under TSan";
    } else {
      return "needs '" + need + "', which the judge does not know";
    }
  }
  return "";
}

std::vector<std::string> Tail(const Observations& all, int at) {
  const int size = static_cast<int>(all.size());
  const int last = at < 0 ? size - 1 : std::min(at, size - 1);
  std::vector<std::string> tail;
  for (int i = std::max(0, last - kTailLength + 1); i <= last; i++) {
    const Observation& o = all[static_cast<std::size_t>(i)];
    std::string line = "#" + std::to_string(i + 1) + " " + o.kind;
    if (!o.text.empty()) line += " " + o.text;
    for (std::size_t v = 0; v < o.values.size() && v < 12; v++) {
      line += " " + NumberText(o.values[v]);
    }
    if (o.values.size() > 12) {
      line += " … (" + std::to_string(o.values.size()) + " numbers)";
    }
    tail.push_back(line);
  }
  return tail;
}

// A sanitizer looks at the piece in a process of its own. Where the judge
// itself has a sanitizer, the usual process has it too. What a sanitizer would
// disturb is left out, and so is a ratio case, which it would slow down.
bool IsWatched(const tools::CourseCase& entry) {
  return !kSanitized && entry.kind == tools::kDriver && !entry.IsRatio() &&
         std::find(entry.needs.begin(), entry.needs.end(), "no_sanitizer") ==
             entry.needs.end();
}

}  // namespace

const char* StatusName(Status status) {
  switch (status) {
    case Status::kPassed:
      return "passed";
    case Status::kFailed:
      return "failed";
    case Status::kTimeout:
      return "timeout";
    case Status::kCrashed:
      return "crashed";
    case Status::kNotImplemented:
      return "not_implemented";
    case Status::kNotRun:
      return "not_run";
    case Status::kSkipped:
      return "skipped";
    case Status::kInconclusive:
      return "inconclusive";
    case Status::kInfraError:
      return "infra_error";
    case Status::kSuspicious:
      return "suspicious";
  }
  return "?";
}

bool IsRed(Status status) {
  return status != Status::kPassed && status != Status::kSkipped &&
         status != Status::kInconclusive;
}

bool RegisterCases(std::initializer_list<Case> cases) {
  MutableCases().insert(MutableCases().end(), cases);
  return true;
}

const std::vector<Case>& RegisteredCases() { return MutableCases(); }

std::string CheckOracle(const Case& judged, std::uint64_t seed) {
  Random rng(seed);
  const Workload work = judged.make(rng);
  if (judged.ended) {
    const Verdict right = judged.ended(judged.right_end());
    if (right.status != Status::kPassed) return "it refuses the right end";
    if (judged.decide(work, {}).status == Status::kPassed) {
      return "it passes a program that does not end: no canary would die";
    }
    return "";
  }
  if (!judged.right) return "it has no model of what is right";
  Observations seen = judged.right(work);
  const Verdict right = judged.decide(work, seen);
  if (right.status != Status::kPassed) {
    return "its model of what is right is " +
           std::string(StatusName(right.status)) + ": " + right.message +
           " (want " + right.want + ", got " + right.got + ")";
  }
  for (Observation& o : seen) {
    if (o.kind == kThreads) continue;
    for (std::int64_t& value : o.values) value++;
  }
  if (judged.decide(work, seen).status == Status::kPassed) {
    return "it passes numbers that are one too large: no canary would die";
  }
  return "";
}

const tools::Invariant& NotImplemented(const tools::Lesson& lesson) {
  return lesson.invariants.front();
}

Judge::Judge(const tools::Lesson& lesson, JudgeOptions options)
    : lesson_(lesson), options_(std::move(options)) {
  if (options_.source.empty()) return;  // nothing to hold text rules to
  text_ = ReadFile(options_.source);
  if (!text_.empty() && !options_.starter.empty()) {
    untouched_ = SameCode(text_, ReadFile(options_.starter));
  }
  code_ = tools::ReadOwnCode(ReadFile(options_.program + ".ii"),
                             ReadFile(options_.program + ".symbols"));
}

Verdict Judge::FromOutcome(const Outcome& outcome, std::string* inv) const {
  using End = Outcome::End;
  const std::string seen =
      std::to_string(outcome.observations.size()) + " observations";
  const std::string& rq0 = NotImplemented(lesson_).id;
  const std::vector<std::string> printed = tools::Lines(outcome.printed);
  switch (outcome.end) {
    case End::kFinished:
      return Verdict::Passed();
    case End::kNotStarted:
      return {Status::kInfraError, outcome.error, "", "", -1};
    case End::kTimeout:
      return {Status::kTimeout, ExplainTimeout(outcome), "an end",
              "none after " + seen, -1};
    case End::kMemory:
      return {Status::kCrashed,
              "stopped: more than " + std::to_string(lesson_.memory_mb) +
                  " MiB of memory",
              "", "", -1};
    case End::kProcesses:
      return {Status::kCrashed,
              "stopped: more than " + std::to_string(lesson_.max_processes) +
                  " processes",
              "", "", -1};
    case End::kOutput:
      return {Status::kCrashed, "stopped: it prints without end", "", "", -1};
    case End::kSignaled:
      return {Status::kCrashed, ExplainCrash(outcome), "no crash",
              "a crash after " + seen, -1};
    case End::kExited:
      if (const SanitizerReport report =
              FindSanitizerReport(outcome.printed, options_.source);
          !report.what.empty()) {
        return {
            Status::kCrashed,
            "stopped by the sanitizer, whose report is below: " + report.what,
            "no report",
            report.place.empty() ? "a report" : "a report at " + report.place,
            -1};
      }
      if (!outcome.hello) {
        *inv = rq0;
        return Verdict::Failed(
            "the process ended with status " +
                std::to_string(outcome.exit_status) +
                " before the first observation, in code that runs before main",
            "the observations that the case asks for", "0 observations");
      }
      *inv = rq0;
      return Verdict::Failed(
          "the process ended itself with status " +
              std::to_string(outcome.exit_status) + " inside the case",
          "the case runs to its end", "it ended after " + seen);
  }
  return {Status::kInfraError, "unknown outcome", "", "", -1};
}

// Of kind program: the threads of the runtime wait and compute a little
// whatever happens, so that only a thread that is in the program's own code
// says anything.
std::string ExplainProgramTimeout(const Outcome& outcome) {
  const Fault& f = outcome.fault;
  std::string text =
      "stopped at the deadline: the goroutines that the case waits for did not "
      "go on";
  if (f.told && !f.in_syscall && f.caller == 0 && f.place.known()) {
    text += tools::Cat(". A thread was computing in ", Describe(f.place));
  }
  return text;
}

// The runtime ended the program: it says why, on stderr.
Verdict FromEndedProgram(const Outcome& outcome) {
  for (const std::string& line : tools::Lines(outcome.printed)) {
    if (line.starts_with("fatal error: ") || line.starts_with("panic: ")) {
      return Verdict::Failed("the runtime ended the program",
                             "the program runs to its end", line);
    }
  }
  return Verdict::Failed(
      tools::Cat("the program ended itself with status ", outcome.exit_status),
      "the program runs to its end",
      tools::Cat("an end after ", outcome.observations.size(),
                 " observations"));
}

Judge::OneRun Judge::RunOnce(const Case& judged, const tools::CourseCase& entry,
                             std::uint64_t seed, RunKind kind) const {
  const bool canary = kind == RunKind::kCanary;
  const bool watched = kind == RunKind::kWatched;
  OneRun run;
  run.inv = entry.inv;
  Request request;
  request.program =
      options_.program + "_" + (watched ? kWatchedProcess : entry.kind);
  request.case_name = entry.name;
  request.seed = seed;
  request.nonce = MakeNonce(canary);
  Random rng(seed);
  const bool schedules = entry.kind == tools::kSchedules;
  if (schedules) {
    request.texts = ScheduleTexts(entry, options_.schedule, canary);
  } else {
    request.work = judged.make(rng);
  }
  Limits limits;
  limits.timeout_s = (options_.case_timeout_s > 0 ? options_.case_timeout_s
                      : schedules                 ? kSchedulesTimeoutS
                                                  : lesson_.case_timeout_s) *
                     kSlowdown;
  // The untouched starter is not implemented, however it fails. Somebody who
  // only wants to see the first red need not wait for what hangs.
  if (untouched_) limits.timeout_s = std::min(limits.timeout_s, kUntouchedS);
  limits.memory_bytes = std::int64_t{lesson_.memory_mb} << 20;
  limits.processes = lesson_.max_processes;
  if (kSanitized || watched) limits.memory_bytes *= 8;
  run.outcome = RunCase(request, limits);
  FindPlaces(request.program, text_, FileToEdit(lesson_), &run.outcome.fault);
  if (judged.ended && run.outcome.end == Outcome::End::kExited) {
    run.verdict = judged.ended(run.outcome);
    return run;
  }
  run.verdict =
      entry.kind == tools::kProgram && run.outcome.end == Outcome::End::kExited
          ? FromEndedProgram(run.outcome)
          : FromOutcome(run.outcome, &run.inv);
  if (entry.kind == tools::kProgram &&
      run.outcome.end == Outcome::End::kTimeout) {
    run.verdict.message = ExplainProgramTimeout(run.outcome);
  }
  if (run.outcome.end != Outcome::End::kFinished) return run;
  run.verdict =
      schedules
          ? DecideSchedules(lesson_, request.texts, run.outcome.observations)
          : judged.decide(request.work, run.outcome.observations);
  if (run.verdict.status == Status::kPassed && entry.IsRatio()) {
    run.verdict = DecideRatio(run.outcome.observations, entry.max, entry.grey);
  }
  if (run.verdict.status == Status::kNotImplemented) {
    run.inv = NotImplemented(lesson_).id;
  } else if (lesson_.FindInvariant(run.verdict.inv) != nullptr) {
    run.inv = run.verdict.inv;
  }
  if (run.verdict.instruction >= 0) {
    const Place place = PlaceOf(request.program, run.verdict.instruction, text_,
                                FileToEdit(lesson_));
    if (place.known()) run.verdict.message += ", in " + Describe(place);
  }
  return run;
}

CaseResult Judge::Run(const tools::CourseCase& entry) const {
  CaseResult result;
  result.entry = &entry;
  result.inv = entry.inv;

  const std::string missing = Missing(entry);
  if (!missing.empty()) {
    result.message = missing;
    return result;
  }
  const bool schedules = entry.kind == tools::kSchedules;
  static const Case kSchedulesCase = {"", nullptr, nullptr, nullptr};
  const Case* judged = schedules ? &kSchedulesCase : nullptr;
  for (const Case& c : RegisteredCases()) {
    if (entry.name == c.name) judged = &c;
  }
  if (judged == nullptr) {
    result.status = Status::kInfraError;
    result.message = "the lesson's manifest has this case, its judge does not";
    return result;
  }

  // All schedules are the same ones in every run.
  const int wanted = options_.has_seed || entry.IsRatio() || schedules ? 1
                     : options_.runs > 0 ? options_.runs
                                         : lesson_.runs;
  OneRun last;
  for (int i = 0; i < wanted; i++) {
    result.seed = options_.has_seed ? options_.seed : RandomBits() >> 32;
    last = RunOnce(*judged, entry, result.seed, RunKind::kHonest);
    result.runs.push_back({result.seed, last.verdict.status, last.outcome.ms});
    if (last.verdict.status != Status::kPassed) break;  // one is a proof
  }
  // J-6. A right answer is no proof that no memory was written that is
  // somebody else's. Only what is red here counts: such a process may be too
  // slow, or not start on this machine at all.
  if (last.verdict.status == Status::kPassed && IsWatched(entry) &&
      access((options_.program + "_" + kWatchedProcess).c_str(), X_OK) == 0) {
    OneRun watched = RunOnce(*judged, entry, result.seed, RunKind::kWatched);
    const Status status = watched.verdict.status;
    if (watched.outcome.hello &&
        (status == Status::kCrashed || status == Status::kFailed)) {
      result.runs.push_back({result.seed, status, watched.outcome.ms});
      last = std::move(watched);
    }
  }
  result.status = last.verdict.status;
  result.inv = last.inv;
  result.message = last.verdict.message;
  result.want = last.verdict.want;
  result.got = last.verdict.got;
  result.fence = last.outcome.fence;
  if (result.status != Status::kPassed) {
    result.timeline = last.verdict.timeline;
    result.replay = last.verdict.replay;
    if (result.timeline.empty()) {
      result.tail = Tail(last.outcome.observations, last.verdict.at);
    }
    result.printed = last.outcome.printed;
    result.printed_lines = last.outcome.printed_lines;
  }

  // J-2.
  if (result.status == Status::kPassed && options_.canary) {
    const OneRun canary =
        RunOnce(*judged, entry, result.seed, RunKind::kCanary);
    if (canary.verdict.status == Status::kPassed) {
      result.status = Status::kSuspicious;
      result.message =
          "the driver reported falsified observations and the answers still "
          "came out right: something in this process writes them itself";
      result.tail = Tail(canary.outcome.observations, -1);
    }
  }

  // Text rules stand beside what was observed: code may avoid being counted.
  if (result.status == Status::kPassed) {
    for (const ForbiddenUse& use : FindForbidden(code_, lesson_.forbidden)) {
      if (use.rule->inv != entry.inv) continue;
      result.status = Status::kFailed;
      result.by_text = true;
      result.message = FileToEdit(lesson_);
      if (use.line > 0) tools::Append(&result.message, ":", use.line);
      tools::Append(&result.message, " says `", use.text, "`: ", use.rule->why);
      break;
    }
  }

  if (untouched_ && IsRed(result.status) &&
      result.status != Status::kInfraError) {
    result.status = Status::kNotImplemented;
    result.inv = NotImplemented(lesson_).id;
    if (!result.runs.empty()) result.runs.back().status = result.status;
  }
  if (result.status == Status::kPassed) result.score = entry.points;
  return result;
}

}  // namespace mn::judge
