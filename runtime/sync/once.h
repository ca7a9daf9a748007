// Once: does something exactly once, however many goroutines ask for it.
//
// Thread-safety: Do, any goroutine. When a Do returns, f has ended: callers
// that come second wait for the first. f counts as done also if it left with an
// exception or by Goexit, as Go's; a second call will not try again (std's
// call_once would, and blocks the thread). f must not call Do on the same Once:
// that is a deadlock, reported as one.
#pragma once

#include "runtime/base/atomic.h"
#include "runtime/sync/mutex.h"

namespace mn {

class Once {
 public:
  constexpr Once() = default;
  Once(const Once&) = delete;
  Once& operator=(const Once&) = delete;

  // Calls f() if this is the first Do. May park (`sync.Mutex.Lock`). An
  // exception goes on to the caller that ran f. Mirrors sync.Once.Do.
  template <class F>
  void Do(F&& f) {
    // acquire: pairs with the release in ~Finish; what f did is visible.
    if (done_.load(memory_order_acquire)) [[likely]]
      return;
    DoSlow(f);
  }

 private:
  template <class F>
  void DoSlow(F& f) {
    struct Finish {
      Once* once;
      bool first = false;
      ~Finish() {
        // release: pairs with the acquire in Do. Only now: who sees it set
        // does not wait.
        if (first) once->done_.store(true, memory_order_release);
        once->mu_.Unlock();
      }
    };
    mu_.Lock();
    Finish finish{this};
    if (done_.load(memory_order_relaxed)) return;
    finish.first = true;
    f();
  }

  mn::atomic<bool> done_{false};
  Mutex mu_;
};

}  // namespace mn
