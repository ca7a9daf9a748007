// Workload 15: tasks and their threads.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/report.h"
#include "runtime/benchmarks/harness/work.h"
#include "runtime/benchmarks/workloads/channels.h"

namespace mn::bench {

// chan_pingpong with A (-k 1), both (-k 2) or neither (-k 3) locked to a
// thread.
template <class Rt>
void LockOSThreadPingPong(const Options& options, Report& report) {
  const std::int64_t k = options.Get("k", Rt::kAlwaysLocked ? 2 : 1);
  if (k > 3) throw UsageError{"-k must be 1, 2 or 3 (none is locked)"};
  const std::int64_t locked = k % 3;
  if (Rt::kAlwaysLocked && locked != 2) {
    throw CannotExpress{"lockosthread: every task is a thread: only -k 2"};
  }
  report.Param("locked", locked);
  PingPong<Rt>(
      options.Get("n", 200'000), report,
      [locked] {
        if (locked >= 1) Rt::LockOSThread();
      },
      [locked] {
        if (locked >= 2) Rt::LockOSThread();
      });
}

// R waits on a channel; S spins without yielding, sends the time and spins on:
// only another P, which sleeps, can run R.
template <class Rt>
void WakeLatency(const Options& options, Report& report) {
  const std::int64_t n = options.Get("n", 5000);
  const std::int64_t us = options.Get("us", 200);
  report.Param("n", n);
  report.Param("spin_us", us);
  const std::int64_t warm = n / 10;
  typename Rt::template Chan<std::int64_t> c(1);
  typename Rt::WaitGroup wg;
  std::vector<std::int64_t> samples;
  samples.reserve(static_cast<std::size_t>(n));
  std::optional<Meter> meter;
  wg.Add(2);
  Rt::Go([&wg, &samples, c, n, warm]() mutable {
    for (std::int64_t i = 0; i < warm + n; i++) {
      const std::int64_t sent = c.Recv();
      const std::int64_t late = Nanoseconds() - sent;
      if (i >= warm) samples.push_back(late);
    }
    wg.Done();
  });
  Rt::Go([&wg, &meter, c, n, us, warm]() mutable {
    for (std::int64_t i = 0; i < warm + n; i++) {
      if (i == warm) meter.emplace();
      const std::int64_t start = Nanoseconds();
      while (Nanoseconds() - start < us * 1000) {
      }
      c.Send(Nanoseconds());
    }
    wg.Done();
  });
  wg.Wait();
  meter->Stop(report, "ns send-to-resume (p50)", n);
  report.Latencies(samples);
}

template <class Rt>
std::vector<Workload> ThreadWorkloads() {
  Workload lock = {"lockosthread", "n k",
                   "15: ping-pong of tasks locked to threads", nullptr};
  if constexpr (requires { Rt::LockOSThread(); }) {
    lock.run = LockOSThreadPingPong<Rt>;
  } else {
    lock.cannot = "a task cannot be locked to its thread";
  }
  return {lock,
          {"wake_latency", "n us", "15: wake a task on a processor that sleeps",
           WakeLatency<Rt>}};
}

}  // namespace mn::bench
