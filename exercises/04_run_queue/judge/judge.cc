// Lesson 04, judge: random workloads and the oracles of RQ-1 … RQ-7 and RQ-P.
//
// The single-threaded cases play the operations on a model of the contract and
// compare observation by observation. The cases with thieves do not predict who
// gets what; they check that every goroutine comes out exactly once.

#include "tools/judge/judge.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "exercises/04_run_queue/judge/script.h"
#include "runtime/plug/run_queue.h"

namespace mn {
namespace {

using judge::Observation;
using judge::Observations;
using judge::Random;
using judge::Verdict;
using judge::Workload;

constexpr std::int64_t kSize = kRunqSize;
constexpr std::int64_t kHalf = kRunqSize / 2;

std::string Name(std::int64_t id) {
  return id == kNothing ? "null (empty)" : "G" + std::to_string(id);
}

// ---- the model

class Model {
 public:
  // Returns the batch that went to the global queue; empty if none did.
  std::vector<std::int64_t> Put(std::int64_t id, bool next) {
    if (next) std::swap(id, runnext_);
    if (id == kNothing) return {};
    if (std::ssize(ring_) < kSize) {
      ring_.push_back(id);
      return {};
    }
    std::vector<std::int64_t> batch(ring_.begin(), ring_.begin() + kHalf);
    ring_.erase(ring_.begin(), ring_.begin() + kHalf);
    batch.push_back(id);
    return batch;
  }

  std::int64_t Get() {
    const bool others_wait = !ring_.empty();
    if (runnext_ != kNothing && (!others_wait || streak_ < kRunnextBudget)) {
      streak_ = others_wait ? streak_ + 1 : 0;
      return std::exchange(runnext_, kNothing);
    }
    streak_ = 0;
    if (ring_.empty()) return kNothing;
    const std::int64_t id = ring_.front();
    ring_.pop_front();
    return id;
  }

