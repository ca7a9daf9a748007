// RQ-5: bursts that never overflow take no lock and no memory.
#include "exercises/04_run_queue/judge/queue.h"

namespace mn {
namespace {

#ifdef MN_CASE_PROCESS

void Drive(judge::Driver& d) {
  std::vector<G> gs = MakeGs(kRunqSize);
  RunQueue q;
  for (std::int64_t burst : d.work("bursts")) {
    std::int64_t out = 0;
    judge::StartCounting();
    for (std::int64_t i = 0; i < burst; i++) {
      RunqPut(q, &gs[static_cast<std::size_t>(i)], i % 3 == 0);
    }
    while (out < burst && RunqGet(q) != nullptr) out++;
    const judge::Counts counts = judge::StopCounting();
    d.Observe("burst", {out, counts.allocations, counts.locks});
  }
}

const bool kRegistered = judge::RegisterDriver("RunQueue.FastPath", Drive);

#else

using judge::Observation;
using judge::Observations;
using judge::Verdict;
using judge::Workload;

Workload Make(judge::Random& rng) {
  std::vector<std::int64_t> bursts;
  for (int i = 0; i < 50; i++) bursts.push_back(rng.Between(1, kSize - 1));
  return {{"bursts", bursts}};
}

Observations Right(const Workload& work) {
  Observations right;
  for (std::int64_t burst : work.at("bursts")) {
    right.push_back({"burst", {burst, 0, 0}});
  }
  return right;
}

std::string Describe(const Observation& o) {
  if (o.values.size() != 3) return o.kind;
  return std::to_string(o.values[0]) + " goroutines out, " +
         std::to_string(o.values[1]) + " allocations, " +
         std::to_string(o.values[2]) + " locks";
}

std::string Complaint(const Observation& want, const Observation& got, int) {
  if (got.values.size() == 3 && (got.values[1] != 0 || got.values[2] != 0)) {
    return "a burst of " + std::to_string(want.values[0]) +
           " puts and gets took locks or memory";
  }
  return "a burst did not come out";
}

Verdict Decide(const Workload& work, const Observations& seen) {
  std::int64_t out = 0;
  for (const Observation& o : seen) {
    if (o.values.size() == 3) out += o.values[0];
  }
  if (out == 0) return Verdict::NotImplemented("nothing that was put came out");
  return judge::CompareWithModel(Right(work), seen, Describe, Complaint);
}

const bool kRegistered = judge::RegisterCases({
    {"RunQueue.FastPath", Make, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
