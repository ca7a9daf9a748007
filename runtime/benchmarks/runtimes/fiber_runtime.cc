#include "runtime/benchmarks/runtimes/fiber_runtime.h"

#include <mutex>
#include <thread>

namespace mn::bench {
namespace {

int g_processors = 0;

}  // namespace

int FiberRuntime::Processors() { return g_processors; }

void FiberRuntime::Run(int p, std::function<void()> driver) {
  if (p == 0) p = static_cast<int>(std::thread::hardware_concurrency());
  g_processors = p;
  auto join_scheduler = [p] {
    // Alone, work_stealing would look for a victim other than itself for ever.
    if (p == 1) return;
    boost::fibers::use_scheduling_algorithm<boost::fibers::algo::work_stealing>(
        static_cast<std::uint32_t>(p));
  };
  for (int worker = 1; worker < p; worker++) {
    std::thread([join_scheduler] {
      join_scheduler();  // returns when all p threads have called it
      boost::fibers::mutex mu;
      boost::fibers::condition_variable never;
      std::unique_lock<boost::fibers::mutex> lock(mu);
      for (;;) never.wait(lock);  // runs fibers meanwhile
    }).detach();
  }
  join_scheduler();
  boost::fibers::fiber(boost::fibers::launch::post, std::allocator_arg,
                       boost::fibers::fixedsize_stack(1 << 20), driver)
      .join();
}

}  // namespace mn::bench
