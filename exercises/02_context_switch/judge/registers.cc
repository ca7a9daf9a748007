// CTX-1: random numbers in all registers that must survive a swap.
#include "exercises/02_context_switch/judge/contexts.h"

namespace mn {
namespace {

#ifdef MN_CASE_PROCESS

void Turn(Fiber& self, Fiber& next) {
  const std::int64_t nth = ++self.turns;
  Probe probe;
  for (std::size_t reg = 0; reg < kRegisterCount; reg++) {
    probe.before[reg] =
        RegisterValue(driver->number("seed"), self.id, nth, reg);
  }
  Swap(self, next, probe);
  Numbers seen = {self.id, nth};
  for (std::uint64_t value : probe.after) {
    seen.push_back(static_cast<std::int64_t>(value));
  }
  driver->Observe("registers", seen);
}

void Body(Fiber& self) {
  Turn(self, fibers->main());
  FollowSchedule(self, Turn);
}

void Drive(Driver& d) {
  Fibers all(kContexts);
  Begin(d, all);
  all.StartAll(Body);
  FollowSchedule(all.main(), Turn);
}

const bool kRegistered =
    judge::RegisterDriver("Context.RegistersSurvive", Drive);

#else

Numbers RightRegisters(const Workload& work, std::int64_t id,
                       std::int64_t nth) {
  Numbers values = {id, nth};
  for (std::size_t reg = 0; reg < kRegisterCount; reg++) {
    values.push_back(static_cast<std::int64_t>(
        RegisterValue(work.at("seed")[0], id, nth, reg)));
  }
  return values;
}

Observations Right(const Workload& work) {
  Observations right;
  for (const auto& [id, nth] : Returns(work.at("schedule"), 0)) {
    right.push_back({"registers", RightRegisters(work, id, nth)});
  }
  return right;
}

Verdict Decide(const Workload& work, const Observations& seen) {
  if (OnlyMainRan(seen)) return NothingRan();
  for (std::size_t i = 0; i < seen.size(); i++) {
    const Numbers& v = seen[i].values;
    if (seen[i].kind != "registers" || v.size() != 2 + kRegisterCount) {
      return judge::Unexpected(seen[i], static_cast<int>(i));
    }
    const Verdict verdict =
        CompareRegisters(kRegisters, RightRegisters(work, v[0], v[1]), v,
                         DidNotSurvive(v), static_cast<int>(i));
    if (verdict.status != judge::Status::kPassed) return verdict;
  }
  // Each entry of the schedule lets somebody come back from a swap.
  const std::size_t swaps = work.at("schedule").size();
  if (seen.size() == swaps) return Verdict::Passed();
  return judge::TooLittle(std::to_string(swaps) + " swaps that returned");
}

const bool kRegistered = judge::RegisterCases({
    {"Context.RegistersSurvive", MakeScheduled, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
