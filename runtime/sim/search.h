// The search: all schedules of a configuration up to a bound, or many by
// chance, and the shortest failing one.
#pragma once

#include <cstdint>
#include <optional>

#include "runtime/sim/engine.h"

namespace mn::sim {

struct Effort {
  std::uint64_t executions = 0;
  std::uint64_t steps = 0;
  std::size_t states = 0;
  double seconds = 0;
  bool complete = false;  // nothing within the bound was left out
};

// Before the other three: which atomics are contended is learned more quickly
// by chance. (SearchAll starts anew when it learns of another one.)
void Learn(const Config& config, Memory memory);

// Each returns the first failure. They stop, incomplete, after `seconds`.
std::optional<Result> SearchAll(const Config& config, Memory memory,
                                int preemptions, int delays, double seconds,
                                Effort* effort);
std::optional<Result> SearchRandom(const Config& config, Memory memory,
                                   std::uint64_t seed, std::uint64_t schedules,
                                   double seconds, Effort* effort);
std::optional<Result> SearchPct(const Config& config, Memory memory,
                                std::uint64_t seed, std::uint64_t schedules,
                                double seconds, Effort* effort);

// The execution that a schedule describes, recorded.
Result Rerun(const Config& config, Memory memory, const Schedule& schedule);

// Leaves out of a failing schedule whatever is not needed for the same kind of
// failure. Returns what is left.
Schedule Shrink(const Config& config, Memory memory, const Result& failure);

}  // namespace mn::sim
