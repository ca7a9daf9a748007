#include "runtime/sim/search.h"

#include <time.h>

#include <algorithm>
#include <memory>

namespace mn::sim {

namespace {

// CPU time of this thread. So a busy machine does not cut a search short.
class Stopwatch {
 public:
  double Seconds() const { return Now() - start_; }

 private:
  static double Now() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) +
           static_cast<double>(now.tv_nsec) * 1e-9;
  }

  double start_ = Now();
};

std::optional<Result> SearchByChance(const Config& config, Memory memory,
                                     Strategy& strategy,
                                     std::uint64_t schedules, double seconds,
                                     Effort* effort) {
  const Stopwatch watch;
  Settings settings;
  settings.memory = memory;
  std::optional<Result> failure;
  effort->complete = true;
  while (effort->executions < schedules) {
    Result r = Execute(config, settings, strategy);
    if (r.outcome == Outcome::kLearned) continue;
    effort->executions++;
    effort->steps += r.steps;
    if (r.outcome == Outcome::kViolation) {
      failure = std::move(r);
      break;
    }
    if (effort->executions % 256 == 0 && watch.Seconds() > seconds) {
      effort->complete = false;
      break;
    }
  }
  effort->seconds += watch.Seconds();
  return failure;
}

}  // namespace

void Learn(const Config& config, Memory memory) {
  Settings settings;
  settings.memory = memory;
  Unlearn();
  Random random(1);
  Pct pct(1);
  for (int i = 0; i < 3000; i++) {
    Execute(config, settings, random);
    Execute(config, settings, pct);
  }
}

std::optional<Result> SearchAll(const Config& config, Memory memory,
                                int preemptions, int delays, double seconds,
                                Effort* effort) {
  const Stopwatch watch;
  Settings settings;
  settings.memory = memory;
  auto strategy = std::make_unique<DepthFirst>(preemptions, delays);
  std::optional<Result> failure;
  for (;;) {
    Result r = Execute(config, settings, *strategy);
    effort->executions++;
    effort->steps += r.steps;
    if (r.outcome == Outcome::kLearned) {
      strategy = std::make_unique<DepthFirst>(preemptions, delays);
      continue;
    }
    if (r.outcome == Outcome::kViolation) {
      failure = std::move(r);
      break;
    }
    if (!strategy->Next()) {
      effort->complete = true;
      break;
    }
    if (effort->executions % 256 == 0 && watch.Seconds() > seconds) break;
  }
  effort->states += strategy->States();
  effort->seconds += watch.Seconds();
  return failure;
}

std::optional<Result> SearchRandom(const Config& config, Memory memory,
                                   std::uint64_t seed, std::uint64_t schedules,
                                   double seconds, Effort* effort) {
  Random strategy(seed);
  return SearchByChance(config, memory, strategy, schedules, seconds, effort);
}

std::optional<Result> SearchPct(const Config& config, Memory memory,
                                std::uint64_t seed, std::uint64_t schedules,
                                double seconds, Effort* effort) {
  Pct strategy(seed);
  return SearchByChance(config, memory, strategy, schedules, seconds, effort);
}

Result Rerun(const Config& config, Memory memory, const Schedule& schedule) {
  Settings settings;
  settings.memory = memory;
  settings.record = true;
  Replay strategy(schedule);
  return Execute(config, settings, strategy);
}

Schedule Shrink(const Config& config, Memory memory, const Result& failure) {
  Settings settings;
  settings.memory = memory;
  Schedule best = failure.schedule;
  for (std::size_t chunk = best.size(); chunk > 0;) {
    bool shrunk = false;
    for (std::size_t at = 0; at < best.size();) {
      Schedule less(best.begin(), best.begin() + static_cast<long>(at));
      const std::size_t end = std::min(at + chunk, best.size());
      less.insert(less.end(), best.begin() + static_cast<long>(end),
                  best.end());
      Replay strategy(less);
      Result r = Execute(config, settings, strategy);
      if (r.outcome == Outcome::kViolation && r.kind == failure.kind &&
          r.schedule.size() < best.size()) {
        best = std::move(r.schedule);
        shrunk = true;
      } else {
        at += chunk;
      }
    }
    if (chunk == 1 && !shrunk) break;
    if (!shrunk || chunk > best.size()) {
      chunk = chunk == 1 ? 1 : (chunk + 1) / 2;
      if (best.empty()) break;
    }
  }
  return best;
}

}  // namespace mn::sim
