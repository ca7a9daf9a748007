// P is a processor, the right to run goroutines. There are GOMAXPROCS Ps.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/core/g.h"
#include "runtime/core/status.h"
#include "runtime/core/timers.h"
#include "runtime/plug/run_queue.h"

namespace mn {

struct M;

inline constexpr std::uint32_t kGfreeMax = 64;  // as Go

struct alignas(64) P {
  // ---- owned by the M that holds the P -------------------------------------
  // The M. Atomic, because sysmon reads it to send the preemption signal.
  mn::atomic<M*> m{nullptr};
  std::uint32_t gfree_count = 0;  // how many Gs are in gfree, below
  std::uint64_t goid_next = 0;    // this P has reserved the ids [next, end)
  std::uint64_t goid_end = 0;
  bool owes_global_turn = false;  // a timer took that turn (MN-5)

  // How many goroutines this P has handed out. Atomic, written by the owner.
  // The 1/61 rule counts by this number. To others a tick means work.
  mn::atomic<std::uint32_t> schedtick{0};
  // Asks the owner to leave the short way (PickLocal) and to enter the
  // scheduler. Atomic, set by others and cleared by the owner. Go's p.preempt.
  mn::atomic<bool> preempt{false};
  // How many system calls have begun on this P. Atomic, written by the owner.
  // sysmon tells one call from the next by it.
  mn::atomic<std::uint32_t> syscalltick{0};

  // Goroutines that began and that ended here. Atomic, written by the owner.
  // NumGoroutine adds up all Ps.
  mn::atomic<std::int64_t> created{0};
  mn::atomic<std::int64_t> destroyed{0};

  // Dead Gs with a stack of the default size. The warmest stands last and is
  // used first.
  G* gfree[kGfreeMax];

  // ---- shared, each by rules of its own ------------------------------------
  // The owner puts and gets, thieves take. The contract is plug/run_queue.h.
  RunQueue runq;

  // Has its own lock. The owner and thieves run its timers.
  Timers timers;

  // ---- guarded by sched.lock ----------------------------------------------
  P* link = nullptr;            // the next P of sched.pidle or sched.needm
  bool needm_spinning = false;  // its M to come is counted as spinning already
  // Not by the lock alone. PStatus says who may change it.
  mn::atomic<PStatus> status{PStatus::kIdle};

  // ---- fixed --------------------------------------------------------------
  std::int32_t id = 0;
};

// Returns true if there was a moment at which nothing was queued in q.
// Any thread. Takes no lock, so the answer may be old.
//
// Two looks are not enough. Between a look at the ring and a look at runnext
// the owner may move the goroutine of runnext into the ring and then run the
// goroutine that took its place. Both looks find nothing, yet the queue was
// never empty. A tail that stands still rules this out, because the move
// changes the tail.
inline bool RunqEmpty(const RunQueue& q) {
  for (;;) {
    // acquire: pairs with the release of head by whoever took from the ring, of
    // tail in RunqPut, of runnext in RunqPut and RunqGet.
    const std::uint32_t head = q.head.load(memory_order_acquire);
    const std::uint32_t tail = q.tail.load(memory_order_acquire);
    const G* runnext = q.runnext.load(memory_order_acquire);
    // acquire: as above.
    if (tail == q.tail.load(memory_order_acquire)) {
      return head == tail && runnext == nullptr;
    }
  }
}

// Adds one to a counter.
// REQUIRES: only the calling thread writes to the counter now. So a load and a
// store do, which are cheaper than a read-modify-write.
// release: pairs with the acquire in NumGoroutine.
template <class T>
inline void Bump(mn::atomic<T>& counter) {
  counter.store(counter.load(memory_order_relaxed) + 1, memory_order_release);
}

}  // namespace mn
