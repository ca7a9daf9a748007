// CTX-3: a swap resumes the participant it names, where that one left off.
#include "exercises/02_context_switch/judge/contexts.h"

namespace mn {
namespace {

#ifdef MN_CASE_PROCESS

// `turns` is a local of one activation: it counts on only if the participant
// goes on where it left off.
void Play(Fiber& self, std::int64_t turns) {
  FollowSchedule(self, [&turns](Fiber& me, Fiber& next) {
    Swap(me, next);
    driver->Observe("ran", {me.id, ++turns});
  });
}

void Body(Fiber& self) {
  std::int64_t turns = 0;
  Swap(self, fibers->main());
  driver->Observe("ran", {self.id, ++turns});
  Play(self, turns);
}

void Drive(Driver& d) {
  Fibers all(kContexts);
  Begin(d, all);
  all.StartAll(Body);
  Play(all.main(), 0);
}

const bool kRegistered = judge::RegisterDriver("Context.PingPong", Drive);

#else

Observations Right(const Workload& work) {
  Observations right;
  for (const auto& [id, nth] : Returns(work.at("schedule"), 0)) {
    right.push_back({"ran", {id, nth}});
  }
  return right;
}

std::string Describe(const Observation& o) {
  if (o.kind != "ran" || o.values.size() != 2) return o.kind;
  return Who(o.values[0]) + ", its turn number " + std::to_string(o.values[1]);
}

Verdict Decide(const Workload& work, const Observations& seen) {
  if (OnlyMainRan(seen)) return NothingRan();
  const Numbers& schedule = work.at("schedule");
  return judge::CompareWithModel(
      Right(work), seen, Describe,
      [&](const Observation& want, const Observation&, int number) {
        const std::int64_t left =
            number == 1 ? kMain
                        : schedule[static_cast<std::size_t>(number - 2)];
        return "swap number " + std::to_string(number) + ", from " + Who(left) +
               " to " + Who(want.values[0]) + ", did not go on with that one";
      });
}

const bool kRegistered = judge::RegisterCases({
    {"Context.PingPong", MakeScheduled, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
