// Workload 14: calls to C, and back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/program.h"
#include "runtime/benchmarks/harness/report.h"
#include "runtime/benchmarks/harness/work.h"
#include "runtime/benchmarks/workloads/syscalls.h"
#include "runtime/benchmarks/workloads/tasks.h"

namespace mn::bench {

// An empty C function.
template <class Rt>
void CgoCall(const Options& options, Report& report) {
  const std::int64_t n = options.Get("n", 20'000'000);
  report.Param("n", n);
  RunTasks<Rt>(1, [&report, n] {
    for (std::int64_t i = 0; i < n / 10; i++) Rt::Foreign(CEmpty);
    Meter meter;
    for (std::int64_t i = 0; i < n; i++) Rt::Foreign(CEmpty);
    meter.Stop(report, "ns/C call", n);
  });
}

// One C function that calls back n times.
template <class Rt>
void CgoCallback(const Options& options, Report& report) {
  const std::int64_t n = options.Get("n", 5'000'000);
  report.Param("n", n);
  std::int64_t calls = 0;
  auto call_back = [&calls](std::int64_t times) {
    Rt::Foreign([&calls, times] {
      CRepeat(
          times,
          [](void* arg) {
            Rt::Callback([arg] { ++*static_cast<std::int64_t*>(arg); });
          },
          &calls);
    });
  };
  RunTasks<Rt>(1, [&report, &call_back, n] {
    call_back(n / 10);
    Meter meter;
    call_back(n);
    meter.Stop(report, "ns/C-to-Go callback", n);
  });
  if (calls != n / 10 + n) Wrong("cgo_callback lost calls");
}

// As blocking_sleep, inside a C function.
template <class Rt>
void CgoBlock(const Options& options, Report& report) {
  BlockingRounds<Rt>(options, report, [](std::int64_t us) {
    Rt::Foreign([us] { CSleep(us); });
  });
}

template <class Rt>
std::vector<Workload> ForeignWorkloads() {
  std::vector<Workload> all = {
      {"cgo_call", "n", "14: call an empty C function", nullptr},
      {"cgo_callback", "n", "14: C calls back n times", nullptr},
      {"cgo_block", "k us", "14: k tasks block their threads in C", nullptr},
  };
  if constexpr (requires { Rt::Foreign(CEmpty); }) {
    all[0].run = CgoCall<Rt>;
    all[1].run = CgoCallback<Rt>;
    all[2].run = CgoBlock<Rt>;
  } else {
    for (Workload& workload : all) workload.cannot = kNoSyscall;
  }
  return all;
}

}  // namespace mn::bench
