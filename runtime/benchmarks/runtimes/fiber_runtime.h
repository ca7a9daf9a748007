// Boost.Fiber with its work_stealing scheduler on P threads, as the workloads
// see it (workloads/all.h). It has no reader-writer lock, no preemption, and
// nothing that keeps the other fibers of a thread going while one blocks it.
//
// Stacks are as large as ours, from malloc (fixedsize_stack): faster than
// protected_fixedsize_stack, and without guard pages. pooled_fixedsize_stack,
// faster still, may not be shared by threads.
#pragma once

#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
// Boost.Fiber has fences, which TSan does not understand. The program is built
// under it with everything else, and not run.
#pragma GCC diagnostic ignored "-Wtsan"
#endif

#include <boost/fiber/all.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/benchmarks/runtimes/wait_group.h"

namespace mn::bench {

struct FiberRuntime {
  static constexpr char kName[] = "fiber";
  static constexpr std::size_t kStackBytes = 64 * 1024;
  // About 5 us and two pages to start a fiber, 3 us to send to another thread.
  static constexpr std::int64_t kMostAlive = 100'000;
  static constexpr std::int64_t kMostSpawns = 300'000;
  static constexpr std::int64_t kMostSwitches = 2'000'000;
  static constexpr std::int64_t kMostMessages = 1'000'000;
  static constexpr std::int64_t kMostPrimes = 1'000;

  using WaitGroup =
      WaitGroupOf<boost::fibers::mutex, boost::fibers::condition_variable>;

  class Mutex {
   public:
    void Lock() { mu_.lock(); }
    void Unlock() { mu_.unlock(); }

   private:
    boost::fibers::mutex mu_;
  };

  template <class T>
  class Chan {
    using Rendezvous = boost::fibers::unbuffered_channel<T>;
    using Buffered = boost::fibers::buffered_channel<T>;

   public:
    explicit Chan(std::int64_t cap) {
      if (cap == 0) {
        rendezvous_ = std::make_shared<Rendezvous>();
      } else {
        buffered_ = std::make_shared<Buffered>(
            static_cast<std::size_t>(Slots(cap)) + 1);
      }
    }
    // Its buffers are powers of two with one place always empty: the smallest
    // one that holds `cap`.
    static std::int64_t Slots(std::int64_t cap) {
      std::int64_t places = 2;
      while (cap > 0 && places - 1 < cap) places *= 2;
      return cap == 0 ? 0 : places - 1;
    }

    void Send(T v) {
      if (rendezvous_ != nullptr) {
        rendezvous_->push(std::move(v));
      } else {
        buffered_->push(std::move(v));
      }
    }
    T Recv() { return Next().value_or(T{}); }
    std::optional<T> Next() {
      T v;
      auto status =
          rendezvous_ != nullptr ? rendezvous_->pop(v) : buffered_->pop(v);
      if (status != boost::fibers::channel_op_status::success) {
        return std::nullopt;
      }
      return v;
    }
    void Close() {
      if (rendezvous_ != nullptr) {
        rendezvous_->close();
      } else {
        buffered_->close();
      }
    }

   private:
    std::shared_ptr<Rendezvous> rendezvous_;
    std::shared_ptr<Buffered> buffered_;
  };

  static void Run(int p, std::function<void()> driver);
  static int Processors();

  template <class F>
  static void Go(F&& f) {
    // post: the new fiber waits its turn, as a goroutine does.
    boost::fibers::fiber(boost::fibers::launch::post, std::allocator_arg,
                         boost::fibers::fixedsize_stack(kStackBytes),
                         std::forward<F>(f))
        .detach();
  }
  static void Yield() { boost::this_fiber::yield(); }
  static void Sleep(std::chrono::nanoseconds d) {
    boost::this_fiber::sleep_for(d);
  }
  static constexpr bool kPreempts = false;
};

}  // namespace mn::bench
