// Calls out of the runtime and back in: C libraries (document, section 6).
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

// Calls f, which may be a C function that blocks, computes for long, or uses
// thread-local state and signal masks: it keeps one thread for its duration
// (perhaps another than the caller's), and no other goroutine runs there.
// The P goes to another thread when the call takes longer than a tick of
// sysmon (20 us) and somebody needs it (at once if this goroutine's last call
// from there lost its P, see Syscall), so an empty call costs a few
// nanoseconds, and 100 calls that block need 100 threads; bound them with a
// ForeignPool. Returns what f returns; an exception passes through.
//
// f runs on the goroutine's stack (64 KiB unless GoOptions said otherwise;
// main's is 8 MiB). It must not call the runtime except through Callback.
// errno: read it inside f. Caller: a goroutine. May park, before and after f.
// Mirrors a cgo call.
template <class F>
auto Foreign(F&& f) -> std::invoke_result_t<F> {
  return Syscall(std::forward<F>(f));
}

namespace internal {
void Callback(void (*run)(void*), void* arg);
}  // namespace internal

// Calls f as a goroutine from a place that is none: from C code that a Foreign
// call runs (f then runs on that same goroutine, pinned to its thread
// meanwhile), or from a thread that the runtime did not make (it becomes one of
// its threads for as long as f runs: f may use channels, Go, everything). Waits
// for a P first, so it may take as long as goroutines take. An exception that
// leaves f passes to the caller; Goexit and pthread_exit inside f are fatal,
// since the C frames below have no destructors. Called by a goroutine that is
// in no foreign call it just calls f. A foreign thread is not cancelled
// (pthread_cancel) while f runs, but after. May park; before Main it is a fatal
// error. No deadlock is
// reported while the process has threads that the runtime did not make, since
// they may call in. Mirrors a cgo callback.
template <class F>
void Callback(F&& f) {
  using Callable = std::remove_reference_t<F>;
  internal::Callback(
      [](void* arg) { (*static_cast<Callable*>(arg))(); },
      const_cast<void*>(static_cast<const void*>(std::addressof(f))));
}

// At most `limit` foreign calls at a time; more wait for their turn in order,
// as goroutines, without a thread. What keeps a burst of calls into C from
// making a burst of threads.
//
// Thread-safety: all functions, any goroutine. Must outlive its calls. Go has
// none: its programs write a channel of `limit` slots.
class ForeignPool {
 public:
  // limit < 1 is taken as 1.
  explicit ForeignPool(int limit);
  ~ForeignPool();
  ForeignPool(const ForeignPool&) = delete;
  ForeignPool& operator=(const ForeignPool&) = delete;

  // Waits for a turn (parks), then Foreign(f). The turn ends with the call,
  // also by an exception.
  template <class F>
  auto Call(F&& f) -> std::invoke_result_t<F> {
    Turn turn(*this);
    return Foreign(std::forward<F>(f));
  }

  // As Call, unless `stop` is requested while it waits for its turn: false
  // then, and f never runs. What f returns is discarded. A call that has begun
  // cannot be stopped. Whoever requests the stop must be a goroutine, and no
  // other stop_callback of the same source may park: libstdc++ takes the thread
  // that called request_stop for the one that runs them.
  template <class F>
  bool Call(std::stop_token stop, F&& f) {
    if (!Enter(stop)) return false;
    Turn turn(*this, Entered{});
    Foreign(std::forward<F>(f));
    return true;
  }

  // Runs every f(item) of [first, last) in one foreign call: one entry and one
  // turn for all of them. Waits for it as Call does; the first exception ends
  // it.
  template <class It, class F>
  void Batch(It first, It last, F&& f) {
    Call([&] {
      for (; first != last; ++first) f(*first);
    });
  }

  // Calls that run and that wait. A snapshot. Any thread; does not park.
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
