// Workload 8: ten thousand tasks at once.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/program.h"
#include "runtime/benchmarks/harness/report.h"
#include "runtime/benchmarks/harness/work.h"

namespace mn::bench {

// The tasks add their index to one sum; the driver waits for all.
template <class Rt>
void FanOutIn(const Options& options, Report& report) {
  const std::int64_t n =
      report.Bounded("n", options.Get("n", 10'000), Rt::kMostAlive);
  const std::int64_t rounds =
      report.Bounded("rounds", options.Get("reps", 100),
                     std::max<std::int64_t>(1, Rt::kMostSpawns / n));
  std::atomic<std::int64_t> sum{0};
  auto run = [&, n](std::int64_t times) {
    typename Rt::WaitGroup wg;
    for (std::int64_t round = 0; round < times; round++) {
      wg.Add(static_cast<int>(n));
      for (std::int64_t i = 0; i < n; i++) {
        Rt::Go([&wg, &sum, i] {
          sum.fetch_add(i);
          wg.Done();
        });
      }
      wg.Wait();
    }
  };
  run(std::max<std::int64_t>(1, rounds / 10));
  sum = 0;
  Meter meter;
  run(rounds);
  meter.Stop(report, "ns/goroutine", n * rounds);
  report.Extra("round_us",
               Round(report.ns_per_op() * static_cast<double>(n) / 1e3, 1));
  if (sum != n * (n - 1) / 2 * rounds) Wrong("fan_out_in: wrong sum");
}

// The tasks wait at a gate; timed is from opening it until all are done.
template <class Rt>
void FanGate(const Options& options, Report& report) {
  const std::int64_t n =
      report.Bounded("n", options.Get("n", 10'000), Rt::kMostAlive);
  const std::int64_t rounds =
      report.Bounded("rounds", options.Get("reps", 100),
                     std::max<std::int64_t>(1, Rt::kMostSpawns / n));
  std::vector<std::int64_t> round_ns;
  auto run = [&, n](std::int64_t times) {
    typename Rt::WaitGroup gate;
    typename Rt::WaitGroup done;
    typename Rt::WaitGroup all;
    for (std::int64_t round = 0; round < times; round++) {
      std::atomic<std::int64_t> started{0};
      gate.Add(1);
      all.Add(1);
      done.Add(static_cast<int>(n));
      for (std::int64_t i = 0; i < n; i++) {
        Rt::Go([&gate, &done, &all, &started, n] {
          if (started.fetch_add(1) + 1 == n) all.Done();
          gate.Wait();
          done.Done();
        });
      }
      all.Wait();
      Rt::Sleep(std::chrono::milliseconds(1));
      std::int64_t start = Nanoseconds();
      gate.Done();
      done.Wait();
      round_ns.push_back(Nanoseconds() - start);
    }
  };
  run(std::max<std::int64_t>(1, rounds / 10));
  round_ns.clear();
  Meter meter;
  run(rounds);
  meter.Stop(report, "ns/woken goroutine", n * rounds);
  std::int64_t total = 0;
  for (std::int64_t ns : round_ns) total += ns;
  // The meter saw the creation too: the figure is the sum over the openings.
  report.Result("ns/woken goroutine", n * rounds, total);
  report.Extra("round_us",
               Round(report.ns_per_op() * static_cast<double>(n) / 1e3, 1));
  report.Distribution("round_", std::move(round_ns));
}

template <class Rt>
std::vector<Workload> FanWorkloads() {
  return {
      {"fan_out_in", "n reps", "8: start n tasks, wait for all", FanOutIn<Rt>},
      {"fan_gate", "n reps", "8: wake n tasks that wait at a gate",
       FanGate<Rt>},
  };
}

}  // namespace mn::bench
