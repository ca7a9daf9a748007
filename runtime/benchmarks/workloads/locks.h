// Workload 7: locks that park tasks.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/program.h"
#include "runtime/benchmarks/harness/report.h"
#include "runtime/benchmarks/harness/work.h"

namespace mn::bench {

// k tasks, N/k times each: lock; shared++ and `cs` steps of work; unlock; `out`
// steps of work.
template <class Rt>
void MutexPairs(const Options& options, Report& report) {
  const std::int64_t k =
      report.Bounded("goroutines", options.Get("k", 1), Rt::kMostAlive);
  const std::int64_t cs = options.Get("cs", 0);
  const std::int64_t out = options.Get("out", 0);
  const std::int64_t n = options.Get("n", k == 1    ? 100'000'000
                                          : cs == 0 ? 40'000'000
                                                    : 8'000'000);
  report.Param("n", n);
  report.Param("cs", cs);
  report.Param("out", out);
  if (n < k) throw UsageError{"-n must be at least -k: every task locks"};
  typename Rt::Mutex mu;
  std::uint64_t shared = 0;
  auto run = [&, k, cs, out](std::int64_t pairs) {
    const std::int64_t each = pairs / k;
    typename Rt::WaitGroup wg;
    wg.Add(static_cast<int>(k));
    for (std::int64_t task = 0; task < k; task++) {
      Rt::Go([&wg, &mu, &shared, each, cs, out] {
        std::uint64_t x = kSeed;
        for (std::int64_t i = 0; i < each; i++) {
          mu.Lock();
          shared++;
          if (cs > 0) x = Work(x, cs);
          mu.Unlock();
          if (out > 0) x = Work(x, out);
        }
        Keep(x);
        wg.Done();
      });
    }
    wg.Wait();
  };
  run(n / 10);
  shared = 0;
  Meter meter;
  run(n);
  meter.Stop(report, "ns/lock+unlock", n / k * k);
  if (shared != static_cast<std::uint64_t>(n / k * k)) {
    Wrong("mutex lost updates");
  }
}

// k tasks; every hundredth operation of each is a write, the others read; with
// -variant rlock all of them read.
template <class Rt>
void RWMutexPairs(const Options& options, Report& report) {
  const std::int64_t k =
      report.Bounded("goroutines", options.Get("k", 8), Rt::kMostAlive);
  const std::int64_t n = options.Get("n", 40'000'000);
  if (!options.variant.empty() && options.variant != "rlock") {
    throw UsageError{"-variant must be rlock (reads only), or left out"};
  }
  if (n < k) throw UsageError{"-n must be at least -k: every task locks"};
  const bool writes = options.variant.empty();
  report.Param("n", n);
  report.Param("write_pct", writes ? 1 : 0);
  typename Rt::RWMutex mu;
  std::uint64_t shared = 0;
  auto run = [&, k, writes](std::int64_t pairs) {
    const std::int64_t each = pairs / k;
    typename Rt::WaitGroup wg;
    wg.Add(static_cast<int>(k));
    for (std::int64_t task = 0; task < k; task++) {
      Rt::Go([&wg, &mu, &shared, each, writes] {
        std::uint64_t sum = 0;
        for (std::int64_t i = 0; i < each; i++) {
          if (writes && i % 100 == 99) {
            mu.Lock();
            shared++;
            mu.Unlock();
          } else {
            mu.RLock();
            sum += shared;
            mu.RUnlock();
          }
        }
        Keep(sum);
        wg.Done();
      });
    }
    wg.Wait();
  };
  run(n / 10);
  shared = 0;
  Meter meter;
  run(n);
  meter.Stop(report, "ns/lock+unlock", n / k * k);
  const std::int64_t written = writes ? n / k / 100 * k : 0;
  if (shared != static_cast<std::uint64_t>(written)) {
    Wrong("rwmutex lost updates");
  }
}

template <class Rt>
std::vector<Workload> LockWorkloads() {
  Workload rwmutex = {"rwmutex", "n k variant",
                      "7: 99 reads and a write by k tasks", nullptr};
  if constexpr (requires { typename Rt::RWMutex; }) {
    rwmutex.run = RWMutexPairs<Rt>;
  } else {
    rwmutex.cannot = "there is no reader-writer lock";
  }
  return {{"mutex", "n k cs out", "7: lock, add, unlock by k tasks",
           MutexPairs<Rt>},
          rwmutex};
}

}  // namespace mn::bench
