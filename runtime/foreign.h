// Calls to C libraries, and calls from there back into the runtime.
//
// Example:
//
//   int numbers[] = {3, 1, 2};
//   mn::Foreign([&] {
//     qsort(numbers, 3, sizeof(int), [](const void* a, const void* b) {
//       mn::Callback([] { mn::Gosched(); });  // the runtime, from C
//       return *static_cast<const int*>(a) - *static_cast<const int*>(b);
//     });
//   });
//   assert(numbers[0] == 1 && numbers[2] == 3);
//
// Mirrors: the document, section 6.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "runtime/syscall.h"

namespace mn {

// Calls f, which may block, compute for long, or use thread-local state and
// signal masks, as C functions do.
// REQUIRES: the caller is a goroutine. f calls nothing of the runtime, except
// through Callback. f reads errno itself.
// Returns what f returns. An exception passes through. All of f runs on one
// thread, perhaps not the caller's, and no other goroutine runs there
// meanwhile. May park before f and after f.
//
// An empty call costs a few nanoseconds. The P goes to another thread under the
// same conditions as in Syscall. A hundred calls that block need a hundred
// threads, and a ForeignPool bounds them.
//
// f runs on the goroutine's stack. The stack has 64 KiB unless GoOptions says
// otherwise. The stack of goroutine 1 has 8 MiB.
// Mirrors: a cgo call.
template <class F>
auto Foreign(F&& f) -> std::invoke_result_t<F> {
  return Syscall(std::forward<F>(f));
}

namespace internal {
void Callback(void (*run)(void*), void* arg);
}  // namespace internal

// Calls f as a goroutine, from code that is none. f may use all of the runtime.
// The caller may be
//   - C code inside Foreign. f runs on the same goroutine, which is pinned to
//     its thread until f returns.
//   - a thread that the runtime did not make. The thread belongs to the runtime
//     until f returns.
//   - a goroutine that is in no foreign call. f is simply called.
// REQUIRES: Main has started, else the call is a fatal error.
// Waits for a P before f begins, so other goroutines may come first. May park.
// An exception that leaves f passes to the caller. Goexit and pthread_exit
// inside f are fatal errors, since the C frames below have no destructors.
// pthread_cancel ends a foreign thread after f, never inside f.
//
// While the process has threads that the runtime did not make, no deadlock is
// reported, since such a thread may call in.
// Mirrors: a cgo callback.
template <class F>
void Callback(F&& f) {
  using Callable = std::remove_reference_t<F>;
  internal::Callback(
      [](void* arg) { (*static_cast<Callable*>(arg))(); },
      const_cast<void*>(static_cast<const void*>(std::addressof(f))));
}

// Allows so many foreign calls at once and no more. So a burst of calls to C
// does not become a burst of threads. A goroutine that waits for its turn needs
// no thread.
//
// Example:
//
//   mn::ForeignPool pool(2);
//   assert(pool.Call([] { return std::abs(-3); }) == 3);
//   int sum = 0;
//   std::vector<int> items = {1, 2, 3};
//   pool.Batch(items.begin(), items.end(), [&](int item) { sum += item; });
//   assert(sum == 6);
//
// REQUIRES: the pool outlives its calls.
// Any goroutine may call, also at once.
// Mirrors: nothing. A program in Go uses a channel of `limit` places.
class ForeignPool {
 public:
  // At most `limit` calls at once. A limit below 1 counts as 1. Any thread.
  explicit ForeignPool(int limit);
  ~ForeignPool();
  ForeignPool(const ForeignPool&) = delete;
  ForeignPool& operator=(const ForeignPool&) = delete;

  // Waits for a turn, and then does Foreign(f).
  // REQUIRES: the caller is a goroutine, and f is as for Foreign.
  // Returns what f returns. Parks until the turn comes, in the order of the
  // calls. The turn ends when f returns or throws.
  template <class F>
  auto Call(F&& f) -> std::invoke_result_t<F> {
    Turn turn(*this);
    return Foreign(std::forward<F>(f));
  }

  // Does the same as the Call above, but a stop request ends the waiting.
  // REQUIRES: a goroutine makes the stop request, and no stop_callback of the
  // same source parks. libstdc++ expects that request_stop stays on its thread.
  // Returns false, and does not run f, if `stop` is requested while the call
  // waits for its turn. A call that has begun cannot be stopped. What f returns
  // is discarded.
  template <class F>
  bool Call(std::stop_token stop, F&& f) {
    if (!Enter(stop)) return false;
    Turn turn(*this, Entered{});
    Foreign(std::forward<F>(f));
    return true;
  }

  // Runs f(item) for each item of [first, last), in one turn and one call to C.
  // REQUIRES: the same as for Call.
  // Parks until the turn comes. The first exception ends the batch.
  template <class It, class F>
  void Batch(It first, It last, F&& f) {
    Call([&] {
      for (; first != last; ++first) f(*first);
    });
  }

  // How many calls run, and how many wait.
  // Any thread may call. Do not park. The number may be out of date on return.
  int Running() const;
  int Waiting() const;

 private:
  struct Entered {};
  class Turn {
   public:
    explicit Turn(ForeignPool& pool) : pool_(pool) {
      pool_.Enter(std::stop_token{});
    }
    Turn(ForeignPool& pool, Entered) : pool_(pool) {}
    ~Turn() { pool_.Leave(); }

   private:
    ForeignPool& pool_;
  };
  struct Rep;

  bool Enter(std::stop_token stop);
  void Leave();

  std::unique_ptr<Rep> rep_;
};

}  // namespace mn
