// P: a processor, the right to run goroutines. There are GOMAXPROCS of them.
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
  // ---- owner: the M that holds it ------------------------------------------
  // atomic: the M; read by sysmon, which sends it the preemption signal.
  mn::atomic<M*> m{nullptr};
  std::uint32_t gfree_count = 0;  // of gfree, below
  std::uint64_t goid_next = 0;    // ids reserved for this P: [next, end)
  std::uint64_t goid_end = 0;
  bool owes_global_turn = false;  // a timer took it (MN-5)

  // atomic: written by the owner. Goroutines handed out: the 1/61 rule, and for
  // thieves the sign that the owner is at work.
  mn::atomic<std::uint32_t> schedtick{0};
  // atomic: set by others, cleared by the owner: leave the short way
  // (PickLocal) and enter the scheduler. (Go: p.preempt.)
  mn::atomic<bool> preempt{false};
  // atomic: written by the owner. System calls entered.
  mn::atomic<std::uint32_t> syscalltick{0};

  // atomic: written by the owner, summed by NumGoroutine.
  mn::atomic<std::int64_t> created{0};
  mn::atomic<std::int64_t> destroyed{0};

  // owner: dead Gs with a stack of the default size, the warmest last
  G* gfree[kGfreeMax];

  // owner puts and gets, thieves take (contract: plug/run_queue.h)
  RunQueue runq;

  // has its own lock; its owner and thieves run it
  Timers timers;

  // ---- guarded by sched.lock ----------------------------------------------
  P* link = nullptr;            // sched.pidle or sched.needm
  bool needm_spinning = false;  // on sched.needm: its M is counted as spinning
  // atomic: see PStatus for who may change it.
  mn::atomic<PStatus> status{PStatus::kIdle};

  // ---- fixed --------------------------------------------------------------
  std::int32_t id = 0;
};

// Was there a moment at which nothing was queued? Any thread. The owner may put
// a goroutine into the ring that it displaces from runnext, and then get the
// one that displaced it: whoever looks at the ring before and at runnext after
// sees neither. A tail that stands still rules that out.
inline bool RunqEmpty(const RunQueue& q) {
  for (;;) {
    // acquire: pairs with the release of head by whoever took from the ring, of
    // tail in RunqPut, of runnext in RunqPut and RunqGet.
    const std::uint32_t head = q.head.load(memory_order_acquire);
    const std::uint32_t tail = q.tail.load(memory_order_acquire);
    const G* runnext = q.runnext.load(memory_order_acquire);
    if (tail == q.tail.load(memory_order_acquire)) {
      return head == tail && runnext == nullptr;
    }
  }
}

// Owner's counters need no read-modify-write: only one thread writes. release:
// pairs with the acquire in NumGoroutine.
template <class T>
inline void Bump(mn::atomic<T>& counter) {
  counter.store(counter.load(memory_order_relaxed) + 1, memory_order_release);
}

}  // namespace mn
