// Workload 19: tasks beside others that compute and never give way.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/program.h"
#include "runtime/benchmarks/harness/report.h"
#include "runtime/benchmarks/harness/work.h"
#include "runtime/benchmarks/workloads/tasks.h"
#include "runtime/benchmarks/workloads/timers.h"

namespace mn::bench {

// -dur in ns, filed as dur_s.
inline std::int64_t RunTime(const Options& options, Report& report,
                            std::chrono::nanoseconds fallback) {
  const std::int64_t ns =
      (options.dur.count() == 0 ? fallback : options.dur).count();
  report.Param("dur_s", static_cast<double>(ns) / 1e9);
  return ns;
}

inline std::int64_t Hogs(Report& report, std::int64_t k) {
  if (k > kMostHogs) throw UsageError{"-k must be at most 64"};
  report.Param("hogs", k);
  return k;
}

// How late a sleeper wakes beside k hogs.
template <class Rt>
void Preempt(const Options& options, Report& report) {
  const std::int64_t hogs = Hogs(report, options.GetEvenZero("k", 1));
  const std::int64_t us = options.Get("us", 1000);
  report.Param("sleep_us", us);
  const std::int64_t ns = RunTime(options, report, std::chrono::seconds(5));
  std::vector<std::int64_t> samples;
  samples.reserve(1 << 16);
  StartHogs<Rt>(hogs);
  Meter meter;
  RunTasks<Rt>(1, [&samples, us, ns] {
    const std::int64_t start = Nanoseconds();
    while (Nanoseconds() - start < ns) {
      samples.push_back(SleepLateness<Rt>(us));
    }
  });
  meter.Stop(report, "ns lateness (p50)",
             static_cast<std::int64_t>(samples.size()));
  report.Latencies(samples);
}

// How evenly k hogs share the processors while the driver sleeps.
template <class Rt>
void Fairness(const Options& options, Report& report) {
  const std::int64_t hogs = Hogs(report, options.Get("k", 4));
  const std::int64_t ns = RunTime(options, report, std::chrono::seconds(2));
  StartHogs<Rt>(hogs);
  Meter meter;
  Rt::Sleep(std::chrono::nanoseconds(ns));
  std::vector<double> counts;
  double sum = 0;
  for (std::int64_t i = 0; i < hogs; i++) {
    counts.push_back(static_cast<double>(HogCount(i)));
    sum += counts.back();
  }
  const std::int64_t wall = meter.Stop(report, "max share / min share", hogs);
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  if (*least == 0) Wrong("fairness: a hog has not run at all");
  report.Figure(*most / *least);
  std::vector<double> shares;
  for (double count : counts) shares.push_back(Round(count / sum, 4));
  report.Extra("shares", shares);
  report.Extra("main_wake_late_ms",
               Round(static_cast<double>(wall - ns) / 1e6, 3));
}

// How long it takes to stop everything and let it go on, beside k hogs.
template <class Rt>
void Stw(const Options& options, Report& report) {
  const std::int64_t hogs = Hogs(report, options.GetEvenZero("k", 2));
  const std::int64_t n = options.Get("n", 1000);
  report.Param("n", n);
  std::vector<std::int64_t> samples;
  samples.reserve(static_cast<std::size_t>(n));
  StartHogs<Rt>(hogs);
  Meter meter;
  RunTasks<Rt>(1, [&samples, n] {
    for (std::int64_t i = 0; i < n; i++) {
      Rt::Sleep(std::chrono::milliseconds(1));
      const std::int64_t start = Nanoseconds();
      Rt::StopTheWorld();
      samples.push_back(Nanoseconds() - start);
    }
  });
  meter.Stop(report, "ns/stop and start (p50)", n);
  report.Latencies(samples);
}

template <class Rt>
std::vector<Workload> PreemptionWorkloads() {
  std::vector<Workload> all = {
      {"preempt", "k us dur", "19: how late a sleeper wakes beside k hogs",
       Preempt<Rt>},
      {"fairness", "k dur", "19: how evenly k hogs share the processors",
       Fairness<Rt>},
  };
  Workload stw{"stw", "n k", "19: stop the world beside k hogs, start it again",
               nullptr};
  if constexpr (requires { Rt::StopTheWorld(); }) {
    stw.run = Stw<Rt>;
  } else {
    stw.cannot = "nothing stops the world";
  }
  all.push_back(stw);
  if (!Rt::kPreempts) {
    for (Workload& workload : all) {
      workload.cannot = "a task that computes is never interrupted";
    }
  }
  return all;
}

}  // namespace mn::bench
