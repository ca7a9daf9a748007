// Workload 12: what a parked task costs in memory.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/process.h"
#include "runtime/benchmarks/harness/report.h"
#include "runtime/benchmarks/harness/work.h"

namespace mn::bench {

// Calls `park` from inside a function with kFrame bytes of locals, all written.
template <std::size_t kFrame, class F>
[[gnu::noinline]] void ParkInFrame(F park) {
  if constexpr (kFrame == 0) {
    park();
  } else {
    volatile char frame[kFrame];
    for (std::size_t i = 0; i < kFrame; i++) frame[i] = static_cast<char>(i);
    park();
    // After parking, so that the frame is alive while the task is parked.
    frame[kFrame - 1] = frame[0];
  }
}

// The memory of a process before and after.
struct Footprint {
  std::int64_t resident = ResidentBytes();
  std::int64_t page_tables = PageTableBytes();
};

template <class Rt, std::size_t kFrame>
void MemParkedFrame(std::int64_t n, Report& report) {
  using Chan = typename Rt::template Chan<std::int64_t>;
  auto per_task = [n](std::int64_t bytes) {
    return Round(static_cast<double>(bytes) / static_cast<double>(n), 1);
  };
  Chan never(0);
  typename Rt::WaitGroup all;
  typename Rt::WaitGroup done;
  std::atomic<std::int64_t> started{0};
  all.Add(1);
  done.Add(static_cast<int>(n));
  const Footprint before;
  Meter meter;
  for (std::int64_t i = 0; i < n; i++) {
    Rt::Go([&never, &all, &done, &started, n] {
      if (started.fetch_add(1) + 1 == n) all.Done();
      ParkInFrame<kFrame>([&never] { never.Next(); });
      done.Done();
    });
  }
  all.Wait();
  meter.Stop(report, "ns/goroutine created and parked", n);
  Rt::Sleep(std::chrono::milliseconds(300));
  const Footprint parked;
  report.Extra("rss_bytes", parked.resident);
  report.Extra("rss_per_goroutine",
               per_task(parked.resident - before.resident));
  report.Extra("page_tables_per_goroutine",
               per_task(parked.page_tables - before.page_tables));
  report.Extra("memory_per_goroutine",
               per_task(parked.resident - before.resident + parked.page_tables -
                        before.page_tables));
  report.Extra("threads_parked", StatusField("Threads"));
  report.Extra("maps_parked", Mappings());

  std::int64_t start = Nanoseconds();
  never.Close();
  done.Wait();
  report.Extra("release_ns_per_goroutine", per_task(Nanoseconds() - start));
  report.Extra("rss_after_all_exit_bytes", ResidentBytes());

  typename Rt::WaitGroup looked;
  Guard guard = Guard::kUnknown;
  looked.Add(1);
  Rt::Go([&looked, &guard] {
    guard = GuardPageBelow(Rt::kStackBytes);
    looked.Done();
  });
  looked.Wait();
  report.Extra("stack_bytes", static_cast<std::int64_t>(Rt::kStackBytes));
  report.Extra("guard_pages", guard == Guard::kFound     ? "on"
                              : guard == Guard::kMissing ? "off"
                                                         : "unknown");
}

template <class Rt>
void MemParked(const Options& options, Report& report) {
  const std::int64_t n =
      report.Bounded("n", options.Get("n", 1'000'000), Rt::kMostAlive);
  const std::int64_t frame = options.Get("frame", 0);
  report.Param("frame", frame);
  switch (frame) {
    case 0:
      return MemParkedFrame<Rt, 0>(n, report);
    case 1024:
      return MemParkedFrame<Rt, 1024>(n, report);
    case 3072:
      return MemParkedFrame<Rt, 3072>(n, report);
    case 7168:
      return MemParkedFrame<Rt, 7168>(n, report);
    default:
      throw UsageError{"-frame must be 0, 1024, 3072 or 7168"};
  }
}

template <class Rt>
std::vector<Workload> MemoryWorkloads() {
  return {
      {"mem_parked", "n frame", "12: memory of n parked tasks", MemParked<Rt>}};
}

}  // namespace mn::bench
