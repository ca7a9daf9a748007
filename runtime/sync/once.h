// Once does something exactly once, however many goroutines ask for it.
//
//   mn::Once once;
//   Table* table = nullptr;
//
//   const Table& TheTable() {
//     once.Do([] { table = new Table(Load()); });
//     return *table;
//   }
//
// f counts as done also after an exception or a Goexit, as in Go. No second
// call tries again. std::call_once would, and std::call_once blocks the thread.
//
// Thread-safety: any goroutine may call Do.
#pragma once

#include "runtime/base/atomic.h"
#include "runtime/sync/mutex.h"

namespace mn {

class Once {
 public:
  constexpr Once() = default;
  Once(const Once&) = delete;
  Once& operator=(const Once&) = delete;

  // Calls f() if this is the first Do. When a Do returns, f has ended, and what
  // f did is visible. Later callers wait for the first.
  // REQUIRES: f does not call Do on the same Once. Such a call waits for
  // itself, and the runtime reports the deadlock if nothing else can run.
  // May park (`sync.Mutex.Lock`). An exception of f goes on to the caller whose
  // f ran, and to no other.
  // Mirrors: sync.Once.Do.
  template <class F>
  void Do(F&& f) {
    // acquire: pairs with the release in ~Finish, so what f did is visible.
    if (done_.load(memory_order_acquire)) [[likely]]
      return;
    DoSlow(f);
  }

 private:
  template <class F>
  void DoSlow(F& f) {
    // A destructor also runs if f leaves with an exception or by Goexit.
    struct Finish {
      Once* once;
      bool first = false;
      ~Finish() {
        // Not before f has ended, since a caller that sees done_ does not wait.
        // release: pairs with the acquire in Do.
        if (first) once->done_.store(true, memory_order_release);
        once->mu_.Unlock();
      }
    };
    mu_.Lock();
    Finish finish{this};
    // Somebody else was first. The lock has published what that f did.
    if (done_.load(memory_order_relaxed)) return;
    finish.first = true;
    f();
  }

  mn::atomic<bool> done_{false};
  Mutex mu_;
};

}  // namespace mn
