// RQ-P: a put and a get against a std::deque under a std::mutex.
#include <unistd.h>

#include <atomic>
#include <deque>
#include <mutex>
#include <thread>

#include "exercises/04_run_queue/judge/queue.h"

namespace mn {
namespace {

constexpr int kRounds = 60, kBurst = 64;  // of a block

#ifdef MN_CASE_PROCESS

// Nanoseconds per put and get.
template <class Put, class Get>
double TimePairs(Put put, Get get) {
  const std::int64_t start = judge::NowNs();
  for (int round = 0; round < kRounds; round++) {
    for (int i = 0; i < kBurst; i++) put(i);
    for (int i = 0; i < kBurst; i++) get();
  }
  return static_cast<double>(judge::NowNs() - start) / (kRounds * kBurst);
}

void Drive(Driver& d) {
  Gs gs(kRunqSize);
  static RunQueue q;
  std::mutex mutex;
  std::deque<G*> deque;
  // A second thread exists, as in every real use: without one glibc's mutex
  // leaves out the atomic operation.
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop.load()) usleep(1000);
  });
  std::int64_t out = 0;
  for (std::int64_t block = 0; block < d.number("blocks"); block++) {
    const double mine = TimePairs([&](int i) { RunqPut(q, gs[i], false); },
                                  [&] { out += RunqGet(q) != nullptr; });
    const double baseline = TimePairs(
        [&](int i) {
          std::lock_guard lock(mutex);
          deque.push_back(gs[i]);
        },
        [&] {
          std::lock_guard lock(mutex);
          if (!deque.empty()) deque.pop_front();
        });
    d.Measure(mine, baseline);
  }
  stop = true;
  other.join();
  d.Observe("out", {out, d.number("blocks")});
}

const bool kRegistered =
    judge::RegisterDriver("RunQueue.FasterThanMutex", Drive);

#else

Workload Make(Random& rng) { return {{"blocks", {rng.Between(40, 44)}}}; }

Observations Right(const Workload& work) {
  const std::int64_t blocks = work.at("blocks")[0];
  return {{"out", {blocks * kRounds * kBurst, blocks}}};
}

Verdict Decide(const Workload&, const Observations& seen) {
  return judge::AllTookEffect(seen, kRounds * kBurst, NothingCameOut());
}

const bool kRegistered = judge::RegisterCases({
    {"RunQueue.FasterThanMutex", Make, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
