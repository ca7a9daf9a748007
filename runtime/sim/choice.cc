#include "runtime/sim/choice.h"

#include "runtime/sim/arena.h"
#include "runtime/sim/execution.h"
#include "runtime/sim/model.h"

namespace mn::sim {

namespace {

// Identifies all that the rest of the execution depends on. Mixed in is what
// the threads' histories do not say.
std::uint64_t StateAt(PointKind kind, int current) {
  std::uint64_t s =
      Mix(execution.events, static_cast<std::uint64_t>(kind) * 64 +
                                static_cast<std::uint64_t>(current + 1));
  for (int i = 0; i < execution.nthreads; i++) {
    const Thread& t = threads[i];
    s = s * 32 + static_cast<std::uint64_t>(t.spins) * 4 +
        (t.state == Thread::kAwaiting ? 2u : 0u) + t.relaxing;
  }
  return Mix(s, static_cast<std::uint64_t>(execution.nthreads));
}

}  // namespace

int Ask(PointKind kind, const Option* options, int n, int current) {
  const std::uint32_t at = execution.choices++;
  if (n == 1) return 0;
  const int pick =
      execution.strategy->Pick({kind, at, StateAt(kind, current)}, options, n);
  if (pick == Strategy::kPrune) Leave(Outcome::kPruned);
  if (pick != 0) {
    const OutsideArena outside;
    execution.result.schedule.push_back({at, static_cast<std::uint8_t>(pick)});
  }
  execution.result.preemptions += options[pick].preemption;
  return pick;
}

bool AskWhether(PointKind kind, bool worth_it) {
  if (!worth_it && !execution.every_step) {
    execution.choices++;
    return false;
  }
  const auto self = static_cast<std::uint8_t>(execution.current);
  const Option options[] = {{Option::kValue, self, 0, 0},
                            {Option::kValue, self, 0, 1}};
  return Ask(kind, options, 2, execution.current) != 0;
}

int Choose(int n) {
  Option options[kMaxOptions];
  for (int i = 0; i < n; i++) {
    options[i] = {Option::kValue, static_cast<std::uint8_t>(execution.current),
                  0, 0};
  }
  const int pick = Ask(PointKind::kValue, options, n, execution.current);
  Happens(Current(), 19, static_cast<std::uint64_t>(pick));
  return pick;
}

}  // namespace mn::sim
