// Tasks that the driver starts and waits for.
#pragma once

#include <cstdint>

#include "runtime/benchmarks/harness/work.h"

namespace mn::bench {

// Runs body() in k new tasks and waits, parked, until all are done.
template <class Rt, class F>
void RunTasks(std::int64_t k, F body) {
  typename Rt::WaitGroup wg;
  wg.Add(static_cast<int>(k));
  for (std::int64_t task = 0; task < k; task++) {
    Rt::Go([&wg, &body] {
      body();
      wg.Done();
    });
  }
  wg.Wait();
}

// Starts k tasks that compute for ever.
template <class Rt>
void StartHogs(std::int64_t k) {
  for (std::int64_t i = 0; i < k; i++) Rt::Go([i] { Hog(i); });
}

}  // namespace mn::bench