 private:
  std::deque<std::int64_t> ring_;
  std::int64_t runnext_ = kNothing;
  std::uint32_t streak_ = 0;
};

// What a correct queue would have been seen to do.
Observations Expected(const std::vector<std::int64_t>& ops) {
  Observations expected;
  Model model;
  std::int64_t next_id = 0;
  for (std::int64_t op : ops) {
    if (op == kGet) {
      expected.push_back({"get", {model.Get()}});
      continue;
    }
    std::vector<std::int64_t> batch = model.Put(next_id++, op == kPutNext);
    if (!batch.empty()) expected.push_back({"batch", std::move(batch)});
  }
  return expected;
}

std::string Describe(const Observation& o) {
  if (o.kind == "get") {
    return o.values.size() == 1 ? Name(o.values[0]) : "nothing";
  }
  std::string text = std::to_string(o.values.size()) + " to the global queue:";
  for (std::size_t i = 0; i < o.values.size(); i++) {
    if (i == 3 && o.values.size() > 6) {
      text += " …";
      i = o.values.size() - 3;
    }
    text += " " + Name(o.values[i]);
  }
  return text;
}

// True if every get came back empty and no batch was seen.
bool NothingCameOut(const Observations& seen) {
  for (const Observation& o : seen) {
    if (o.kind != "get" || o.values != std::vector<std::int64_t>{kNothing}) {
      return false;
    }
  }
  return true;
}

Verdict DecideScript(const Workload& work, const Observations& seen) {
  const Observations expected = Expected(work.at("ops"));
  if (NothingCameOut(seen)) {
    return Verdict::NotImplemented("nothing that was put came out");
  }
  std::int64_t gets = 0;
  for (std::size_t i = 0; i < expected.size(); i++) {
    const Observation& want = expected[i];
    if (i >= seen.size()) {
      return Verdict::Failed("too little was seen", Describe(want), "the end");
    }
    gets += seen[i].kind == "get";
    if (seen[i].kind == want.kind && seen[i].values == want.values) continue;
    std::string what = "get number " + std::to_string(gets) + " is not right";
    if (want.kind == "batch") what = "the overflow is not right";
    if (want.kind != "batch" && seen[i].kind == "batch") {
      what = "an overflow where none is due";
    }
    return Verdict::Failed(what, Describe(want), Describe(seen[i]),
                           static_cast<int>(i));
  }
  if (seen.size() > expected.size()) {
    return Verdict::Failed("too much was seen", "the end",
                           Describe(seen[expected.size()]),
                           static_cast<int>(expected.size()));
  }
  return Verdict::Passed();
}

// ---- scripts

// Any 32-bit counter: an implementation that only works from 0 is wrong.
std::int64_t AnyStart(Random& rng) { return rng.Between(0, 2'000'000'000); }

void Repeat(std::vector<std::int64_t>* ops, std::int64_t op, std::int64_t n) {
  ops->insert(ops->end(), static_cast<std::size_t>(n), op);
}

// Puts and gets that never overflow, until `puts` have been put; then empty.
std::vector<std::int64_t> FifoOps(Random& rng, std::int64_t puts) {
  std::vector<std::int64_t> ops;
  std::int64_t length = 0;
  while (puts > 0) {
    std::int64_t n = rng.Between(1, 100);
    n = std::min({n, puts, kSize - length});
    Repeat(&ops, kPut, n);
    puts -= n;
    length += n;
    const std::int64_t gets = rng.Between(0, length);
    Repeat(&ops, kGet, gets);
    length -= gets;
  }
  Repeat(&ops, kGet, length + 1);  // the last one finds it empty
  return ops;
}

Workload MakeFifo(Random& rng) {
  return {{"start", {AnyStart(rng)}},
          {"ops", FifoOps(rng, rng.Between(300, 700))}};
}

Workload MakeRunnextFirst(Random& rng) {
  std::vector<std::int64_t> ops;
  for (int round = 0; round < 40; round++) {
    // Short enough that the budget of RQ-7 plays no part.
    for (std::int64_t n = rng.Between(1, 20); n > 0; n--) {
      ops.push_back(rng.Between(0, 2) == 0 ? kPutNext : kPut);
    }
    Repeat(&ops, kGet, rng.Between(0, 10));
    // Empty the queue, which also ends any streak.
    if (round % 4 == 3) Repeat(&ops, kGet, 81);
  }
  return {{"start", {AnyStart(rng)}}, {"ops", ops}};
}

Workload MakeOverflow(Random& rng) {
  std::vector<std::int64_t> ops;
  // Somewhere inside the ring first, so that the oldest are not in slot 0.
  const std::int64_t before = rng.Between(1, 200);
  Repeat(&ops, kPut, before);
  Repeat(&ops, kGet, before);
  Repeat(&ops, kPut, kSize);
  Repeat(&ops, kPut, rng.Between(1, 300));
  Repeat(&ops, kGet, rng.Between(1, 50));
  Repeat(&ops, kPut, rng.Between(200, 300));
  Repeat(&ops, kGet, kSize + 1);
  return {{"start", {AnyStart(rng)}}, {"ops", ops}};
}

Workload MakeWrap(Random& rng) {
  // The wrap falls into the first ring's worth of puts.
  const std::int64_t start = INT64_C(0xffffffff) - rng.Between(1, 250);
  std::vector<std::int64_t> ops = FifoOps(rng, 600);
  return {{"start", {start}}, {"ops", ops}};
}

Workload MakeRunnextShares(Random& rng) {
  // A pair that readies each other, beside goroutines that wait their turn.
  std::vector<std::int64_t> ops;
  const std::int64_t waiting = rng.Between(2, 6);
  Repeat(&ops, kPut, waiting);
  for (std::int64_t i = 0; i < (kRunnextBudget + 1) * (waiting + 2); i++) {
    ops.push_back(kPutNext);
    ops.push_back(kGet);
  }
  return {{"start", {AnyStart(rng)}}, {"ops", ops}};
}

// ---- fast path

Workload MakeFastPath(Random& rng) {
  std::vector<std::int64_t> bursts;
  for (int i = 0; i < 50; i++) bursts.push_back(rng.Between(1, kSize - 1));
  return {{"bursts", bursts}};
}

Verdict DecideFastPath(const Workload& work, const Observations& seen) {
  const std::vector<std::int64_t>& bursts = work.at("bursts");
  std::int64_t out = 0;
  for (std::size_t i = 0; i < bursts.size(); i++) {
    if (i >= seen.size() || seen[i].values.size() != 3) {
      return Verdict::Failed("too little was seen", "a burst", "the end");
    }
    out += seen[i].values[0];
  }
  if (out == 0) {
    return Verdict::NotImplemented("nothing that was put came out");
  }
  for (std::size_t i = 0; i < bursts.size(); i++) {
    const std::vector<std::int64_t>& v = seen[i].values;
    const std::string burst = std::to_string(bursts[i]);
    const int at = static_cast<int>(i);
    if (v[1] != 0 || v[2] != 0) {
      return Verdict::Failed(
          "a burst of " + burst + " puts and gets took locks or memory",
          "0 allocations and 0 locks",
          std::to_string(v[1]) + " allocations and " + std::to_string(v[2]) +
              " locks",
          at);
    }
    if (v[0] != bursts[i]) {
      return Verdict::Failed("a burst did not come out", burst + " goroutines",
                             std::to_string(v[0]), at);
    }
  }
  return Verdict::Passed();
}

// ---- thieves

// "" if `ids` are 0 … n-1, each once; else what is wrong with the first that
// is.
std::string NotOnce(const std::vector<std::int64_t>& ids, std::int64_t n,
                    std::string* got) {
  std::vector<int> times(static_cast<std::size_t>(n));
  for (std::int64_t id : ids) {
    if (id < 0 || id >= n) {
      *got = Name(id);
      return "something came out that was never put";
    }
    times[static_cast<std::size_t>(id)]++;
  }
  for (std::int64_t id = 0; id < n; id++) {
    const int count = times[static_cast<std::size_t>(id)];
    if (count == 1) continue;
    if (count == 0) {
      *got = Name(id) + " never came out";
      return Name(id) + " was lost";
    }
    *got = Name(id) + " came out " + std::to_string(count) + " times";
    return Name(id) + " was handed out twice";
  }
  return "";
}

Workload MakeSteps(Random& rng) {
  std::vector<StepPlan> plans;
  const auto add = [&](std::int64_t ring, std::int64_t runnext, std::int64_t op,
                       std::int64_t thief) {
    plans.push_back({AnyStart(rng), ring, runnext, op, thief});
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
  return {{"plans", Numbers(plans)}};
}

std::string DescribePlan(const StepPlan& plan) {
  std::string text = plan.op == kGet       ? "RunqGet"
                     : plan.op == kPutNext ? "RunqPut(next)"
                                           : "RunqPut";
  text += " with " + std::to_string(plan.ring) + " in the ring" +
          (plan.runnext ? " and one in runnext" : "");
  return text + (plan.thief == kStealRunnext ? ", a thief takes runnext"
                                             : ", a thief takes half");
}

Verdict DecideSteps(const Workload& work, const Observations& seen) {
  const std::vector<StepPlan> plans = StepPlans(work.at("plans"));
  if (seen.size() == 1 && seen[0].kind == "cannot_step") {
    return Verdict::Inconclusive("this processor cannot be single-stepped");
  }
  std::int64_t plans_seen = 0;
  for (std::size_t i = 0; i + 1 < seen.size(); i += 2) {
    const Observation &at = seen[i], &out = seen[i + 1];
    if (at.kind != "at" || out.kind != "out" || at.values.size() != 2 ||
        at.values[0] < 0 || at.values[0] >= std::ssize(plans)) {
      return Verdict::Failed("observations out of order", "at, out", at.kind,
                             static_cast<int>(i));
    }
    const StepPlan& plan = plans[static_cast<std::size_t>(at.values[0])];
    plans_seen = std::max(plans_seen, at.values[0] + 1);
    std::string got;
    const std::string wrong = NotOnce(out.values, plan.Goroutines(), &got);
    if (wrong.empty()) continue;
    return Verdict::Failed(wrong + ": " + DescribePlan(plan) +
                               " after instruction " +
                               std::to_string(at.values[1]),
                           "each of " + std::to_string(plan.Goroutines()) +
                               " goroutines comes out once",
                           got, static_cast<int>(i + 1));
  }
  if (plans_seen != std::ssize(plans)) {
    return Verdict::Failed("too little was seen",
                           std::to_string(plans.size()) + " scenarios",
                           std::to_string(plans_seen) + " scenarios");
  }
  return Verdict::Passed();
}

Workload MakeThieves(Random& rng) {
  return {{"count", {rng.Between(100'000, 200'000)}},
          {"start", {rng.Between(0, INT64_C(0xffffffff))}}};
}

Verdict DecideThieves(const Workload& work, const Observations& seen) {
  std::vector<std::int64_t> all;
  std::size_t stolen = 0;
  const std::int64_t n = work.at("count")[0];
  for (const Observation& o : seen) {
    if (o.kind.starts_with("thief")) stolen += o.values.size();
    all.insert(all.end(), o.values.begin(), o.values.end());
  }
  if (all.empty()) {
    return Verdict::NotImplemented("nothing that was put came out");
  }
  std::string got;
  const std::string wrong = NotOnce(all, n, &got);
  if (!wrong.empty()) {
    std::string takers;
    for (const Observation& o : seen) {
      for (std::int64_t id : o.values) {
        if (!got.starts_with(Name(id) + " ")) continue;
        takers += (takers.empty() ? " (" : " and ") + o.kind;
      }
    }
    if (!takers.empty()) got += takers + ")";
    return Verdict::Failed(
        wrong, "each of " + std::to_string(n) + " goroutines comes out once",
        got);
  }
  if (stolen == 0) {
    return Verdict::Inconclusive(
        "the thieves never got a turn: the machine is too busy");
  }
  return Verdict::Passed();
}

// ---- speed

Workload MakeFaster(Random& rng) { return {{"blocks", {rng.Between(40, 44)}}}; }

Verdict DecideFaster(const Workload& work, const Observations& seen) {
  constexpr std::int64_t kPairsPerBlock = 60 * 64;
  const std::int64_t want = work.at("blocks")[0] * kPairsPerBlock;
  const std::int64_t got =
      seen.empty() || seen.back().kind != "out" ? 0 : seen.back().values[0];
  if (got == 0) return Verdict::NotImplemented("nothing that was put came out");
  if (got == want) return Verdict::Passed();
  return Verdict::Failed("fast, but not everything came out",
                         std::to_string(want) + " goroutines",
                         std::to_string(got));
}

const bool kRegistered = judge::RegisterCases({
    {"RunQueue.Fifo", MakeFifo, DecideScript},
    {"RunQueue.RunnextFirst", MakeRunnextFirst, DecideScript},
    {"RunQueue.OverflowHalf", MakeOverflow, DecideScript},
    {"RunQueue.ThiefAtEveryInstruction", MakeSteps, DecideSteps},
    {"RunQueue.TwoThieves", MakeThieves, DecideThieves},
    {"RunQueue.FastPath", MakeFastPath, DecideFastPath},
    {"RunQueue.WrapAround", MakeWrap, DecideScript},
    {"RunQueue.RunnextShares", MakeRunnextShares, DecideScript},
    {"RunQueue.FasterThanMutex", MakeFaster, DecideFaster},
});

}  // namespace
}  // namespace mn
