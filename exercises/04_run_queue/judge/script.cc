// One thread: RQ-1, RQ-2, RQ-3, RQ-5, RQ-6, RQ-7, and what of RQ-4 one thread
// can show.
//
// The workload is a list of operations. The driver performs them, the oracle
// performs them on a model of the contract, and both must see the same. For
// RQ-5 only the locks and allocations are looked at.
#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "exercises/04_run_queue/judge/queue.h"

namespace mn {

#ifdef MN_CASE_PROCESS

std::vector<Numbers> global_batches;

// The host's half of the contract.
void GlobrunqPutBatch(G* const* batch, std::uint32_t n) {
  const judge::NotStepped host;
  const judge::NotCounted too;
  Numbers ids;
  for (std::uint32_t i = 0; i < n; i++) ids.push_back(IdOf(batch[i]));
  global_batches.push_back(ids);
}

namespace {

// A queue is a piece of the heap, so that the sanitizer sees who writes past
// its end.
void Drive(Driver& d) {
  const Numbers& ops = d.work("ops");
  Gs gs(std::ssize(ops));
  std::unique_ptr<RunQueue> q;
  std::size_t queues = 0;
  std::int64_t next_id = 0;
  for (std::int64_t op : ops) {
    if (op == kNewQueue) {
      q = std::make_unique<RunQueue>();
      StartAt(*q, d.work("starts")[queues++]);
      continue;
    }
    if (op == kRob) {
      q->head.store(q->tail.load());  // as after a swap of head that succeeded
      continue;
    }
    if (op == kGet) {
      d.Observe("get", IdOf(RunqGet(*q)));
      continue;
    }
    const std::uint32_t held = q->tail.load() - q->head.load();
    RunqPut(*q, gs[next_id++], op == kPutNext);
    if (!global_batches.empty()) d.Observe("overflow_at", held);
    for (const auto& batch : global_batches) d.Observe("batch", batch);
    global_batches.clear();
  }
}

void DriveFastPath(Driver& d) {
  const Numbers& ops = d.work("ops");
  Gs gs(std::ssize(ops));
  const auto queue = std::make_unique<RunQueue>();
  RunQueue& q = *queue;
  std::int64_t next_id = 0;
  std::int64_t out = 0;
  judge::StartCounting();
  for (std::int64_t op : ops) {
    if (op == kGet) {
      out += RunqGet(q) != nullptr;
    } else {
      RunqPut(q, gs[next_id++], op == kPutNext);
    }
  }
  const judge::Counts counts = judge::StopCounting();
  d.Observe("counts", {out, counts.allocations, counts.locks});
}

const bool kRegistered[] = {
    judge::RegisterDriver("RunQueue.Fifo", Drive),
    judge::RegisterDriver("RunQueue.FastPath", DriveFastPath),
    judge::RegisterDriver("RunQueue.RunnextFirst", Drive),
    judge::RegisterDriver("RunQueue.OverflowHalf", Drive),
    judge::RegisterDriver("RunQueue.WrapAround", Drive),
    judge::RegisterDriver("RunQueue.RunnextShares", Drive),
};

#else

namespace {

// ---- workloads, written as operations and how often, in turns

Workload Script(const Numbers& starts, const Numbers& runs) {
  Numbers ops;
  for (std::size_t i = 0; i < runs.size(); i += 2) {
    ops.insert(ops.end(), static_cast<std::size_t>(runs[i + 1]), runs[i]);
  }
  return {{"starts", starts}, {"ops", ops}};
}

void Append(Numbers* runs, const Numbers& more, std::int64_t times = 1) {
  for (; times > 0; times--)
    runs->insert(runs->end(), more.begin(), more.end());
}

// Puts and gets that never overflow, until `puts` have been put; then empty.
Numbers Fifo(Random& rng, std::int64_t puts) {
  Numbers runs = {kNewQueue, 1};
  std::int64_t length = 0;
  while (puts > 0) {
    const std::int64_t n =
        std::min({rng.Between(1, 100), puts, kSize - length});
    const std::int64_t gets = rng.Between(0, length + n);
    Append(&runs, {kPut, n, kGet, gets});
    puts -= n;
    length += n - gets;
  }
  Append(&runs, {kGet, length + 1});  // the last one finds it empty
  return runs;
}

Workload MakeFifo(Random& rng) {
  return Script({AnyStart(rng)}, Fifo(rng, rng.Between(300, 700)));
}

// Three queues. The wrap falls into the first ring's worth of puts, into the
// half of a ring that overflows, or between head and tail of a ring that waits
// for its turn.
Workload MakeWrap(Random& rng) {
  constexpr std::int64_t kWrap = INT64_C(1) << 32;
  Numbers runs = Fifo(rng, 600);
  Append(&runs, {kNewQueue, 1, kPut, kSize + rng.Between(1, 50),  //
                 kGet, kSize + 1});
  Append(&runs, {kNewQueue, 1, kPut, 3});
  Append(&runs, {kPutNext, 1, kGet, 1}, kRunnextBudget + 1);
  return Script({kWrap - 1 - rng.Between(1, 250),
                 kWrap - rng.Between(1, kHalf - 1), kWrap - 1},
                runs);
}

Workload MakeRunnextFirst(Random& rng) {
  Numbers runs = {kNewQueue, 1};
  for (int round = 0; round < 40; round++) {
    // Short enough that the budget of RQ-7 plays no part.
    for (std::int64_t n = rng.Between(1, 20); n > 0; n--) {
      Append(&runs, {rng.Between(0, 2) == 0 ? kPutNext : kPut, 1});
    }
    // Now and then empty the queue, which also ends any streak.
    Append(&runs, {kGet, round % 4 == 3 ? 81 : rng.Between(0, 10)});
  }
  return Script({AnyStart(rng)}, runs);
}

// Somewhere inside the ring first, so that the oldest are not in slot 0. Who is
// displaced from runnext may be the one too many.
Workload MakeOverflow(Random& rng) {
  const std::int64_t before = rng.Between(1, 200);
  return Script({AnyStart(rng)},
                {kNewQueue, 1,                                 //
                 kPut, before, kGet, before, kPut, kSize,      //
                 kPut, rng.Between(1, 300),                    //
                 kGet, rng.Between(1, 50),                     //
                 kPut, rng.Between(200, 300),                  //
                 kPutNext, rng.Between(kHalf + 1, 2 * kHalf),  //
                 kGet, kSize + 2});
}

// A pair that readies each other. First goroutines wait their turn beside the
// pair. Then thieves take those goroutines just when the budget is used up.
// Then the pair is alone, which uses up nothing. Each queue has a budget of its
// own.
Workload MakeRunnextShares(Random& rng) {
  const Numbers pair = {kPutNext, 1, kGet, 1};
  const std::int64_t waiting = rng.Between(2, 6);
  Numbers runs = {kNewQueue, 1, kPut, waiting};
  Append(&runs, pair, (kRunnextBudget + 1) * (waiting + 2));
  Append(&runs, pair, rng.Between(1, kRunnextBudget));

  Append(&runs, {kNewQueue, 1, kPut, waiting});
  Append(&runs, pair, kRunnextBudget);
  Append(&runs, {kRob, 1, kPutNext, 1, kGet, 2});

  Append(&runs, {kNewQueue, 1});
  Append(&runs, pair, rng.Between(1, 2 * kRunnextBudget));
  Append(&runs, {kPut, 1});
  Append(&runs, pair, kRunnextBudget);
  Append(&runs, {kPutNext, 1, kGet, 3});

  // Who is put in between does not interrupt the gets.
  Append(&runs, {kNewQueue, 1, kPut, waiting});
  for (std::int64_t i = 0; i < 2 * (kRunnextBudget + 1); i++) {
    Append(&runs, {kPut, rng.Between(0, 7) == 0, kPutNext,
                   1 + (rng.Between(0, 7) == 0), kGet, 1});
  }
  return Script({AnyStart(rng), AnyStart(rng), AnyStart(rng), AnyStart(rng)},
                runs);
}

// Bursts that never overflow.
Workload MakeFastPath(Random& rng) {
  Numbers runs;
  for (int burst = 0; burst < 50; burst++) {
    const std::int64_t n = rng.Between(1, kSize / 3);
    Append(&runs, {kPutNext, 1, kPut, 2}, n);
    Append(&runs, {kGet, 3 * n});
  }
  return Script({}, runs);
}

// ---- the oracle

class Model {
 public:
  // Returns the batch that went to the global queue; empty if none did.
  Numbers Put(std::int64_t id, bool next) {
    if (next) std::swap(id, runnext_);
    if (id == kNothing) return {};
    if (std::ssize(ring_) < kSize) {
      ring_.push_back(id);
      return {};
    }
    Numbers batch(ring_.begin(), ring_.begin() + kHalf);
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

  void Rob() { ring_.clear(); }

 private:
  std::deque<std::int64_t> ring_;
  std::int64_t runnext_ = kNothing;
  std::uint32_t streak_ = 0;
};

Observations Right(const Workload& work) {
  Observations right;
  Model model;
  std::int64_t next_id = 0;
  for (std::int64_t op : work.at("ops")) {
    if (op == kNewQueue) {
      model = Model();
      continue;
    }
    if (op == kRob) {
      model.Rob();
      continue;
    }
    if (op == kGet) {
      right.push_back({"get", {model.Get()}});
      continue;
    }
    const Numbers batch = model.Put(next_id++, op == kPutNext);
    if (batch.empty()) continue;
    right.push_back({"overflow_at", {kSize}});
    right.push_back({"batch", batch});
  }
  return right;
}

std::string Describe(const Observation& o) {
  if (o.kind == "get") {
    return o.values.size() == 1 ? NameOf(o.values[0]) : "nothing";
  }
  if (o.kind == "counts" && o.values.size() == 3) {
    return std::to_string(o.values[0]) + " goroutines out, " +
           std::to_string(o.values[1]) + " allocations, " +
           std::to_string(o.values[2]) + " locks";
  }
  if (o.kind == "overflow_at" && o.values.size() == 1) {
    return "an overflow when the ring holds " + std::to_string(o.values[0]);
  }
  const std::size_t n = o.values.size();
  std::string text = std::to_string(n) + " to the global queue:";
  for (std::size_t i = 0; i < n; i++) {
    if (i == 3 && n > 6) text += " …";
    if (i < 3 || i + 3 >= n) text += " " + NameOf(o.values[i]);
  }
  return text;
}

std::string Complaint(const Observation& want, const Observation& got, int) {
  if (want.kind == "counts" && got.values.size() == 3) {
    if (got.values[1] != 0) return "puts and gets that fit took memory";
    if (got.values[2] != 0) return "puts and gets that fit took locks";
    return "puts and gets that fit lost goroutines";
  }
  if (want.kind == "batch") return "the overflow is not right";
  if (got.kind == "batch") return "an overflow where none is due";
  if (want.kind == got.kind && got.kind == "overflow_at" &&
      got.values.size() == 1) {
    return "the ring held " + std::to_string(got.values[0]) +
           " when it overflowed";
  }
  if (got.kind == "overflow_at") return "an overflow where none is due";
  if (want.kind == "overflow_at")
    return "the ring is full, and nothing is moved";
  return "";
}

Verdict Decide(const Workload& work, const Observations& seen) {
  const bool nothing =
      std::all_of(seen.begin(), seen.end(), [](const Observation& o) {
        return o.kind == "get" && o.values == Numbers{kNothing};
      });
  if (nothing) return NothingCameOut();
  return judge::CompareWithModel(Right(work), seen, Describe, Complaint);
}

// An owner that hears "empty" goes to sleep.
Verdict DecideRunnextShares(const Workload& work, const Observations& seen) {
  Verdict verdict = Decide(work, seen);
  if (verdict.status == judge::Status::kFailed &&
      verdict.got == NameOf(kNothing)) {
    verdict.inv = "RQ-4";
    verdict.message = "RunqGet returned null, and the queue was not empty";
  }
  return verdict;
}

Observations RightFastPath(const Workload& work) {
  return {{"counts", {std::ssize(work.at("ops")) / 2, 0, 0}}};
}

Verdict DecideFastPath(const Workload& work, const Observations& seen) {
  if (!seen.empty() && seen[0].values == Numbers{0, 0, 0}) {
    return NothingCameOut();
  }
  Observations right = RightFastPath(work);
  if (!seen.empty() && seen[0].values.size() == 3) {
    // What is lost is the business of the other cases. But a queue that does
    // nothing takes no lock either: most must have come out.
    std::int64_t& out = right[0].values[0];
    if (seen[0].values[0] >= out / 2) out = seen[0].values[0];
  }
  return judge::CompareWithModel(right, seen, Describe, Complaint);
}

const bool kRegistered = judge::RegisterCases({
    {"RunQueue.Fifo", MakeFifo, Decide, Right},
    {"RunQueue.RunnextFirst", MakeRunnextFirst, Decide, Right},
    {"RunQueue.OverflowHalf", MakeOverflow, Decide, Right},
    {"RunQueue.FastPath", MakeFastPath, DecideFastPath, RightFastPath},
    {"RunQueue.WrapAround", MakeWrap, Decide, Right},
    {"RunQueue.RunnextShares", MakeRunnextShares, DecideRunnextShares, Right},
});

#endif

}  // namespace
}  // namespace mn
