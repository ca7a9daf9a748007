// Kernel threads: std::thread and what the standard library has to make them
// wait, as the workloads see it (workloads/all.h).
//
// P is the number of CPUs that the process may use: there is nothing else that
// limits how many threads run at once.
//
// The standard library has no channel. This one is what a good programmer
// writes: a queue, a mutex, condition variables; one wake-up per message.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>
#include <utility>

#include "runtime/benchmarks/runtimes/wait_group.h"

namespace mn::bench {

struct StdRuntime {
  static constexpr char kName[] = "std";
  static constexpr std::size_t kStackBytes = 8 << 20;
  // About 25 us to start a thread, 5 us to wake one; containers often allow
  // only a few thousand.
  static constexpr std::int64_t kMostAlive = 2'000;
  static constexpr std::int64_t kMostSpawns = 30'000;
  static constexpr std::int64_t kMostSwitches = 200'000;
  static constexpr std::int64_t kMostMessages = 300'000;
  static constexpr std::int64_t kMostPrimes = 200;

  using WaitGroup = WaitGroupOf<std::mutex, std::condition_variable>;

  class Mutex {
   public:
    void Lock() { mu_.lock(); }
    void Unlock() { mu_.unlock(); }

   private:
    std::mutex mu_;
  };

  class RWMutex {
   public:
    void Lock() { mu_.lock(); }
    void Unlock() { mu_.unlock(); }
    void RLock() { mu_.lock_shared(); }
    void RUnlock() { mu_.unlock_shared(); }

   private:
    std::shared_mutex mu_;
  };

  template <class T>
  class Chan {
   public:
    explicit Chan(std::int64_t cap) : s_(std::make_shared<State>()) {
      s_->cap = static_cast<std::size_t>(cap);
    }
    static std::int64_t Slots(std::int64_t cap) { return cap; }

    void Send(T v) {
      State& s = *s_;
      std::unique_lock<std::mutex> lock(s.mu);
      const std::size_t slots = s.cap == 0 ? 1 : s.cap;
      while (s.queue.size() >= slots) s.not_full.wait(lock);
      s.queue.push_back(std::move(v));
      const std::uint64_t mine = ++s.sent;
      s.not_empty.notify_one();
      if (s.cap > 0) return;
      while (s.taken < mine) s.handed_over.wait(lock);  // a rendezvous
    }
    T Recv() { return Next().value_or(T{}); }
    std::optional<T> Next() {
      State& s = *s_;
      std::unique_lock<std::mutex> lock(s.mu);
      while (s.queue.empty()) {
        if (s.closed) return std::nullopt;
        s.not_empty.wait(lock);
      }
      T v = std::move(s.queue.front());
      s.queue.pop_front();
      s.taken++;
      s.not_full.notify_one();
      if (s.cap == 0) s.handed_over.notify_all();
      return v;
    }
    void Close() {
      std::lock_guard<std::mutex> lock(s_->mu);
      s_->closed = true;
      s_->not_empty.notify_all();
    }

   private:
    struct State {
      std::mutex mu;  // guards everything below
      std::condition_variable not_empty, not_full, handed_over;
      std::deque<T> queue;
      std::size_t cap = 0;
      std::uint64_t sent = 0;
      std::uint64_t taken = 0;
      bool closed = false;
    };
    std::shared_ptr<State> s_;
  };

  template <class F>
  static void Run(int p, F driver) {
    UseCpus(p);
    driver();
  }
  static int Processors();

  template <class F>
  static void Go(F&& f) {
    try {
      std::thread(std::forward<F>(f)).detach();
    } catch (const std::system_error& e) {
      NoThread(e.what());
    }
  }
  static void Yield() { std::this_thread::yield(); }
  static void Sleep(std::chrono::nanoseconds d) {
    std::this_thread::sleep_for(d);
  }

  // A thread that blocks, or that runs C, is the kernel's business alone.
  static constexpr bool kPreempts = true;
  template <class F>
  static auto Syscall(F&& f) {
    return f();
  }
  template <class F>
  static void Foreign(F&& f) {
    f();
  }
  template <class F>
  static void Callback(F&& f) {
    f();
  }
  static constexpr bool kAlwaysLocked = true;
  static void LockOSThread() {}

 private:
  // Restricts the process to `p` of the CPUs that it may use; 0: to none.
  static void UseCpus(int p);
  [[noreturn]] static void NoThread(const char* why);
};

}  // namespace mn::bench
