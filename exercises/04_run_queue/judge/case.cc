// Lesson 04, case process: drives a RunQueue and reports what comes out.
//
// Script is the one driver of all single-threaded cases: the workload is a list
// of operations, and the oracle in judge.cc plays the same list on a model. The
// thieves follow the protocol of the contract (runtime/plug/run_queue.h).

#include "tools/judge/case.h"

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "exercises/04_run_queue/judge/script.h"
#include "runtime/plug/run_queue.h"
#include "tools/judge/counters.h"
#include "tools/judge/step.h"

namespace mn {

struct G {
  std::int64_t id;
};

namespace {

// What went to the global queue, one vector per batch.
std::vector<std::vector<std::int64_t>> global_batches;

}  // namespace

void GlobrunqPutBatch(G* const* batch, std::uint32_t n) {
  const judge::NotStepped host;
  std::vector<std::int64_t> ids;
  for (std::uint32_t i = 0; i < n; i++) {
    ids.push_back(batch[i] ? batch[i]->id : kNothing);
  }
  global_batches.push_back(ids);
}

namespace {

using judge::Driver;

std::vector<G> MakeGs(std::int64_t n) {
  std::vector<G> gs(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < gs.size(); i++) {
    gs[i].id = static_cast<std::int64_t>(i);
  }
  return gs;
}

std::int64_t IdOf(const G* gp) { return gp ? gp->id : kNothing; }

void StartAt(RunQueue& q, std::int64_t counter) {
  q.head.store(static_cast<std::uint32_t>(counter));
  q.tail.store(static_cast<std::uint32_t>(counter));
}

// ---- one thread

void Script(Driver& d) {
  const std::vector<std::int64_t>& ops = d.work("ops");
  std::vector<G> gs = MakeGs(static_cast<std::int64_t>(ops.size()));
  RunQueue q;
  StartAt(q, d.number("start"));
  std::size_t next_id = 0;
  for (std::int64_t op : ops) {
    if (op == kGet) {
      d.Observe("get", IdOf(RunqGet(q)));
      continue;
    }
    RunqPut(q, &gs[next_id++], op == kPutNext);
    for (const std::vector<std::int64_t>& batch : global_batches) {
      d.Observe("batch", batch);
    }
    global_batches.clear();
  }
}

// Counts around bursts that never overflow; `out` shows that work was done.
void FastPath(Driver& d) {
  const std::vector<std::int64_t>& bursts = d.work("bursts");
  std::vector<G> gs = MakeGs(kRunqSize);
  RunQueue q;
  for (std::int64_t burst : bursts) {
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

// ---- thieves

// One steal as the contract describes it: half of the ring, claimed by one
// compare-and-swap. Returns how many ids it wrote to `out` (room for a ring).
std::size_t Steal(RunQueue& q, std::int64_t* out) {
  for (;;) {
    // acquire: pairs with the release of head by whoever consumed slots.
    std::uint32_t head = q.head.load(memory_order_acquire);
    // acquire: pairs with the release of tail in RunqPut.
    const std::uint32_t tail = q.tail.load(memory_order_acquire);
    std::uint32_t n = tail - head;
    n -= n / 2;
    if (n == 0) return 0;
    if (n > kRunqSize / 2) continue;  // head and tail are not of one moment
    G* batch[kRunqSize / 2];
    for (std::uint32_t i = 0; i < n; i++) {
      batch[i] = q.ring[(head + i) % kRunqSize].load(memory_order_relaxed);
    }
    // release: pairs with the acquire of head in RunqPut.
    if (!q.head.compare_exchange_strong(head, head + n, memory_order_release,
                                        memory_order_relaxed)) {
      continue;
    }
    for (std::uint32_t i = 0; i < n; i++) out[i] = IdOf(batch[i]);
    return n;
  }
}

std::size_t StealRunnext(RunQueue& q, std::int64_t* out) {
  G* gp = q.runnext.load(memory_order_relaxed);
  // acquire: pairs with the release of runnext in RunqPut.
  if (gp == nullptr ||
      !q.runnext.compare_exchange_strong(gp, nullptr, memory_order_acquire,
                                         memory_order_relaxed)) {
    return 0;
  }
  *out = gp->id;
  return 1;
}

// One operation on a queue that is set up by hand, a thief after instruction
// `position`, then everything drained. Returns the instructions stepped
// through.
std::int64_t StepScenario(const StepPlan& plan, std::int64_t position,
                          std::vector<G>& gs,
                          std::vector<std::int64_t>* everything) {
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
  for (const std::vector<std::int64_t>& batch : global_batches) {
    everything->insert(everything->end(), batch.begin(), batch.end());
  }
  for (std::int64_t i = 0; i < kRunqSize + 2; i++) {
    const G* gp = RunqGet(q);
    if (gp == nullptr) break;
    everything->push_back(gp->id);
  }
  return steps;
}

void ThiefAtEveryInstruction(Driver& d) {
  std::vector<G> gs = MakeGs(kRunqSize + 2);
  std::vector<std::int64_t> everything;
  everything.reserve(2 * kRunqSize);
  const std::vector<StepPlan> plans = StepPlans(d.work("plans"));
  for (std::size_t number = 0; number < plans.size(); number++) {
    const StepPlan& plan = plans[number];
    const std::int64_t length =
        StepScenario(plan, judge::kNever, gs, &everything);
    if (length < 0) {
      d.Observe("cannot_step", length);
      return;
    }
    // All positions of a short operation, a sample of a long one: a step costs
    // some ten microseconds in a virtual machine, and there are length²/2.
    constexpr std::int64_t kSteps = 1200;
    const std::int64_t positions =
        std::max<std::int64_t>(2, 2 * kSteps / length);
    const std::int64_t stride = std::max<std::int64_t>(1, length / positions);
    for (std::int64_t at = 1 + d.rng().Between(0, stride - 1); at <= length;
         at += stride) {
      StepScenario(plan, at, gs, &everything);
      d.Observe("at", {static_cast<std::int64_t>(number), at});
      d.Observe("out", everything);
    }
  }
}

void ObserveIds(Driver& d, const char* kind,
                const std::vector<std::int64_t>& ids) {
  constexpr std::size_t kPerLine = 256;
  for (std::size_t i = 0; i < ids.size(); i += kPerLine) {
    const auto begin = ids.begin() + static_cast<std::ptrdiff_t>(i);
    const auto n = std::min(kPerLine, ids.size() - i);
    d.Observe(kind, std::vector<std::int64_t>(
                        begin, begin + static_cast<std::ptrdiff_t>(n)));
  }
}

void TwoThieves(Driver& d) {
  const std::int64_t count = d.number("count");
  std::vector<G> gs = MakeGs(count);
  static RunQueue q;
  StartAt(q, d.number("start"));
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> stolen{0};
  std::atomic<int> started{0};

  struct Thief {
    std::vector<std::int64_t> ids;
    std::thread thread;
  };
  Thief thieves[2];
  for (Thief& thief : thieves) {
    thief.ids.resize(static_cast<std::size_t>(count) * 2 + 2 * kRunqSize);
    thief.thread = std::thread([&thief, &stop, &stolen, &started, count] {
      std::size_t n = 0;
      int in_vain = 0;
      started++;
      // A broken queue hands out without end: stop when the buffer is full.
      while (!stop.load() && n < static_cast<std::size_t>(count) * 2) {
        std::size_t got = Steal(q, &thief.ids[n]);
        if (n % 8 == 7) got += StealRunnext(q, &thief.ids[n + got]);
        n += got;
        if (got != 0) {
          stolen += static_cast<std::int64_t>(got);
          in_vain = 0;
        } else if (++in_vain % 256 == 0) {
          sched_yield();  // on a busy machine the owner wants this CPU
        }
      }
      thief.ids.resize(n);
    });
  }

  std::vector<std::int64_t> owner;
  std::int64_t next = 0;
  while (started != 2) sched_yield();
  while (next < count) {
    // Most of the time the ring is nearly empty: there owner and thieves want
    // the same goroutine. Sometimes it overflows.
    const bool many = (d.rng().Next() & 63) == 0;
    const std::int64_t puts =
        std::min(count - next, d.rng().Between(1, many ? 2 * kRunqSize : 4));
    for (std::int64_t i = 0; i < puts; i++, next++) {
      RunqPut(q, &gs[static_cast<std::size_t>(next)],
              (d.rng().Next() & 7) == 0);
    }
    // Leave some to the thieves, and on one CPU let them run.
    if (many) sched_yield();
    for (std::int64_t gets = d.rng().Between(0, puts); gets > 0; gets--) {
      const G* gp = RunqGet(q);
      if (gp == nullptr) break;
      owner.push_back(gp->id);
    }
  }
  // The thieves get their chance even on a machine that is busy elsewhere.
  for (int i = 0; i < 1000 && stolen == 0 && q.tail != q.head; i++) {
    const timespec wait = {0, 100'000};
    nanosleep(&wait, nullptr);
  }
  for (std::int64_t i = 0; i <= count; i++) {
    const G* gp = RunqGet(q);
    if (gp == nullptr) break;
    owner.push_back(gp->id);
  }
  stop = true;
  for (Thief& thief : thieves) thief.thread.join();

  ObserveIds(d, "owner", owner);
  ObserveIds(d, "thief1", thieves[0].ids);
  ObserveIds(d, "thief2", thieves[1].ids);
  for (const std::vector<std::int64_t>& batch : global_batches) {
    d.Observe("global", batch);
  }
}

// ---- speed

double NowNs() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

// Nanoseconds per put and get.
template <class Put, class Get>
double TimePairs(Put put, Get get) {
  constexpr int kRounds = 60, kBurst = 64;
  const double start = NowNs();
  for (int round = 0; round < kRounds; round++) {
    for (int i = 0; i < kBurst; i++) put(i);
    for (int i = 0; i < kBurst; i++) get();
  }
  return (NowNs() - start) / (kRounds * kBurst);
}

void FasterThanMutex(Driver& d) {
  std::vector<G> gs = MakeGs(kRunqSize);
  static RunQueue q;
  std::mutex mutex;
  std::deque<G*> deque;
  // A second thread exists, as in every real use: without one glibc's mutex
  // leaves out the atomic operation.
  std::atomic<bool> stop{false};
  std::thread other([&] {
    const timespec wait = {0, 1'000'000};
    while (!stop.load()) nanosleep(&wait, nullptr);
  });
  std::int64_t out = 0;
  for (std::int64_t block = 0; block < d.number("blocks"); block++) {
    const double mine = TimePairs(
        [&](int i) { RunqPut(q, &gs[static_cast<std::size_t>(i)], false); },
        [&] { out += RunqGet(q) != nullptr; });
    const double baseline = TimePairs(
        [&](int i) {
          std::lock_guard lock(mutex);
          deque.push_back(&gs[static_cast<std::size_t>(i)]);
        },
        [&] {
          std::lock_guard lock(mutex);
          if (!deque.empty()) deque.pop_front();
        });
    d.Measure(mine, baseline);
  }
  stop = true;
  other.join();
  d.Observe("out", out);
}

const bool kRegistered[] = {
    judge::RegisterDriver("RunQueue.Fifo", Script),
    judge::RegisterDriver("RunQueue.RunnextFirst", Script),
    judge::RegisterDriver("RunQueue.OverflowHalf", Script),
    judge::RegisterDriver("RunQueue.WrapAround", Script),
    judge::RegisterDriver("RunQueue.RunnextShares", Script),
    judge::RegisterDriver("RunQueue.FastPath", FastPath),
    judge::RegisterDriver("RunQueue.ThiefAtEveryInstruction",
                          ThiefAtEveryInstruction),
    judge::RegisterDriver("RunQueue.TwoThieves", TwoThieves),
    judge::RegisterDriver("RunQueue.FasterThanMutex", FasterThanMutex),
};

}  // namespace
}  // namespace mn
