// The explorer as a library, for a program that contains one model.
//
// The command line of a model (main.cc) is such a program, and so is the judge
// of a lesson whose cases are schedules. Nothing here prints and nothing reads
// flags. A fault of the model itself (a set-up that differs from execution to
// execution) still ends the process, with a line on stderr.
//
// Protocol: Configs() (model.h) names the configurations. Plans() says which
// searches a configuration deserves. Explore() runs one of them.
// ReplaySchedule() runs the one schedule that a report names.
//
//   for (const Plan& plan : Plans(0, Memory::kTso, Configs()[0].quick)) {
//     const Report r = Explore(plan);
//     if (r.violation) Fail(r.violation->text, r.violation->timeline);
//   }
//
// One thread calls all of this: the engine is one per process. The engine
// catches SIGSEGV and SIGBUS from the first execution on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/sim/engine.h"
#include "runtime/sim/model.h"
#include "runtime/sim/search.h"

namespace mn::sim {

enum class Method : std::uint8_t {
  kAll,     // every schedule within the bound
  kRandom,  // so many schedules by chance
  kPct,     // so many schedules of PCT (strategy.h)
};

// One search.
struct Plan {
  std::size_t config = 0;  // an index into Configs()
  Memory memory = Memory::kSc;
  Method method = Method::kAll;
  Bound bound{};                   // of kAll
  std::uint64_t seed = 1;          // of kRandom and kPct
  std::uint64_t schedules = 3000;  // of kRandom and kPct
  double seconds = 1e9;            // give up after so long
  bool all_steps = false;          // in the timeline: see Timeline
};

struct Violation {
  std::string kind;  // "deadlock", "data race": README.md lists them
  std::string text;
  int preemptions = 0;
  std::uint32_t steps = 0;
  std::string replay;  // for ReplaySchedule
};

struct Report {
  std::size_t config = 0;
  Memory memory = Memory::kSc;
  Effort effort;  // of a search
  // The first violation that was found, shrunk.
  std::optional<Violation> violation;
  // Of the violation. ReplaySchedule also draws a schedule without one.
  std::string timeline;
};

// "sc" or "tso".
const char* MemoryName(Memory memory);

// The customary searches of one configuration, in order: everything with 0, 1,
// 2 ... bound.preemptions preemptions, because what is found first is then the
// easiest to read; by chance; PCT. `seed`, `schedules` and `seconds` are those
// of each search.
std::vector<Plan> Plans(std::size_t config, Memory memory, Bound bound,
                        std::uint64_t seed = 1, std::uint64_t schedules = 3000,
                        double seconds = 1e9);

Report Explore(const Plan& plan);

// Runs the schedule that Violation::replay names. Nothing: the text names no
// schedule of this program's model.
std::optional<Report> ReplaySchedule(const std::string& text,
                                     bool all_steps = false);

}  // namespace mn::sim
