// WaitGroup waits until a number of things is done.
//
//   std::vector<int> squares(10);
//   mn::WaitGroup wg;
//   for (int i = 0; i < 10; i++) {
//     wg.Go([&squares, i] { squares[i] = i * i; });
//   }
//   wg.Wait();  // now all ten are there
//
// Thread-safety: any goroutine may call every function. An Add from zero must
// happen before the Wait that should wait for it. A woken waiter never looks at
// the WaitGroup again. So the group may be used again at once. It may be
// destroyed as soon as a Wait has returned and no other Wait is inside. Go
// panics if a group is reused "before previous Wait has returned", which does
// no harm here.
//
// Invariants:
//   WG-1 Add and Done are one atomic operation unless they bring the counter to
//        zero while somebody waits.
//   WG-2 the Done that reaches zero with waiters wakes all of them, and only it
//        touches the group after its atomic operation.
//   WG-3 a waiter is counted in the state before it parks, under list lock.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include "runtime/base/atomic.h"
#include "runtime/core/lock.h"
#include "runtime/go.h"
#include "runtime/sync/wait_list.h"

namespace mn {

class WaitGroup {
 public:
  constexpr WaitGroup() = default;
  WaitGroup(const WaitGroup&) = delete;
  WaitGroup& operator=(const WaitGroup&) = delete;

  // Adds delta, which may be negative, to the number of things.
  // REQUIRES: the caller is a goroutine, if this brings the number to zero
  // while somebody waits.
  // Does not park. Throws Panic `sync: negative WaitGroup counter`, and `sync:
  // WaitGroup misuse: Add called concurrently with Wait` if that is noticed.
  // Mirrors: sync.WaitGroup.Add.
  void Add(int delta) {
    const std::uint64_t change = static_cast<std::uint64_t>(delta) << 32;
    // acq_rel: release pairs with the acquire in Wait and in the Add that
    // reaches zero, which passes on what all the others did.
    const std::uint64_t s =
        state_.fetch_add(change, memory_order_acq_rel) + change;
    // WG-1. Either the counter is not negative and nobody waits, or there is
    // still something to do.
    if ((s & (kNegative | kWaiters)) == 0) [[likely]]
      return;
    if (delta < 0 && static_cast<std::int64_t>(s) >= std::int64_t{kOne}) return;
    AddSlow(delta, s);
  }

  // Takes a thing off, as Add(-1) does.
  // Mirrors: sync.WaitGroup.Done.
  void Done() { Add(-1); }

  // Waits until the number of things is zero, which may be so already.
  // REQUIRES: the caller is a goroutine, if there is a wait.
  // May park (`sync.WaitGroup.Wait`) and continue on another thread. What
  // happened before the Dones is visible afterwards.
  // Mirrors: sync.WaitGroup.Wait.
  void Wait() {
    // acquire: pairs with the release in Add.
    if ((state_.load(memory_order_acquire) & ~kWaiters) == 0) return;
    WaitSlow();
  }

  // Runs f in a new goroutine that the group waits for. Done is called when f
  // returns or calls Goexit. An exception that leaves f ends the process first.
  // REQUIRES: the caller is a goroutine.
  // Does not park, but may give way to a preemption, as mn::Go does. If f
  // cannot be copied, the caller gets the exception and the group is unchanged.
  // Mirrors: sync.WaitGroup.Go.
  template <class F>
  [[gnu::always_inline]] inline void Go(F&& f) {
    struct Undo {
      WaitGroup* wg;
      ~Undo() {
        if (wg != nullptr) wg->Done();
      }
    } undo{this};  // if f cannot be copied
    Add(1);
    mn::Go([this, f = std::decay_t<F>(std::forward<F>(f))]() mutable {
      struct AtEnd {
        WaitGroup* wg;
        ~AtEnd() { wg->Done(); }
      } at_end{this};
      f();
    });
    undo.wg = nullptr;
  }

 private:
  // The counter is the upper half of the word, the number of waiters the lower.
  static constexpr std::uint64_t kOne = std::uint64_t{1} << 32;
  static constexpr std::uint64_t kNegative = std::uint64_t{1} << 63;
  static constexpr std::uint64_t kWaiters = kOne - 1;

  void AddSlow(int delta, std::uint64_t s);
  void WaitSlow();

  mn::atomic<std::uint64_t> state_{0};
  RtMutex list_lock_{LockRank::kObject};
  internal::WaitList waiters_;  // guarded by list_lock_
};

}  // namespace mn
