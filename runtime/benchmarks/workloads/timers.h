// Workload 11: how late a sleeper wakes.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/report.h"
#include "runtime/benchmarks/harness/work.h"
#include "runtime/benchmarks/workloads/tasks.h"

namespace mn::bench {

// By how many ns a sleep of `us` microseconds took longer.
template <class Rt>
std::int64_t SleepLateness(std::int64_t us) {
  const std::int64_t start = Nanoseconds();
  Rt::Sleep(std::chrono::microseconds(us));
  return Nanoseconds() - start - us * 1000;
}

// One task sleeps, again and again; nothing else runs.
template <class Rt>
void SleepPrecision(const Options& options, Report& report) {
  const std::int64_t n = options.Get("n", 1000);
  const std::int64_t us = options.Get("us", 1000);
  report.Param("n", n);
  report.Param("sleep_us", us);
  RunTasks<Rt>(1, [&report, n, us] {
    for (std::int64_t i = 0; i < n / 10; i++) SleepLateness<Rt>(us);
    std::vector<std::int64_t> samples;
    samples.reserve(static_cast<std::size_t>(n));
    Meter meter;
    for (std::int64_t i = 0; i < n; i++) {
      samples.push_back(SleepLateness<Rt>(us));
    }
    meter.Stop(report, "ns lateness (p50)", n);
    report.Latencies(samples);
  });
}

template <class Rt>
std::vector<Workload> TimerWorkloads() {
  return {{"sleep_precision", "n us", "11: how late a sleeper wakes",
           SleepPrecision<Rt>}};
}

}  // namespace mn::bench
