// Timers: a 4-ary heap of deadlines; each P has one.
//
// Why per P: a timer is added and fires on the P that sleeps, without touching
// anybody else's memory; an idle P's timers are run by whoever looks for work
// and bound how long the last idle M may sleep (document, section 5: waiting
// for a timer costs no thread).
//
// Rejected: one global heap (a lock that every Sleep takes); a timing wheel
// (rounds deadlines up; a 100 us sleep should be 100 us).
//
// Invariants:
//   TIM-1 timers fire in order of `when`, FIFO among equals;
//   TIM-2 Stop says whether it prevented the firing;
//   TIM-4 the poller sleeps until the earliest deadline of all Ps: an earlier
//         one that is added wakes it (WakeNetPoller);
//   TIM-6 never early.
// Thread-safety: every function may be called from any M; `fn` runs without the
// heap's lock, on the M that called Run.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/core/lock.h"

namespace mn {

class Timers;

struct Timer {
  std::int64_t when = 0;        // nanotime
  void (*fn)(void*) = nullptr;  // scheduler context: must not park
  void* arg = nullptr;

  // guarded by the heap's lock
  Timers* heap = nullptr;  // null: not pending
  std::uint32_t index = 0;
};

class Timers {
 public:
  // REQUIRES: t is not pending; t stays valid until it fired or was stopped.
  // Returns true if t is now the earliest. Without memory for it the process
  // ends.
  bool Add(Timer* t);

  // True: t was pending and will not fire. REQUIRES: t was added to this heap.
  bool Stop(Timer* t);

  // Fires everything due at `now`. Returns how many fired.
  int Run(std::int64_t now);

  // Moves all timers of `other` here. REQUIRES: nobody else uses either.
  void TakeAll(Timers& other);

  // The earliest deadline, 0 if there is none; a snapshot without the lock.
  std::int64_t NextWhen() const {
    // acquire: pairs with the release in Publish: whoever sees a deadline may
    // act on the timer that has it.
    return min_when_.load(memory_order_acquire);
  }

  // A snapshot without the lock.
  std::size_t Len() const { return len_.load(memory_order_relaxed); }

 private:
  struct Entry {
    std::int64_t when;
    std::uint64_t seq;  // TIM-1: FIFO among equals
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
  // guarded by mu_
  std::vector<Entry> heap_;
  std::uint64_t next_seq_ = 0;
  // atomic; written under mu_
  mn::atomic<std::int64_t> min_when_{0};
  mn::atomic<std::size_t> len_{0};
};

}  // namespace mn
