// RQ-5 and RQ-4, for two Ps: an owner is stopped after one machine instruction,
// and the owner of another queue does the same operation from beginning to end.
//
// It must come to its end, whatever lock the piece has made itself: a spinning
// one calls no function that could be counted. And no goroutine may be lost to
// what the two share, such as a static buffer.
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include <memory>

#include "exercises/04_run_queue/judge/queue.h"

namespace mn {
namespace {

// The goroutines of the first queue are numbered as in thief_step.cc, those of
// the second go on after them.
struct Plan {
  std::int64_t start, ring, runnext, op;

  std::int64_t Goroutines() const { return ring + runnext + (op != kGet); }
};

std::vector<Plan> PlansOf(const Numbers& n) {
  std::vector<Plan> plans;
  for (std::size_t i = 0; i + 4 <= n.size(); i += 4) {
    plans.push_back({n[i], n[i + 1], n[i + 2], n[i + 3]});
  }
  return plans;
}

#ifdef MN_CASE_PROCESS

Driver* driver;
volatile std::int64_t plan_number, stopped_after;

// In CPU time: a machine that is busy with something else does not come here.
constexpr timeval kLong = {0, 500'000};

void OnWait(int) {
  driver->Observe("waits", {plan_number, stopped_after});
  driver->Finish();
}

void SetTimer(timeval value) {
  const itimerval timer = {{0, 0}, value};
  setitimer(ITIMER_PROF, &timer, nullptr);
}

class Owner {
 public:
  Owner(const Plan& plan, Gs& gs, std::int64_t first)
      : plan_(plan), gs_(gs), first_(first) {
    StartAt(*q_, plan.start + first);
    for (std::int64_t i = 0; i < plan.ring; i++) {
      RunqPut(*q_, gs[first + i], false);
    }
    if (plan.runnext) RunqPut(*q_, gs[first + plan.ring], true);
  }
  void Act() {
    if (plan_.op == kGet) {
      got_ = RunqGet(*q_);
    } else {
      RunqPut(*q_, gs_[first_ + plan_.ring + plan_.runnext],
              plan_.op == kPutNext);
    }
  }
  void TakeAll(Numbers* out) {
    if (got_ != nullptr) out->push_back(got_->id);
    Drain(*q_, kRunqSize + 2, out);
  }

 private:
  const Plan& plan_;
  Gs& gs_;
  std::int64_t first_;
  std::unique_ptr<RunQueue> q_ = std::make_unique<RunQueue>();
  const G* got_ = nullptr;
};

// Returns the instructions stepped through.
std::int64_t Play(const Plan& plan, std::int64_t position, Gs& gs,
                  Numbers* out) {
  global_batches.clear();
  Owner owner(plan, gs, 0), other(plan, gs, plan.Goroutines());
  stopped_after = position;
  const std::int64_t steps = judge::StepThrough(
      position, [&] { owner.Act(); },
      [&] {
        SetTimer(kLong);
        other.Act();
        SetTimer({0, 0});
      });
  out->clear();
  owner.TakeAll(out);
  other.TakeAll(out);
  for (const Numbers& batch : global_batches) {
    out->insert(out->end(), batch.begin(), batch.end());
  }
  return steps;
}

// malloc and locks must not be entered twice by the same thread. This is not
// the piece's fault: RQ-5 is about the fast path.
bool MayWait(const Plan& plan, Gs& gs) {
  Owner owner(plan, gs, 0);
  judge::StartCounting();
  owner.Act();
  const judge::Counts counts = judge::StopCounting();
  return counts.allocations + counts.locks > 0;
}

void Drive(Driver& d) {
  driver = &d;
  signal(SIGPROF, OnWait);
  Gs gs(2 * (kRunqSize + 2));
  Numbers out;
  plan_number = 0;
  for (const Plan& plan : PlansOf(d.work("plans"))) {
    if (MayWait(plan, gs)) {
      d.Observe("left_out", {plan_number, 0});
      plan_number = plan_number + 1;
      continue;
    }
    const std::int64_t length = Play(plan, judge::kNever, gs, &out);
    if (length < 0) return d.Observe("cannot_step", length);
    judge::ForPositions(length, d.rng(), [&](std::int64_t at) {
      Play(plan, at, gs, &out);
      out.insert(out.begin(), {plan_number, at});
      d.Observe("out", out);
    });
    plan_number = plan_number + 1;
  }
}

const bool kRegistered = judge::RegisterDriver("RunQueue.TwoOwners", Drive);

#else

Workload Make(Random& rng) {
  Numbers plans;
  for (const Plan& p : std::initializer_list<Plan>{
           {0, rng.Between(1, 5), 0, kGet},
           {0, rng.Between(1, 5), 1, kGet},
           {0, rng.Between(0, 5), 0, kPut},
           {0, rng.Between(0, 5), 1, kPutNext},
           {0, kSize, 0, kPut},
       }) {
    plans.insert(plans.end(), {AnyStart(rng), p.ring, p.runnext, p.op});
  }
  return {{"plans", plans}};
}

// Plan, position, and what came out. Stopped after each first instruction.
Observations Right(const Workload& work) {
  Observations right;
  for (const Plan& plan : PlansOf(work.at("plans"))) {
    right.push_back({"out", {std::ssize(right), 1}});
    for (std::int64_t id = 0; id < 2 * plan.Goroutines(); id++) {
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
    const int at = static_cast<int>(i);
    const bool out = seen[i].kind == "out", waits = seen[i].kind == "waits";
    if ((!out && !waits && seen[i].kind != "left_out") || v.size() < 2 ||
        v[0] < 0 || v[0] >= std::ssize(plans)) {
      return judge::Unexpected(seen[i], at);
    }
    const Plan& plan = plans[static_cast<std::size_t>(v[0])];
    const std::string when = DescribeOwner(plan.op, plan.ring, plan.runnext) +
                             ", stopped after instruction " +
                             std::to_string(v[1]);
    if (waits) {
      return Verdict::Failed(
          "an owner waits for the owner of another queue, as for a lock",
          "the same operation on another queue comes to its end",
          "it does not, beside " + when, at);
    }
    plans_seen = std::max(plans_seen, v[0] + 1);
    if (!out) continue;
    const std::int64_t n = 2 * plan.Goroutines();
    const judge::ExactlyOnceFault fault =
        judge::ExactlyOnce(Numbers(v.begin() + 2, v.end()), n, NameOf);
    if (fault.what.empty()) continue;
    Verdict verdict = Verdict::Failed(
        fault.what + ", when the owners of two queues did the same: " + when,
        "each of " + std::to_string(n) + " comes out once", fault.got, at);
    verdict.inv = "RQ-4";
    return verdict;
  }
  if (plans_seen == std::ssize(plans)) return Verdict::Passed();
  return judge::TooLittle(std::to_string(plans.size()) + " scenarios");
}

const bool kRegistered = judge::RegisterCases({
    {"RunQueue.TwoOwners", Make, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
