// RQ-4, without luck: one operation of the owner runs machine instruction by
// machine instruction, and a thief strikes after one of them. Then everything
// is drained, and each goroutine must have come out once.
#include <algorithm>

#include "exercises/04_run_queue/judge/queue.h"

namespace mn {
namespace {

// What the thief takes.
constexpr std::int64_t kStealHalf = 0;
constexpr std::int64_t kStealRunnext = 1;

// The goroutines are numbered 0 … ring-1 in the ring, then runnext, then the
// one that is put.
struct Plan {
  std::int64_t start;    // head before anything
  std::int64_t ring;     // goroutines in the ring
  std::int64_t runnext;  // 1: one more in runnext
  std::int64_t op;
  std::int64_t thief;
};
constexpr std::size_t kNumbersOfAPlan = 5;

Plan PlanAt(const Numbers& n, std::size_t i) {
  i *= kNumbersOfAPlan;
  return {n[i], n[i + 1], n[i + 2], n[i + 3], n[i + 4]};
}

#ifdef MN_CASE_PROCESS

// A thief after instruction `position`. Returns the instructions stepped
// through.
std::int64_t Play(const Plan& plan, std::int64_t position, std::vector<G>& gs,
                  Numbers* everything) {
  static RunQueue q;
  StartAt(q, plan.start);
  // What a thief reads from a slot that nobody has written is seen.
  for (auto& slot : q.ring) slot.store(nullptr, memory_order_relaxed);
  for (std::int64_t i = 0; i < plan.ring; i++) {
    const std::uint32_t tail = q.tail.load();
    q.ring[tail % kRunqSize].store(&gs[static_cast<std::size_t>(i)]);
    q.tail.store(tail + 1);
  }
  q.runnext.store(plan.runnext ? &gs[static_cast<std::size_t>(plan.ring)]
                               : nullptr);
  q.runnext_streak = 0;
  global_batches.clear();

  static std::int64_t stolen[kRunqSize + 1];
  std::size_t stolen_n = 0;
  G* got = nullptr;
  const std::int64_t steps = judge::StepThrough(
      position,
      [&] {
        if (plan.op == kGet) {
          got = RunqGet(q);
        } else {
          RunqPut(q, &gs[static_cast<std::size_t>(plan.ring + plan.runnext)],
                  plan.op == kPutNext);
        }
      },
      [&] {
        stolen_n = plan.thief == kStealRunnext ? StealRunnext(q, stolen)
                                               : Steal(q, stolen);
      });

  everything->clear();
  if (got != nullptr) everything->push_back(got->id);
  everything->insert(everything->end(), stolen, stolen + stolen_n);
  for (const auto& batch : global_batches) {
    everything->insert(everything->end(), batch.begin(), batch.end());
  }
  for (std::int64_t i = 0; i < kRunqSize + 2; i++) {
    const G* gp = RunqGet(q);
    if (gp == nullptr) break;
    everything->push_back(gp->id);
  }
  return steps;
}

void Drive(Driver& d) {
  std::vector<G> gs = MakeGs(kRunqSize + 2);
  Numbers everything;
  everything.reserve(2 * kRunqSize);
  const Numbers& plans = d.work("plans");
  for (std::size_t i = 0; i < plans.size() / kNumbersOfAPlan; i++) {
    const Plan plan = PlanAt(plans, i);
    const std::int64_t length = Play(plan, judge::kNever, gs, &everything);
    if (length < 0) return d.Observe("cannot_step", length);
    // All positions of a short operation, a sample of a long one: a step costs
    // some ten microseconds in a virtual machine, and there are length²/2.
    constexpr std::int64_t kSteps = 1200;
    const std::int64_t positions =
        std::max<std::int64_t>(2, 2 * kSteps / length);
    const std::int64_t stride = std::max<std::int64_t>(1, length / positions);
    for (std::int64_t at = 1 + d.rng().Between(0, stride - 1); at <= length;
         at += stride) {
      Play(plan, at, gs, &everything);
      d.Observe("at", {static_cast<std::int64_t>(i), at});
      d.Observe("out", everything);
    }
  }
}

const bool kRegistered =
    judge::RegisterDriver("RunQueue.ThiefAtEveryInstruction", Drive);

#else

std::int64_t Goroutines(const Plan& p) {
  return p.ring + p.runnext + (p.op != kGet);
}

Workload Make(Random& rng) {
  Numbers plans;
  const auto add = [&](std::int64_t ring, std::int64_t runnext, std::int64_t op,
                       std::int64_t thief) {
    plans.insert(plans.end(), {AnyStart(rng), ring, runnext, op, thief});
  };
  add(1, 0, kGet, kStealHalf);
  add(rng.Between(2, 5), 0, kGet, kStealHalf);
  add(rng.Between(6, 200), 0, kGet, kStealHalf);
  add(0, 1, kGet, kStealRunnext);
  add(rng.Between(1, 5), 1, kGet, kStealRunnext);
  add(rng.Between(1, 5), 1, kGet, kStealHalf);
  add(0, 0, kPut, kStealHalf);
  add(rng.Between(1, 5), 0, kPut, kStealHalf);
  add(rng.Between(0, 5), 1, kPutNext, kStealRunnext);
  add(rng.Between(1, 5), 1, kPutNext, kStealHalf);
  add(kSize, 0, kPut, kStealHalf);
  add(kSize, 1, kPutNext, kStealRunnext);
  return {{"plans", plans}};
}

// A thief after the first instruction of each plan.
Observations Right(const Workload& work) {
  const Numbers& plans = work.at("plans");
  Observations right;
  for (std::size_t i = 0; i < plans.size() / kNumbersOfAPlan; i++) {
    right.push_back({"at", {static_cast<std::int64_t>(i), 1}});
    right.push_back({"out", {}});
    for (std::int64_t id = 0; id < Goroutines(PlanAt(plans, i)); id++) {
      right.back().values.push_back(id);
    }
  }
  return right;
}

std::string Describe(const Plan& plan) {
  std::string text = plan.op == kGet       ? "RunqGet"
                     : plan.op == kPutNext ? "RunqPut(next)"
                                           : "RunqPut";
  text += " with " + std::to_string(plan.ring) + " in the ring" +
          (plan.runnext ? " and one in runnext" : "");
  return text + (plan.thief == kStealRunnext ? ", a thief takes runnext"
                                             : ", a thief takes half");
}

Verdict Decide(const Workload& work, const Observations& seen) {
  const Numbers& plans = work.at("plans");
  const auto count = static_cast<std::int64_t>(plans.size() / kNumbersOfAPlan);
  if (seen.size() == 1 && seen[0].kind == "cannot_step") {
    return Verdict::Inconclusive("this processor cannot be single-stepped");
  }
  std::int64_t plans_seen = 0;
  for (std::size_t i = 0; i + 1 < seen.size(); i += 2) {
    const Observation &at = seen[i], &out = seen[i + 1];
    if (at.kind != "at" || out.kind != "out" || at.values.size() != 2 ||
        at.values[0] < 0 || at.values[0] >= count) {
      return Verdict::Failed("observations out of order", "at, out", at.kind,
                             static_cast<int>(i));
    }
    const Plan plan = PlanAt(plans, static_cast<std::size_t>(at.values[0]));
    plans_seen = std::max(plans_seen, at.values[0] + 1);
    const judge::ExactlyOnceFault fault =
        judge::ExactlyOnce(out.values, Goroutines(plan), NameOf);
    if (fault.what.empty()) continue;
    return Verdict::Failed(fault.what + ": " + Describe(plan) +
                               " after instruction " +
                               std::to_string(at.values[1]),
                           "each of " + std::to_string(Goroutines(plan)) +
                               " goroutines comes out once",
                           fault.got, static_cast<int>(i + 1));
  }
  if (plans_seen != count) {
    return judge::TooLittle(std::to_string(count) + " scenarios");
  }
  return Verdict::Passed();
}

const bool kRegistered = judge::RegisterCases({
    {"RunQueue.ThiefAtEveryInstruction", Make, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
