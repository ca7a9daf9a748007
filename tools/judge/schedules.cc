// The driver of every case of kind schedules. What it says and what it may not
// say: schedules_oracle.h.
//
//   s where CONFIG MEMORY          before a violation
//   s kind KIND / s violation TEXT / s timeline LINE … / s replay SEED
//   o searched CONFIG MEMORY EXECUTIONS COMPLETE
//   o replayed 1                   a replayed schedule without a violation
#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>

#include "runtime/sim/explore.h"
#include "tools/judge/case.h"

namespace mn::judge {
namespace {

// CPU time. What is left out is never silent: the verdict is inconclusive then.
constexpr double kSecondsPerSearch = 5;
constexpr std::uint64_t kRandomSchedules = 1500;

void Report(Driver& d, const sim::Report& report) {
  const char* config = sim::Configs()[report.config].name;
  const std::string where =
      std::string(config) + "/" + sim::MemoryName(report.memory);
  std::istringstream lines(report.timeline);
  for (std::string line; std::getline(lines, line);) d.Say("timeline", line);
  d.Say("where", where + ", " + sim::Configs()[report.config].what);
  d.Say("replay", where + "/" + report.violation->replay);
  d.Say("kind", report.violation->kind);
  d.Say("violation", report.violation->text);
}

// A configuration as the manifest names it: NAME or NAME:PREEMPTIONS.
struct Wanted {
  std::size_t config;
  sim::Bound bound;
};

Wanted Find(const std::string& word) {
  const std::size_t colon = word.find(':');
  const std::string name = word.substr(0, colon);
  for (std::size_t i = 0; i < sim::Configs().size(); i++) {
    if (name != sim::Configs()[i].name) continue;
    Wanted wanted = {i, sim::Configs()[i].quick};
    if (colon != std::string::npos) {
      wanted.bound.preemptions = std::atoi(word.c_str() + colon + 1);
    }
    return wanted;
  }
  std::fprintf(stderr, "the model has no configuration %s\n", name.c_str());
  std::exit(70);
}

// False: it has reported a violation. `chance_only`: a search of the case was
// cut, so this one can only still find a violation. Chance finds one soonest.
bool Search(Driver& d, std::int64_t number, const Wanted& wanted,
            sim::Memory memory, bool* chance_only) {
  std::int64_t executions = 0;
  for (const sim::Plan& plan :
       sim::Plans(wanted.config, memory, wanted.bound, d.rng().Next(),
                  kRandomSchedules, kSecondsPerSearch)) {
    if (*chance_only && plan.method == sim::Method::kAll) continue;
    const sim::Report report = sim::Explore(plan);
    if (report.violation) {
      Report(d, report);
      return false;
    }
    executions += static_cast<std::int64_t>(report.effort.executions);
    if (!report.effort.complete) *chance_only = true;
  }
  d.Observe("searched",
            {number, memory == sim::Memory::kTso, executions, !*chance_only});
  return true;
}

void Schedules(Driver& d) {
  const std::string replay = d.text("replay");
  if (!replay.empty()) {
    const auto report =
        sim::ReplaySchedule(replay.substr(replay.rfind('/') + 1));
    if (!report) return;
    if (report->violation) return Report(d, *report);
    return d.Observe("replayed", 1);
  }
  std::istringstream words(d.text("configs"));
  std::int64_t number = 0;
  bool chance_only = false;
  for (std::string word; words >> word; number++) {
    const Wanted wanted = Find(word);
    for (const sim::Memory memory : {sim::Memory::kSc, sim::Memory::kTso}) {
      if (!Search(d, number, wanted, memory, &chance_only)) return;
    }
  }
}

const bool kRegistered = RegisterDriver(kAnyCase, Schedules);

}  // namespace
}  // namespace mn::judge
