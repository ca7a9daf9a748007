// Go's WaitGroup over a mutex and a condition variable of any runtime.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace mn::bench {

// Thread-safety: Done and Wait may be called from any task at once; Add only
// when the count is not about to reach 0 (which is what Go demands too).
//
// Done() takes the lock only when the count reaches 0. Wait() returns only on
// `open_`, which is set under the lock, never on the count: whoever waited may
// destroy the group at once, and by then the last Done() is out of it.
template <class MutexType, class Condition>
class WaitGroupOf {
 public:
  void Add(int n) {
    if (count_.fetch_add(n) == 0) {
      std::unique_lock<MutexType> lock(mu_);
      open_ = false;
    }
  }
  void Done() {
    if (count_.fetch_sub(1) == 1) {
      std::unique_lock<MutexType> lock(mu_);
      open_ = true;
      condition_.notify_all();
    }
  }
  void Wait() {
    std::unique_lock<MutexType> lock(mu_);
    while (!open_) condition_.wait(lock);
  }

 private:
  std::atomic<std::int64_t> count_{0};
  MutexType mu_;
  Condition condition_;
  bool open_ = true;
};

}  // namespace mn::bench
