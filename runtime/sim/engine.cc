#include "runtime/sim/engine.h"

#include <utility>

#include "runtime/sim/arena.h"
#include "runtime/sim/crash.h"
#include "runtime/sim/execution.h"
#include "runtime/sim/locations.h"
#include "runtime/sim/races.h"
#include "runtime/sim/threads.h"

namespace mn::sim {

void Unlearn() { ForgetLocations(); }

Result Execute(const Config& config, const Settings& settings,
               Strategy& strategy) {
  execution = Execution{};
  execution.settings = &settings;
  execution.strategy = &strategy;
  execution.every_step = strategy.EveryStep();
  CatchFaults();
  StartLocations();
  StartRaces();
  ResetArenas();
  strategy.Begin();
  UseArena(0);
  config.setup();
  UseArena(-1);
  execution.running = true;
  PickNext();  // comes back by Leave
  // Thread 0's view is as good as any now, because nothing runs any more.
  if (execution.result.outcome == Outcome::kDone && config.check != nullptr) {
    try {
      config.check();
    } catch (Outcome) {
    }
  }
  execution.running = false;
  return std::move(execution.result);
}

}  // namespace mn::sim
