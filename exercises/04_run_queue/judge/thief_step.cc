// RQ-4, without luck: one operation of the owner runs machine instruction by
// machine instruction, and a thief strikes after one of them. Then everything
// is drained, and each goroutine must have come out once. A null must be true:
// only the owner puts, so a queue that holds a goroutine when RunqGet returns
// was never empty in between. And RunqPutSlow must do nothing if a thief made
// room (RQ-3).
#include <algorithm>

#include "exercises/04_run_queue/judge/queue.h"

namespace mn {
namespace {

// The goroutines are numbered 0 … ring-1 in the ring, then runnext, then the
// one that is put.
struct Plan {
  std::int64_t start;          // head before anything
  std::int64_t ring;           // goroutines in the ring
  std::int64_t runnext;        // 1: one more in runnext
  std::int64_t op;             // the owner's
  std::int64_t takes_runnext;  // 1: the thief does, and not half of the ring
  std::int64_t streak = 0;     // gets in a row from runnext, up to now
};

std::vector<Plan> PlansOf(const Numbers& n) {
  std::vector<Plan> plans;
  for (std::size_t i = 0; i + 6 <= n.size(); i += 6) {
    plans.push_back({n[i], n[i + 1], n[i + 2], n[i + 3], n[i + 4], n[i + 5]});
  }
  return plans;
}

#ifdef MN_CASE_PROCESS

// The thief's side of the contract: half of the ring, or runnext, by one
// compare-and-swap. The owner stands still meanwhile, so the first try wins.
// Returns how many ids it wrote to `out`.
std::size_t Steal(RunQueue& q, std::int64_t* out) {
  // acquire: pairs with the releases of head and tail by the owner.
  std::uint32_t head = q.head.load(memory_order_acquire);
  std::uint32_t n = q.tail.load(memory_order_acquire) - head;
  n -= n / 2;
  if (n > kRunqSize / 2) return 0;  // no state of a ring
  for (std::uint32_t i = 0; i < n; i++) {
    out[i] = IdOf(q.ring[(head + i) % kRunqSize].load(memory_order_relaxed));
  }
  // release: pairs with the acquire of head in RunqPut.
  q.head.compare_exchange_strong(head, head + n, memory_order_release,
                                 memory_order_relaxed);
  return n;
}

std::size_t StealRunnext(RunQueue& q, std::int64_t* out) {
  // acquire: pairs with the release of runnext in RunqPut.
  const G* gp = q.runnext.exchange(nullptr, memory_order_acquire);
  if (gp != nullptr) *out = gp->id;
  return gp != nullptr;
}

// A thief after instruction `position`. Returns the instructions stepped
// through. `out` gets
//   1 if RunqGet returned null and left a goroutine in the queue
//   1 if half of the ring went to the global queue, though a thief had taken
//   the other half before
//   the goroutines that came out
std::int64_t Play(const Plan& plan, std::int64_t position, Gs& gs,
                  Numbers* out) {
  static RunQueue q;
  StartAt(q, plan.start);
  // What a thief reads from a slot that nobody has written is seen.
  for (auto& slot : q.ring) slot.store(nullptr, memory_order_relaxed);
  for (std::int64_t i = 0; i < plan.ring; i++) {
    const std::uint32_t tail = q.tail.load();
    q.ring[tail % kRunqSize].store(gs[i]);
    q.tail.store(tail + 1);
  }
  q.runnext.store(plan.runnext ? gs[plan.ring] : nullptr);
  q.runnext_streak = static_cast<std::uint32_t>(plan.streak);
  global_batches.clear();

  static std::int64_t stolen[kRunqSize];
  std::size_t stolen_n = 0;
  const G* got = nullptr;
  const auto owner = [&] {
    if (plan.op == kGet) {
      got = RunqGet(q);
    } else {
      RunqPut(q, gs[plan.ring + plan.runnext], plan.op == kPutNext);
    }
  };
  const auto thief = [&] {
    stolen_n = plan.takes_runnext ? StealRunnext(q, stolen) : Steal(q, stolen);
  };
  const std::int64_t steps = judge::StepThrough(position, owner, thief);
  const bool holds = q.head.load() != q.tail.load() || q.runnext.load();
  const bool overlooked = plan.op == kGet && got == nullptr && holds;
  // Who comes before the overflow finds the oldest.
  const bool made_room =
      plan.ring == kRunqSize && stolen_n > 1 && stolen[0] == 0;
  out->assign({overlooked, made_room && !global_batches.empty()});
  out->insert(out->end(), stolen, stolen + stolen_n);
  if (got != nullptr) out->push_back(got->id);
  for (const Numbers& batch : global_batches) {
    out->insert(out->end(), batch.begin(), batch.end());
  }
  Drain(q, kRunqSize + 2, out);
  return steps;
}

void Drive(Driver& d) {
  Gs gs(kRunqSize + 2);
  Numbers out;
  std::int64_t number = 0;
  for (const Plan& plan : PlansOf(d.work("plans"))) {
    const std::int64_t length = Play(plan, judge::kNever, gs, &out);
    if (length < 0) return d.Observe("cannot_step", length);
    judge::ForPositions(length, d.rng(), [&](std::int64_t at) {
      Play(plan, at, gs, &out);
      out.insert(out.begin(),
                 {number, at, Driver::CodeOffset(judge::StruckAfter())});
      d.Observe("out", out);
    });
    number++;
  }
}

const bool kRegistered =
    judge::RegisterDriver("RunQueue.ThiefAtEveryInstruction", Drive);

#else

Workload Make(Random& rng) {
  const auto few = [&] { return rng.Between(1, 5); };
  Numbers plans;
  for (const Plan& p : std::initializer_list<Plan>{
           {0, 1, 0, kGet, 0},
           {0, few() + 1, 0, kGet, 0},
           {0, rng.Between(6, 200), 0, kGet, 0},
           {0, 0, 1, kGet, 1},
           {0, few(), 1, kGet, 1},
           {0, few(), 1, kGet, 0},
           // The budget of RQ-7 is used up, and the thief empties the ring.
           {0, 1, 1, kGet, 0, kRunnextBudget},
           {0, 0, 0, kPut, 0},
           {0, few(), 0, kPut, 0},
           {0, few() - 1, 1, kPutNext, 1},
           {0, few(), 1, kPutNext, 0},
           {0, kSize, 0, kPut, 0},
           {0, kSize, 1, kPutNext, 1},
       }) {
    plans.insert(plans.end(), {AnyStart(rng), p.ring, p.runnext, p.op,
                               p.takes_runnext, p.streak});
  }
  return {{"plans", plans}};
}

std::int64_t Goroutines(const Plan& p) {
  return p.ring + p.runnext + (p.op != kGet);
}

// Plan, position, the instruction's place, the two flags of Play, and what came
// out. A thief after each first instruction.
Observations Right(const Workload& work) {
  Observations right;
  for (const Plan& plan : PlansOf(work.at("plans"))) {
    right.push_back({"out", {std::ssize(right), 1, 0, 0, 0}});
    for (std::int64_t id = 0; id < Goroutines(plan); id++) {
      right.back().values.push_back(id);
    }
  }
  return right;
}

Verdict Decide(const Workload& work, const Observations& seen) {
  const std::vector<Plan> plans = PlansOf(work.at("plans"));
  if (seen.size() == 1 && seen[0].kind == "cannot_step") {
    return Verdict::Inconclusive("this processor cannot be single-stepped");
  }
  std::int64_t plans_seen = 0;
  for (std::size_t i = 0; i < seen.size(); i++) {
    const Numbers& v = seen[i].values;
    if (seen[i].kind != "out" || v.size() < 5 || v[0] < 0 ||
        v[0] >= std::ssize(plans)) {
      return judge::Unexpected(seen[i], static_cast<int>(i));
    }
    const Plan& plan = plans[static_cast<std::size_t>(v[0])];
    plans_seen = std::max(plans_seen, v[0] + 1);
    const std::int64_t n = Goroutines(plan);
    const int at = static_cast<int>(i);
    const std::string when = DescribeOwner(plan.op, plan.ring, plan.runnext) +
                             ", a thief takes " +
                             (plan.takes_runnext ? "runnext" : "half") +
                             " after instruction " + std::to_string(v[1]);
    const judge::ExactlyOnceFault fault =
        judge::ExactlyOnce(Numbers(v.begin() + 5, v.end()), n, NameOf);
    Verdict verdict;
    if (!fault.what.empty()) {
      verdict = Verdict::Failed(
          fault.what + ": " + when,
          "each of " + std::to_string(n) + " comes out once", fault.got, at);
    } else if (v[3] != 0) {
      verdict = Verdict::Failed(
          "RunqGet returned null, and the queue was not empty: " + when,
          "a goroutine, or null from an empty queue",
          "null, and a goroutine still in the queue", at);
    } else if (v[4] != 0) {
      verdict = Verdict::Failed(
          "a thief had made room, and half of the ring moved all the same: " +
              when,
          "nothing goes to the global queue", "a batch", at);
      verdict.inv = "RQ-3";
    } else {
      continue;
    }
    verdict.instruction = v[2];
    return verdict;
  }
  if (plans_seen == std::ssize(plans)) return Verdict::Passed();
  return judge::TooLittle(std::to_string(plans.size()) + " scenarios");
}

const bool kRegistered = judge::RegisterCases({
    {"RunQueue.ThiefAtEveryInstruction", Make, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
