// Spinning: how many Ms look for work, and who wakes another one.
//
// Why it is hard: too few looking and a runnable goroutine waits beside an idle
// CPU; too many and the idle burn CPU. The runtime wants the number of Ms that
// look for work to be at most one more than needed at any time.
//
// Rejected: waking an M for every goroutine that becomes ready (a futex call,
// 5 us, for something that takes 50 ns); central bookkeeping of who has how
// much work (a lock on the fast path).
//
// Protocol:
//   S1 an M without work that looks for some is *spinning* and counted in
//      nmspinning;
//   S2 whoever queues work calls Wakep: if there is an idle P and nobody spins,
//      one M is started, spinning;
//   S3 a spinning M that finds work stops spinning, and if it was the last one
//      wakes another (ResetSpinning), since there may be more where that was;
//   S4 a spinning M that finds nothing stops spinning and then looks at every
//      queue once more before it sleeps;
//   S5 whoever finds no idle P for the work it knows of sets needspinning; an M
//      that puts its P on the idle list without having spun looks at it after
//      that, and takes the P back to spin. It matters when the spinning M that
//      everybody relies on has already looked for the last time.
//
// The dangerous pair: A queues work and then looks whether somebody spins; B
// stops spinning and then looks for work. Each must make its own store visible
// before its load (#StoreLoad on both sides): A by the fence in Wakep, B by the
// seq_cst decrement. If one of the two is missing, both can miss each other,
// and the goroutine waits beside an idle P (MN-7).
//
// Invariants:
//   MN-3 no runnable goroutine beside an idle P that nobody will wake;
//   MN-4 an M without work joins in only while fewer spin than half of the busy
//        Ps;
//   MN-7 no wake-up is lost between an M's last look and its sleep.
#pragma once

#include "runtime/core/sched.h"

namespace mn {

namespace internal {
void WakepSlow();
}

// S2. Caller: an M that has just made a goroutine runnable. Does not park.
inline void Wakep() {
  if (Gomaxprocs() == 1) return;  // no other P: nobody to wake
  StoreLoadFence();  // pairs with B's decrement (S4) and with PidlePut
  if (sched.npidle.load(memory_order_relaxed) == 0) {
    // S5. Already asked: whoever clears it looks at the queues after that.
    if (sched.needspinning.load(memory_order_relaxed) == 1) return;
    sched.needspinning.store(1, memory_order_relaxed);
    StoreLoadFence();  // pairs with PidlePut: it sees the request, or we the P
    if (sched.npidle.load(memory_order_relaxed) == 0) return;
  }
  if (sched.nmspinning.load(memory_order_relaxed) != 0) return;
  internal::WakepSlow();
}

// S1. Caller: m itself.
void BecomeSpinning(M* m);

// S1 for an M that is about to be started.
void CountSpinning();

// Puts p on the idle list, unless somebody has asked for an M that looks (S5):
// false, and p needs one. `spinning`: the caller spins and will look again
// (S4). REQUIRES: sched.lock.
bool IdleP(P* p, bool spinning);

// S3. Caller: m itself, spinning, about to run a goroutine.
void ResetSpinning(M* m);

}  // namespace mn
