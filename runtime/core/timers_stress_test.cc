// The heap of deadlines with threads that run, add and stop at once.
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/core/timers.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

// TIM-2 with a race: a timer that two threads run and a third stops is fired or
// stopped, never both, never neither.
TEST(TimersStress, Tim2_StoppedOrFiredExactlyOnce) {
  struct Once : Timer {
    std::atomic<int> fired{0};
  };
  const int n = 50'000 / test::kSlowdown;
  test::StressTime time;
  do {
    Timers timers;
    auto all = std::make_unique<Once[]>(static_cast<std::size_t>(n));
    std::atomic<bool> done{false};
    std::vector<std::thread> runners;
    for (int r = 0; r < 2; r++) {
      runners.emplace_back([&] {
        while (!done.load()) {
          timers.Run(timers.NextWhen());
          std::this_thread::yield();
        }
      });
    }
    test::Rng rng = test::MakeRng();
    std::vector<bool> stopped(static_cast<std::size_t>(n));
    for (int i = 0; i < n; i++) {
      all[i].when = 1 + static_cast<std::int64_t>(rng() % 100);
      all[i].arg = &all[i];
      all[i].fn = [](void* p) { static_cast<Once*>(p)->fired.fetch_add(1); };
      timers.Add(&all[i]);
      if (i % 2 == 0) {
        const int victim = i - static_cast<int>(rng() % 4);
        if (victim >= 0 && timers.Stop(&all[victim])) stopped[victim] = true;
      }
    }
    done.store(true);
    for (std::thread& t : runners) t.join();
    timers.Run(INT64_MAX);
    for (int i = 0; i < n; i++) {
      ASSERT_EQ(all[i].fired.load() + (stopped[i] ? 1 : 0), 1) << i;
    }
  } while (time.Left());
}

}  // namespace
}  // namespace mn
