// Timers is a 4-ary heap of deadlines. Each P has a heap.
//
// Why per P: a goroutine that sleeps adds its timer to the heap of its own P,
// and the timer fires there, so no other CPU's memory is touched. The timers of
// an idle P are run by Ms that look for work. The earliest deadline of all Ps
// bounds how long the last idle M may sleep, so waiting for a timer costs no
// thread (document, section 5).
//
// Rejected: one global heap, whose lock every Sleep would take. A timing wheel,
// which rounds deadlines up, whereas a sleep of 100 us should last 100 us.
//
// Invariants:
//   TIM-1 timers fire in order of `when`, FIFO among equals;
//   TIM-2 Stop says whether it prevented the firing;
//   TIM-4 the poller sleeps until the earliest deadline of all Ps: an earlier
//         one that is added wakes it (WakeNetPoller);
//   TIM-6 never early.
// Thread-safety: any M may call every function, on any stack. None parks.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/core/lock.h"

namespace mn {

class Timers;

struct Timer {
  std::int64_t when = 0;        // nanotime
  void (*fn)(void*) = nullptr;  // must not park, since it may run on a g0
  void* arg = nullptr;

  // guarded by the heap's lock
  Timers* heap = nullptr;  // null while the timer is not pending
  std::uint32_t index = 0;
};

class Timers {
 public:
  // Adds t. Returns true if t is now the earliest timer of this heap.
  // REQUIRES: t is not pending. t stays valid until it has fired or is stopped.
  // The process ends if there is no memory.
  bool Add(Timer* t);

  // Takes t off. Returns true if t was pending, and then t does not fire
  // (TIM-2). False says that t has fired or is about to, perhaps on another M.
  // REQUIRES: t was added to this heap.
  bool Stop(Timer* t);

  // Fires every timer that is due at `now`, a nanotime. Returns how many fired.
  // Each fn runs on the calling thread, without the heap's lock. The runtime's
  // own fns need that the thread holds a P.
  int Run(std::int64_t now);

  // Moves all timers of `other` here. Their order stays (TIM-1).
  // REQUIRES: nobody else uses either heap, as while the world is stopped.
  void TakeAll(Timers& other);

  // Returns the earliest deadline, a nanotime, or 0 if there is none. Takes no
  // lock, so the answer may be old.
  std::int64_t NextWhen() const {
    // acquire: pairs with the release in Publish. A caller that sees a deadline
    // may act on the timer that has it.
    return min_when_.load(memory_order_acquire);
  }

  // Returns how many timers are pending. Takes no lock, as above.
  std::size_t Len() const { return len_.load(memory_order_relaxed); }

 private:
  struct Entry {
    std::int64_t when;
    std::uint64_t seq;  // TIM-1: the order of Add among equals
    Timer* timer;
    bool Before(const Entry& o) const {
      return when != o.when ? when < o.when : seq < o.seq;
    }
  };
  void SiftUp(std::size_t i);
  void SiftDown(std::size_t i);
  void Place(std::size_t i, const Entry& e);
  void RemoveAt(std::size_t i);
  void Publish();

  RtMutex mu_{LockRank::kTimers};
  // ---- guarded by mu_ ----------------------------------------------------
  // The deadline stands in the entry, so that a comparison does not have to
  // fetch a timer, which lies on the stack of its goroutine.
  std::vector<Entry> heap_;
  std::uint64_t next_seq_ = 0;
  // ---- written under mu_, read by any thread -----------------------------
  mn::atomic<std::int64_t> min_when_{0};
  mn::atomic<std::size_t> len_{0};
};

}  // namespace mn
