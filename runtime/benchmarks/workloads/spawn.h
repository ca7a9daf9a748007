// Workloads 1 to 3: what it costs to start a task, to wait for it, to yield.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/report.h"

namespace mn::bench {

// 1 and 2: batches of B tasks. The body of each task is `kYield`: yield; done.
// Otherwise only done. Every task captures one pointer.
template <class Rt, bool kYield>
void SpawnJoin(const Options& options, Report& report) {
  const std::int64_t asked = options.Get("n", 1'000'000);
  const std::int64_t n = report.Bounded("n", asked, Rt::kMostSpawns);
  const std::int64_t batch = report.Bounded(
      "batch", std::min(n, options.Get("batch", 1000)), Rt::kMostAlive);
  std::int64_t created = 0;
  auto run = [&](std::int64_t tasks) {
    typename Rt::WaitGroup wg;
    created = 0;
    for (; created < tasks; created += batch) {
      wg.Add(static_cast<int>(batch));
      for (std::int64_t i = 0; i < batch; i++) {
        Rt::Go([&wg] {
          if constexpr (kYield) Rt::Yield();
          wg.Done();
        });
      }
      wg.Wait();
    }
  };
  run(n / 10);
  Meter meter;
  run(n);
  meter.Stop(report, "ns/goroutine", created);
}

// 1, spawn_join_one: create one, wait for it, repeat.
template <class Rt>
void SpawnJoinOne(const Options& options, Report& report) {
  const std::int64_t n =
      report.Bounded("n", options.Get("n", 1'000'000), Rt::kMostSpawns);
  auto run = [](std::int64_t tasks) {
    typename Rt::WaitGroup wg;
    for (std::int64_t i = 0; i < tasks; i++) {
      wg.Add(1);
      Rt::Go([&wg] { wg.Done(); });
      wg.Wait();
    }
  };
  run(n / 10);
  Meter meter;
  run(n);
  meter.Stop(report, "ns/spawn+join", n);
}

// 3: k tasks yield N/k times each.
template <class Rt>
void Yield(const Options& options, Report& report) {
  const std::int64_t n =
      report.Bounded("n", options.Get("n", 5'000'000), Rt::kMostSwitches);
  const std::int64_t k =
      report.Bounded("goroutines", options.Get("k", 2), Rt::kMostAlive);
  auto run = [k](std::int64_t yields) {
    const std::int64_t each = yields / k;
    typename Rt::WaitGroup wg;
    wg.Add(static_cast<int>(k));
    for (std::int64_t task = 0; task < k; task++) {
      Rt::Go([&wg, each] {
        for (std::int64_t i = 0; i < each; i++) Rt::Yield();
        wg.Done();
      });
    }
    wg.Wait();
  };
  if (n < k) throw UsageError{"-n must be at least -k: every task yields"};
  run(n / 10);
  Meter meter;
  run(n);
  meter.Stop(report, "ns/yield", n / k * k);
}

template <class Rt>
std::vector<Workload> SpawnWorkloads() {
  return {
      {"spawn_join", "n batch",
       "1: start tasks in batches, wait for each batch", SpawnJoin<Rt, false>},
      {"spawn_join_one", "n", "1: start one task, wait for it, repeat",
       SpawnJoinOne<Rt>},
      {"spawn_first_yield", "n batch",
       "2: as spawn_join; every task yields once", SpawnJoin<Rt, true>},
      {"yield", "n k", "3: k tasks yield, n times in all", Yield<Rt>},
  };
}

}  // namespace mn::bench
