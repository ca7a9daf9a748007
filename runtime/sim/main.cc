// The command line of every model. See README.md.
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/sim/explore.h"
#include "runtime/sim/schedule_text.h"
#include "runtime/sim/timeline.h"

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

// A failure that was found, for the reader.
int Report(std::size_t config, Memory memory, const Result& found,
           const char* how) {
  const Config& c = Configs()[config];
  const Schedule schedule = Shrink(c, memory, found);
  const Result r = Rerun(c, memory, schedule);
  if (r.outcome != Outcome::kViolation) {
    std::fprintf(stderr, "sim: the schedule does not repeat: %s\n",
                 found.text.c_str());
    return 3;
  }
  const Ticket ticket{config, memory, schedule};
  absl::PrintF(
      "\nVIOLATION: %s: %s\n"
      "%s, memory %s, found by %s: %d preemptions, %d steps\n\n%s\n"
      "VIOLATION: %s: %s\n"
      "replay: --replay=%s\n",
      r.kind, r.text, c.name, memory == Memory::kSc ? "sc" : "tso", how,
      r.preemptions, r.steps, Timeline(r, absl::GetFlag(FLAGS_all_steps)),
      r.kind, r.text, Encode(ticket));
  return 1;
}

int ReplayOne(const std::string& text) {
  Ticket ticket;
  if (!Decode(text, &ticket) || ticket.config >= Configs().size()) {
    std::fprintf(stderr,
                 "sim: --replay=%s is not a schedule of this model; copy it "
                 "from the report\n",
                 text.c_str());
    return 64;
  }
  const Config& c = Configs()[ticket.config];
  Learn(c, ticket.memory);  // which steps are worth a row
  const Result r = Rerun(c, ticket.memory, ticket.schedule);
  absl::PrintF("%s, memory %s\n\n%s\n", c.name,
               ticket.memory == Memory::kSc ? "sc" : "tso",
               Timeline(r, absl::GetFlag(FLAGS_all_steps)));
  if (r.outcome != Outcome::kViolation) {
    absl::PrintF("no violation in this schedule\n");
    return 0;
  }
  absl::PrintF("VIOLATION: %s: %s\n", r.kind, r.text);
  return 1;
}

// 0, or kIncomplete.
int Summary(const Config& c, Memory memory, const std::string& what,
            const Effort& e) {
  absl::PrintF(
      "%-24s %-3s  %-28s %9d executions %9d states %10d steps %6.1f s%s\n",
      c.name, memory == Memory::kSc ? "sc" : "tso", what, e.executions,
      e.states, e.steps, e.seconds, e.complete ? "" : "  NOT COMPLETE");
  std::fflush(stdout);
  return e.complete ? 0 : kIncomplete;
}

// 0 or kIncomplete; anything else: a violation, and no more is looked for.
int Explore(std::size_t index, Memory memory) {
  const Config& c = Configs()[index];
  const bool is_long = absl::GetFlag(FLAGS_long);
  const Bound bound = is_long ? c.proof : c.quick;
  const int preemptions = absl::GetFlag(FLAGS_preemptions) >= 0
                              ? absl::GetFlag(FLAGS_preemptions)
                              : bound.preemptions;
  const int delays = absl::GetFlag(FLAGS_delays) >= 0
                         ? absl::GetFlag(FLAGS_delays)
                         : bound.delays;
  const double seconds = absl::GetFlag(FLAGS_seconds);
  Learn(c, memory);
  int status = 0;
  // From the fewest preemptions up: what is found first is easiest to read.
  for (int p = 0; p <= preemptions; p++) {
    Effort effort;
    const auto failure = SearchAll(c, memory, p, delays, seconds, &effort);
    if (failure) return Report(index, memory, *failure, "exhaustive search");
    status |=
        Summary(c, memory, absl::StrCat(p, " preemptions, ", delays, " delays"),
                effort);
  }
  const std::uint64_t schedules =
      is_long
          ? std::max<std::uint64_t>(1'000'000, absl::GetFlag(FLAGS_schedules))
          : absl::GetFlag(FLAGS_schedules);
  Effort random;
  if (const auto failure = SearchRandom(c, memory, absl::GetFlag(FLAGS_seed),
                                        schedules, seconds, &random)) {
    return Report(index, memory, *failure, "random schedules");
  }
  status |= Summary(c, memory, "random", random);
  Effort pct;
  if (const auto failure = SearchPct(c, memory, absl::GetFlag(FLAGS_seed),
                                     schedules, seconds, &pct)) {
    return Report(index, memory, *failure, "PCT");
  }
  return status | Summary(c, memory, "PCT", pct);
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
  if (!replay.empty()) return ReplayOne(replay);
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
      const int found = Explore(i, m);
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
