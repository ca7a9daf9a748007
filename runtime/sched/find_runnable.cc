// FindRunnable: what a thread without a goroutine does, down to sleeping.
//
// The order: own timers; every 61st tick one from the global queue; the own
// queue; the global queue; other Ps. Then, with nothing found, the delicate
// part:
//   1. under sched.lock look at the global queue again, put the P on the idle
//      list;
//   2. if this M was spinning: stop spinning (seq_cst), then look at every
//      queue once more (S4 in spinning.h, MN-7);
//   3. one M waits for the earliest timer of all Ps in netpoll; the others
//      sleep until somebody hands them a P.
//
// Rejected: sleeping after step 1 (loses the goroutine that was queued between
// the last look and the sleep); a dedicated timer thread (a thread switch for
// every sleeper).
//
// Invariants, with MN-3 and MN-7 of spinning.h:
//   MN-5 the global queue is looked at every 61st tick, or at the next look
//        after it;
//   MN-6 an idle process sleeps.
#include "runtime/sched/find_runnable.h"

#include <cstdint>

#include "runtime/core/getg.h"
#include "runtime/core/nanotime.h"
#include "runtime/net/netpoll.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/spinning.h"
#include "runtime/sched/steal.h"
#include "runtime/sched/stw.h"

namespace mn {

namespace {

// Runs p's due timers; true if any fired. *now: 0 = not yet read.
bool CheckTimers(P* p, std::int64_t* now) {
  const std::int64_t when = p->timers.NextWhen();
  if (when == 0) return false;
  if (*now == 0) *now = Nanotime();
  return when <= *now && p->timers.Run(*now) > 0;
}

std::int64_t EarliestTimer() {
  std::int64_t earliest = 0;
  for (const P* p : Allp()) {
    const std::int64_t when = p->timers.NextWhen();
    if (when != 0 && (earliest == 0 || when < earliest)) earliest = when;
  }
  return earliest;
}

G* FromGlobal(P* p, bool batch) {
  if (sched.runqsize.load(memory_order_relaxed) == 0) return nullptr;
  RtLock lock(sched.lock);
  return batch ? GlobrunqGetBatch(p) : GlobrunqGet();
}

bool AnyWorkQueued() {
  if (sched.runqsize.load(memory_order_relaxed) != 0) return true;
  for (const P* p : Allp()) {
    if (!RunqEmpty(p->runq)) return true;
  }
  return false;
}

// How long a spinning M goes on looking before it sleeps: what its sleeping
// would cost whoever wakes it, a futex call. Not looking at all makes every
// wake-up between two Ps that dear. Looking longer is dearer still: with
// more threads than CPUs, one that is back from its system call waits behind
// us. Rejected: yielding the CPU at each look. Who is away still counts as
// spinning, so nobody else is woken: 200 us instead of 7 for a wake-up beside
// another process that computes.
constexpr std::int64_t kSpinNs = 5'000;

// Waits for work to show up until `deadline` (0: sets it). False: none did.
bool SpinForWork(std::int64_t* deadline) {
  if (Gomaxprocs() == 1 || sched.ncpu == 1) return false;
  std::int64_t now = Nanotime();
  if (*deadline == 0) *deadline = now + kSpinNs;
  while (now < *deadline) {
    // Pauses, so that the looked-at queues stay in their owners' caches.
    for (int i = 0; i < 50; i++) CpuRelax();
    if (AnyWorkQueued()) return true;
    if (sched.gcwaiting.load(memory_order_relaxed)) return true;
    now = Nanotime();
    const std::int64_t when = EarliestTimer();
    if (when != 0 && when <= now) return true;
  }
  return false;
}

// Everything that needs a P. Null: there is no work in sight.
G* LookForWork(M* m) {
  P* p = m->p;
  std::int64_t spin_deadline = 0;
  for (;;) {
    if (p->preempt.load(memory_order_relaxed)) {
      if (sched.gcwaiting.load(memory_order_relaxed)) return nullptr;
      p->preempt.store(false, memory_order_relaxed);
    }
    std::int64_t now = 0;
    const bool fired = CheckTimers(p, &now);
    // MN-5; but a goroutine that a timer has just woken was late already. It
    // may go first once, or one that sleeps again and again would for ever.
    const bool turn =
        p->owes_global_turn ||
        p->schedtick.load(memory_order_relaxed) % kGlobalQueueTick == 0;
    p->owes_global_turn = turn && fired && !p->owes_global_turn;
    if (turn && !p->owes_global_turn) {
      if (G* gp = FromGlobal(p, false)) return gp;
    }
    if (G* gp = RunqGet(p->runq)) return gp;
    if (G* gp = FromGlobal(p, true)) return gp;

    const std::int32_t busy =
        Gomaxprocs() - sched.npidle.load(memory_order_relaxed);
    if (!m->spinning &&
        2 * sched.nmspinning.load(memory_order_relaxed) >= busy) {  // MN-4
      return nullptr;
    }
    if (!m->spinning) BecomeSpinning(m);
    bool ran_timer = false;
    if (G* gp = StealWork(m, &now, &ran_timer)) return gp;
    if (!ran_timer && !SpinForWork(&spin_deadline)) return nullptr;
  }
}

// Step 1. Returns a goroutine, or null with the P on the idle list (m->p null),
// or null with the P kept: look again.
G* ReleaseToIdle(M* m) {
  RtLock lock(sched.lock);
  if (sched.gcwaiting.load(memory_order_relaxed)) return nullptr;
  if (G* gp = GlobrunqGetBatch(m->p)) return gp;
  P* p = ReleaseP(m);
  if (!IdleP(p, m->spinning)) {
    AcquireP(m, p);
    BecomeSpinning(m);
  }
  return nullptr;
}

// Takes an idle P, spinning; false if there is none (Go: pidlegetSpinning).
bool AcquireIdleP(M* m) {
  P* p;
  {
    RtLock lock(sched.lock);
    p = PidleGet();
    if (p == nullptr) {
      // Whoever is about to idle a P must look for what we came for (S5).
      sched.needspinning.store(1, memory_order_relaxed);
      return false;
    }
  }
  AcquireP(m, p);
  BecomeSpinning(m);
  return true;
}

// Step 2. True: there is work after all and m has a P.
bool LookAgain(M* m) {
  m->spinning = false;
  // seq_cst: pairs with the fence in Wakep (the dangerous pair).
  if (sched.nmspinning.fetch_sub(1, memory_order_seq_cst) <= 0) {
    Throw("negative nmspinning", "internal");
  }
  StoreLoadFence();
  return AnyWorkQueued() && AcquireIdleP(m);
}

// Step 3, without a P. Returns with one.
void SleepWithoutP(M* m) {
  const std::int64_t when = EarliestTimer();
  if (when != 0) {
    // Only one M waits for timers: whoever swaps lastpoll to 0. seq_cst, here
    // and below: pairs with the same swap of another M, and with the loads in
    // WakeNetPoller.
    if (sched.lastpoll.exchange(0, memory_order_seq_cst) != 0) {
      sched.poll_until.store(when, memory_order_seq_cst);
      StoreLoadFence();
      // Look once more: a timer added before poll_until was visible did not
      // break this wait (TIM-4; pairs with WakeNetPoller).
      const std::int64_t again = EarliestTimer();
      NetpollWait(again != 0 && again < when ? again : when);
      sched.poll_until.store(0, memory_order_seq_cst);
      sched.lastpoll.store(Nanotime(), memory_order_seq_cst);
      if (AcquireIdleP(m)) return;
      // No idle P: all are busy and run their own timers.
    } else {
      WakeNetPoller(when);  // its deadline may be later than ours
    }
  }
  StopM(m);
}

}  // namespace

G* FindRunnable(M* m) {
  for (;;) {
    if (sched.gcwaiting.load(memory_order_relaxed)) {
      Gcstopm(m);
      continue;
    }
    if (G* gp = LookForWork(m)) return gp;
    if (G* gp = ReleaseToIdle(m)) return gp;
    if (m->p != nullptr) continue;
    if (m->spinning && LookAgain(m)) continue;
    SleepWithoutP(m);
  }
}

void WakeNetPoller(std::int64_t when) {
  // seq_cst: pairs with SleepWithoutP: either we see its deadline, or it sees
  // our timer when it looks once more.
  StoreLoadFence();
  if (sched.lastpoll.load(memory_order_seq_cst) == 0) {
    const std::int64_t until = sched.poll_until.load(memory_order_seq_cst);
    if (until == 0 || until > when) NetpollBreak();
  } else {
    // Nobody waits: an idle P, if there is one, must get an M that does.
    Wakep();
  }
}

}  // namespace mn
