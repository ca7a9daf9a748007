// RQ-4 at full speed: an owner and two thieves on threads of their own.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "exercises/04_run_queue/judge/queue.h"

namespace mn {
namespace {

#ifdef MN_CASE_PROCESS

RunQueue q;
std::atomic<bool> stop{false};
std::atomic<std::int64_t> stolen{0};
std::atomic<int> started{0};

// Steals until it is stopped, or until it has `enough`.
void Thief(std::int64_t enough, Numbers* ids) {
  ids->resize(static_cast<std::size_t>(enough) + 2 * kRunqSize);
  std::size_t n = 0;
  int in_vain = 0;
  started++;
  while (!stop.load() && static_cast<std::int64_t>(n) < enough) {
    std::size_t got = Steal(q, ids->data() + n);
    if (n % 8 == 7) got += StealRunnext(q, ids->data() + n + got);
    n += got;
    if (got != 0) {
      stolen += static_cast<std::int64_t>(got);
      in_vain = 0;
    } else if (++in_vain % 256 == 0) {
      sched_yield();  // on a busy machine the owner wants this CPU
    }
  }
  ids->resize(n);
}

void Drive(Driver& d) {
  const std::int64_t count = d.number("count");
  Gs gs(count);
  StartAt(q, d.number("start"));
  // A broken queue hands out without end.
  const std::int64_t enough = 2 * count;
  Numbers owner, ids1, ids2;
  std::thread thief1(Thief, enough, &ids1), thief2(Thief, enough, &ids2);
  while (started != 2) sched_yield();
  for (std::int64_t next = 0; next < count;) {
    // Most of the time the ring is nearly empty: there owner and thieves want
    // the same goroutine. Sometimes it overflows.
    const bool many = (d.rng().Next() & 63) == 0;
    const std::int64_t puts =
        std::min(count - next, d.rng().Between(1, many ? 2 * kRunqSize : 4));
    for (std::int64_t i = 0; i < puts; i++) {
      RunqPut(q, gs[next++], (d.rng().Next() & 7) == 0);
    }
    // Leave some to the thieves, and on one CPU let them run.
    if (many) sched_yield();
    Drain(q, d.rng().Between(0, puts), &owner);
  }
  // The thieves get their chance even on a machine that is busy elsewhere.
  for (int i = 0; i < 1000 && stolen == 0 && q.tail != q.head; i++) usleep(100);
  Drain(q, count + 1, &owner);
  stop = true;
  thief1.join();
  thief2.join();
  d.ObserveInLines("owner", owner);
  d.ObserveInLines("thief1", ids1);
  d.ObserveInLines("thief2", ids2);
  for (const Numbers& batch : global_batches) d.Observe("global", batch);
}

const bool kRegistered = judge::RegisterDriver("RunQueue.TwoThieves", Drive);

#else

Workload Make(Random& rng) {
  return {{"count", {rng.Between(100'000, 200'000)}},
          {"start", {rng.Between(0, INT64_C(0xffffffff))}}};
}

// Every second one is stolen.
Observations Right(const Workload& work) {
  Observations right = {{"owner", {}}, {"thief1", {}}};
  for (std::int64_t id = 0; id < work.at("count")[0]; id++) {
    right[static_cast<std::size_t>(id % 2)].values.push_back(id);
  }
  return right;
}

Verdict Decide(const Workload& work, const Observations& seen) {
  Numbers all;
  std::size_t stolen = 0;
  const std::int64_t n = work.at("count")[0];
  for (const Observation& o : seen) {
    if (o.kind.starts_with("thief")) stolen += o.values.size();
    all.insert(all.end(), o.values.begin(), o.values.end());
  }
  if (all.empty()) return NothingCameOut();
  const judge::ExactlyOnceFault fault = judge::ExactlyOnce(all, n, NameOf);
  if (!fault.what.empty()) {
    std::string takers;
    for (const Observation& o : seen) {
      for (std::int64_t id : o.values) {
        if (id == fault.id)
          takers += (takers.empty() ? ": " : " and ") + o.kind;
      }
    }
    return Verdict::Failed(fault.what, EachOnce(n), fault.got + takers);
  }
  if (stolen != 0) return Verdict::Passed();
  return Verdict::Inconclusive(
      "the thieves never got a turn: the machine is too busy");
}

const bool kRegistered = judge::RegisterCases({
    {"RunQueue.TwoThieves", Make, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
