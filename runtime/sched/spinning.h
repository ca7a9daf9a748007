// Spinning. How many Ms look for work, and who wakes another M.
//
// Why this is hard. If too few Ms look for work, a runnable goroutine waits
// beside an idle CPU. If too many look, they burn CPU for nothing. At any time
// at most one M more than needed should look for work.
//
// We rejected waking an M for every goroutine that becomes ready, because a
// futex call takes 5 us and the goroutine may run for 50 ns. We rejected
// central books about the work of each P, because they need a lock on the fast
// path.
//
// Protocol.
//   S1 an M without work that looks for work is *spinning*, and nmspinning
//      counts it;
//   S2 an M that queues work calls Wakep. If a P is idle and no M spins, Wakep
//      starts an M, which spins;
//   S3 a spinning M that finds work stops spinning. If it was the last spinning
//      M, it wakes another one (ResetSpinning), because there may be more work;
//   S4 a spinning M that finds nothing stops spinning, and then looks at every
//      queue once more before it sleeps;
//   S5 an M that finds no idle P for the work it knows of sets needspinning. An
//      M that has not spun looks at needspinning after it has put its P on the
//      idle list. If needspinning is set, the M takes the P back and spins. S5
//      is for the moment at which the last spinning M has already looked for
//      the last time.
//
// The dangerous pair. M A queues work and then looks whether an M spins. M B
// stops spinning and then looks for work. Each of them must make its own store
// visible before its load (#StoreLoad on both sides). A uses the fence in
// Wakep, and B the seq_cst decrement. If one of the two is missing, A and B can
// miss each other. Then the goroutine waits beside an idle P (MN-7).
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

// S2. Starts an M that looks for work, if a P is idle and no M spins.
// REQUIRES: the caller holds neither sched.lock nor a lock that ranks after it.
// Called by an M that has just made a goroutine runnable. Any stack. Does not
// park. Async-signal-safe.
// Mirrors: wakep
inline void Wakep() {
  // The only P is the caller's, so no other P can be idle.
  if (Gomaxprocs() == 1) return;
  // Without this fence the load of npidle may overtake the store of the
  // goroutine. Then this M sees no idle P, and the M that idles sees no work.
  StoreLoadFence();  // pairs with B's decrement (S4) and with PidlePut
  if (sched.npidle.load(memory_order_relaxed) == 0) {
    // S5. The request is there already. The M that takes the request back looks
    // at the queues afterwards, so it finds this goroutine too.
    if (sched.needspinning.load(memory_order_relaxed) == 1) return;
    sched.needspinning.store(1, memory_order_relaxed);
    // Pairs with PidlePut (IdleP). Either the M that idles its P sees the
    // request, or this M sees the idle P.
    StoreLoadFence();
    if (sched.npidle.load(memory_order_relaxed) == 0) return;
  }
  // The spinning M either finds the goroutine or looks at all queues once more
  // before it sleeps (S4).
  if (sched.nmspinning.load(memory_order_relaxed) != 0) return;
  internal::WakepSlow();
}

// S1. m begins to spin.
// REQUIRES: m has a P and is not spinning.
// Called by m's thread. Takes no lock.
// Mirrors: mp.becomeSpinning
void BecomeSpinning(M* m);

// S1 for an M that is about to be started. Counts the M in nmspinning.
// Any thread. Takes no lock. The caller then passes true to StartM.
void CountSpinning();

// Puts p on the idle list. Returns false if an M is needed that looks for work
// (S5). Then p is not on the list, is still the caller's, and needs a spinning
// M. A caller that spins looks again anyway (S4), says so by `spinning`, and
// always gets true.
// REQUIRES: sched.lock is held, and p belongs to no M.
// Any thread. Does not park.
bool IdleP(P* p, bool spinning);

// S3. m stops spinning. Wakes another M if this was the last spinning one.
// REQUIRES: m is spinning.
// Called by m's thread, which is about to run a goroutine.
// Mirrors: resetspinning
void ResetSpinning(M* m);

}  // namespace mn
