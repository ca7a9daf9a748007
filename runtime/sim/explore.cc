#include "runtime/sim/explore.h"

#include <utility>

#include "runtime/sim/schedule_text.h"
#include "runtime/sim/timeline.h"

namespace mn::sim {

namespace {

// Learn, unless what is known is known of this pair.
void LearnOnce(std::size_t config, Memory memory) {
  static std::size_t learned_config = SIZE_MAX;
  static Memory learned_memory;
  if (learned_config == config && learned_memory == memory) return;
  Learn(Configs()[config], memory);
  learned_config = config;
  learned_memory = memory;
}

std::optional<Result> Search(const Plan& plan, Effort* effort) {
  const Config& config = Configs()[plan.config];
  switch (plan.method) {
    case Method::kAll:
      return SearchAll(config, plan.memory, plan.bound.preemptions,
                       plan.bound.delays, plan.seconds, effort);
    case Method::kRandom:
      return SearchRandom(config, plan.memory, plan.seed, plan.schedules,
                          plan.seconds, effort);
    case Method::kPct:
      return SearchPct(config, plan.memory, plan.seed, plan.schedules,
                       plan.seconds, effort);
  }
  return std::nullopt;
}

// Runs a schedule once more and writes down what happens.
void Draw(const Schedule& schedule, bool all_steps, Report* report) {
  const Result r = Rerun(Configs()[report->config], report->memory, schedule);
  report->timeline = Timeline(r, all_steps);
  if (r.outcome != Outcome::kViolation) return;
  report->violation = {r.kind, r.text, r.preemptions, r.steps,
                       Encode({report->config, report->memory, schedule})};
}

}  // namespace

const char* MemoryName(Memory memory) {
  return memory == Memory::kSc ? "sc" : "tso";
}

std::vector<Plan> Plans(std::size_t config, Memory memory, Bound bound,
                        std::uint64_t seed, std::uint64_t schedules,
                        double seconds) {
  std::vector<Plan> plans;
  Plan plan;
  plan.config = config;
  plan.memory = memory;
  plan.seed = seed;
  plan.schedules = schedules;
  plan.seconds = seconds;
  for (int p = 0; p <= bound.preemptions; p++) {
    plan.bound = {p, bound.delays};
    plans.push_back(plan);
  }
  for (const Method by_chance : {Method::kRandom, Method::kPct}) {
    plan.method = by_chance;
    plans.push_back(plan);
  }
  return plans;
}

Report Explore(const Plan& plan) {
  Report report;
  report.config = plan.config;
  report.memory = plan.memory;
  LearnOnce(plan.config, plan.memory);
  const auto failure = Search(plan, &report.effort);
  if (!failure) return report;
  Draw(Shrink(Configs()[plan.config], plan.memory, *failure), plan.all_steps,
       &report);
  if (!report.violation) {
    // EXP-1 does not hold of this model.
    report.violation = {"model",
                        "the schedule does not repeat: " + failure->text,
                        failure->preemptions, failure->steps,
                        Encode({plan.config, plan.memory, failure->schedule})};
  }
  return report;
}

std::optional<Report> ReplaySchedule(const std::string& text, bool all_steps) {
  Ticket ticket;
  if (!Decode(text, &ticket) || ticket.config >= Configs().size()) {
    return std::nullopt;
  }
  Report report;
  report.config = ticket.config;
  report.memory = ticket.memory;
  // Which steps are worth a row.
  LearnOnce(ticket.config, ticket.memory);
  Draw(ticket.schedule, all_steps, &report);
  return report;
}

}  // namespace mn::sim
