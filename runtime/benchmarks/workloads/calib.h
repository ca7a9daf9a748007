// Workload 0, calib: fixed work on one task. It says whether the machine is as
// fast as it was when other figures were taken.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/report.h"
#include "runtime/benchmarks/harness/work.h"

namespace mn::bench {

// ns per operation of `body()` done `n` times.
template <class F>
double TimeLoop(std::int64_t n, F body) {
  if (n == 0) return 0;
  std::int64_t start = Nanoseconds();
  for (std::int64_t i = 0; i < n; i++) body();
  return static_cast<double>(Nanoseconds() - start) / static_cast<double>(n);
}

// N steps of Work; beside it N/10 atomic additions, N/40 clock readings and N/2
// calls (20, 5 and 100 million by default), and the first touch of 64 MiB.
template <class Rt>
void Calib(const Options& options, Report& report) {
  const std::int64_t n = options.Get("n", 200'000'000);
  report.Param("n", n);
  std::uint64_t x = Work(kSeed, n / 10);
  Meter meter;
  x = Work(x, n);
  meter.Stop(report, "ns/xorshift64 step", n);
  Keep(x);

  std::atomic<std::int64_t> counter{0};
  report.Extra("atomic_add_ns",
               Round(TimeLoop(n / 10, [&] { counter.fetch_add(1); }), 3));
  std::int64_t sum = 0;
  report.Extra("clock_ns",
               Round(TimeLoop(n / 40, [&] { sum += Nanoseconds(); }), 3));
  Keep(sum);
  std::int64_t y = 0;
  report.Extra("direct_call_ns",
               Round(TimeLoop(n / 2, [&] { y = Empty(y); }), 3));
  Keep(y);
  constexpr std::int64_t kPages = 16384;
  constexpr std::int64_t kPage = 4096;
  std::unique_ptr<char[]> memory(new char[kPages * kPage]);
  char* at = memory.get();
  report.Extra("first_touch_ns_per_4k", Round(TimeLoop(kPages,
                                                       [&] {
                                                         *at = 1;
                                                         Keep(at);
                                                         at += kPage;
                                                       }),
                                              1));
}

template <class Rt>
std::vector<Workload> CalibWorkloads() {
  return {{"calib", "n", "0: arithmetic, atomics, clock, calls, page faults",
           Calib<Rt>}};
}

}  // namespace mn::bench
