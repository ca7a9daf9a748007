// The command line of every model. See README.md.
#include <algorithm>
#include <cstdio>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/sim/explore.h"

ABSL_FLAG(std::string, replay, "",
          "run the one schedule that this string describes, as a timeline");
ABSL_FLAG(std::string, config, "", "explore only the configuration so named");
ABSL_FLAG(std::string, memory, "both", "sc, tso or both");
ABSL_FLAG(int, preemptions, -1,
          "exhaustive up to so many preemptions; -1: the configuration's own");
ABSL_FLAG(int, delays, -1,
          "... and so many buffered stores and early returns; -1: its own");
ABSL_FLAG(std::uint64_t, schedules, 3000,
          "random schedules, and as many of PCT, for each memory");
ABSL_FLAG(std::uint64_t, seed, 1, "of the random schedules");
ABSL_FLAG(bool, long, false,
          "the proof: the long bounds, and at least a million schedules");
ABSL_FLAG(double, seconds, 1e9,
          "give up a search after so long; what is left out is said");
ABSL_FLAG(bool, all_steps, false,
          "in timelines, also the steps that no other thread could notice");
ABSL_FLAG(bool, list, false, "name the configurations and their long bounds");

namespace mn::sim {
namespace {

// The exit status if --seconds cut a search off and no violation was found.
constexpr int kIncomplete = 2;

// 1: the report shows a violation, to the reader too.
int PrintViolation(const Report& r, const std::string& how) {
  const Violation& v = *r.violation;
  absl::PrintF(
      "\nVIOLATION: %s: %s\n"
      "%s, memory %s, found by %s: %d preemptions, %d steps\n\n%s\n"
      "VIOLATION: %s: %s\n"
      "replay: --replay=%s\n",
      v.kind, v.text, Configs()[r.config].name, MemoryName(r.memory), how,
      v.preemptions, v.steps, r.timeline, v.kind, v.text, v.replay);
  return 1;
}

int PrintReplay(const std::string& text) {
  const auto r = ReplaySchedule(text, absl::GetFlag(FLAGS_all_steps));
  if (!r) {
    std::fprintf(stderr,
                 "sim: --replay=%s is not a schedule of this model; copy it "
                 "from the report\n",
                 text.c_str());
    return 64;
  }
  absl::PrintF("%s, memory %s\n\n%s\n", Configs()[r->config].name,
               MemoryName(r->memory), r->timeline);
  if (!r->violation) {
    absl::PrintF("no violation in this schedule\n");
    return 0;
  }
  absl::PrintF("VIOLATION: %s: %s\n", r->violation->kind, r->violation->text);
  return 1;
}

// 0, or kIncomplete.
int PrintEffort(const Report& r, const std::string& what) {
  const Effort& e = r.effort;
  absl::PrintF(
      "%-24s %-3s  %-28s %9d executions %9d states %10d steps %6.1f s%s\n",
      Configs()[r.config].name, MemoryName(r.memory), what, e.executions,
      e.states, e.steps, e.seconds, e.complete ? "" : "  NOT COMPLETE");
  std::fflush(stdout);
  return e.complete ? 0 : kIncomplete;
}

// What a search of the plan's kind is called.
struct Words {
  std::string what;
  std::string how;  // it found something
};

Words Describe(const Plan& plan) {
  switch (plan.method) {
    case Method::kAll:
      return {absl::StrCat(plan.bound.preemptions, " preemptions, ",
                           plan.bound.delays, " delays"),
              "exhaustive search"};
    case Method::kRandom:
      return {"random", "random schedules"};
    case Method::kPct:
      return {"PCT", "PCT"};
  }
  return {};
}

Bound BoundOf(const Config& c) {
  Bound bound = absl::GetFlag(FLAGS_long) ? c.proof : c.quick;
  if (absl::GetFlag(FLAGS_preemptions) >= 0) {
    bound.preemptions = absl::GetFlag(FLAGS_preemptions);
  }
  if (absl::GetFlag(FLAGS_delays) >= 0) {
    bound.delays = absl::GetFlag(FLAGS_delays);
  }
  return bound;
}

// 0 or kIncomplete; anything else: a violation, and no more is looked for.
int ExploreConfig(std::size_t index, Memory memory) {
  std::uint64_t schedules = absl::GetFlag(FLAGS_schedules);
  if (absl::GetFlag(FLAGS_long)) {
    schedules = std::max<std::uint64_t>(1'000'000, schedules);
  }
  int status = 0;
  for (Plan& plan : Plans(index, memory, BoundOf(Configs()[index]),
                          absl::GetFlag(FLAGS_seed), schedules,
                          absl::GetFlag(FLAGS_seconds))) {
    plan.all_steps = absl::GetFlag(FLAGS_all_steps);
    const Words words = Describe(plan);
    const Report report = Explore(plan);
    if (report.violation) return PrintViolation(report, words.how);
    status |= PrintEffort(report, words.what);
  }
  return status;
}

int Main() {
  if (absl::GetFlag(FLAGS_list)) {
    for (const Config& c : Configs()) {
      absl::PrintF("%-24s %d preemptions, %d delays; %s\n", c.name,
                   c.proof.preemptions, c.proof.delays, c.what);
    }
    return 0;
  }
  const std::string replay = absl::GetFlag(FLAGS_replay);
  if (!replay.empty()) return PrintReplay(replay);
  const std::string only = absl::GetFlag(FLAGS_config);
  const std::string memory = absl::GetFlag(FLAGS_memory);
  if (memory != "sc" && memory != "tso" && memory != "both") {
    std::fprintf(stderr, "sim: --memory=%s: use sc, tso or both\n",
                 memory.c_str());
    return 64;
  }
  bool any = false;
  int status = 0;
  for (std::size_t i = 0; i < Configs().size(); i++) {
    if (!only.empty() && only != Configs()[i].name) continue;
    any = true;
    for (const Memory m : {Memory::kSc, Memory::kTso}) {
      if (memory == "sc" && m != Memory::kSc) continue;
      if (memory == "tso" && m != Memory::kTso) continue;
      const int found = ExploreConfig(i, m);
      if (found != 0 && found != kIncomplete) return found;
      status |= found;
    }
  }
  if (!any) {
    std::fprintf(stderr, "sim: no configuration %s; --list names them\n",
                 only.c_str());
    return 64;
  }
  return status;
}

}  // namespace
}  // namespace mn::sim

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "explores the schedules of a model; exit status 1: a violation; 2: none, "
      "but --seconds cut a search off");
  absl::ParseCommandLine(argc, argv);
  return mn::sim::Main();
}
