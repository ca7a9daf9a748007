// FindRunnable is what a thread without a goroutine does, down to sleeping.
//
// An M looks at the timers of its own P, then at its queue, then at the global
// queue, then at other Ps. Every 61st tick the global queue comes before
// the P's own queue.
//
// Why it is hard: an M that has found nothing must sleep, and work may be
// queued between its last look and its sleep. So an M goes to sleep in steps.
//   1. Under sched.lock, the M looks at the global queue again and puts its P
//      on the idle list.
//   2. If the M was spinning, the M stops spinning (seq_cst). After that the M
//      looks at every queue once more (S4 in spinning.h, MN-7).
//   3. One M waits in netpoll for the earliest timer of all Ps. The others
//      sleep until somebody hands them a P.
//
// Rejected: sleeping after step 1. A goroutine queued after the last look would
// be lost. A thread for timers alone was rejected too. Every sleeper would cost
// a switch of threads.
//
// Invariants, with MN-3 and MN-7 of spinning.h:
//   MN-5 The global queue is looked at every 61st tick, or at the next look
//        after it.
//   MN-6 An idle process sleeps.
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

// Runs p's due timers. Returns true if any fired. A *now of 0 says the clock
// has not been read yet. CheckTimers reads the clock only if p has a timer,
// since a P without timers should not pay for the clock.
bool CheckTimers(P* p, std::int64_t* now) {
  const std::int64_t when = p->timers.NextWhen();
  if (when == 0) return false;
  if (*now == 0) *now = Nanotime();
  return when <= *now && p->timers.Run(*now) > 0;
}

// The deadline of the earliest timer of all Ps, 0 if there is none. A snapshot
// without locks. Idle Ps count too, since no M of theirs runs their timers.
std::int64_t EarliestTimer() {
  std::int64_t earliest = 0;
  for (const P* p : Allp()) {
    const std::int64_t when = p->timers.NextWhen();
    if (when != 0 && (earliest == 0 || when < earliest)) earliest = when;
  }
  return earliest;
}

G* FromGlobal(P* p, bool batch) {
  // A glance first, so that Ms without work do not fight for the lock of an
  // empty queue. ReleaseToIdle looks again under the lock, so nothing is
  // missed.
  if (sched.runqsize.load(memory_order_relaxed) == 0) return nullptr;
  RtLock lock(sched.lock);
  return batch ? GlobrunqGetBatch(p) : GlobrunqGet();
}

// Is a goroutine queued anywhere? Needs no P, since the table and the Ps in the
// table are never freed.
bool AnyWorkQueued() {
  if (sched.runqsize.load(memory_order_relaxed) != 0) return true;
  for (const P* p : Allp()) {
    if (!RunqEmpty(p->runq)) return true;
  }
  return false;
}

// How long a spinning M goes on looking before the M sleeps. The time is what a
// futex call costs, which the waker of a sleeping M has to make. Without this
// look every wake-up between two Ps would cost a futex call. A longer look
// costs more still. With more threads than CPUs, a thread that is back from its
// system call would wait behind the spinning M.
//
// Rejected: yielding the CPU at each look. An M that is off its CPU still
// counts as spinning, so nobody else is woken. Beside another process that
// computes, a wake-up took 200 us instead of 7.
constexpr std::int64_t kSpinNs = 5'000;

// Waits until `*deadline` for work to show up. Sets a deadline of 0 first.
// Returns false if no work came.
bool SpinForWork(std::int64_t* deadline) {
  // Nobody can queue anything while this M has the only P or the only CPU.
  if (Gomaxprocs() == 1 || sched.ncpu == 1) return false;
  std::int64_t now = Nanotime();
  if (*deadline == 0) *deadline = now + kSpinNs;
  while (now < *deadline) {
    // Pauses between the looks. After each look the owner of a queue must fetch
    // the line of its queue again.
    for (int i = 0; i < 50; i++) CpuRelax();
    if (AnyWorkQueued()) return true;
    // The world stops and wants this P, so the wait must end.
    if (sched.gcwaiting.load(memory_order_relaxed)) return true;
    now = Nanotime();
    // A timer due now is work as well.
    const std::int64_t when = EarliestTimer();
    if (when != 0 && when <= now) return true;
  }
  return false;
}

// Does everything that needs a P. Returns null if no work is in sight.
G* LookForWork(M* m) {
  P* p = m->p;
  std::int64_t spin_deadline = 0;
  for (;;) {
    // The request asks this P to enter the scheduler, and here the P is. If the
    // world stops, FindRunnable has to call Gcstopm as well.
    if (p->preempt.load(memory_order_relaxed)) {
      if (sched.gcwaiting.load(memory_order_relaxed)) return nullptr;
      p->preempt.store(false, memory_order_relaxed);
    }
    std::int64_t now = 0;
    // Timers first. What they make runnable is in p's queue at the look below.
    const bool fired = CheckTimers(p, &now);
    // MN-5. A goroutine that a timer has just woken is late already, so the
    // global queue lets the goroutine go first. The queue does so once only. A
    // goroutine that sleeps again and again would go first for ever.
    const bool turn =
        p->owes_global_turn ||
        p->schedtick.load(memory_order_relaxed) % kGlobalQueueTick == 0;
    p->owes_global_turn = turn && fired && !p->owes_global_turn;
    if (turn && !p->owes_global_turn) {
      if (G* gp = FromGlobal(p, false)) return gp;
    }
    if (G* gp = RunqGet(p->runq)) return gp;
    if (G* gp = FromGlobal(p, true)) return gp;

    // MN-4. Enough Ms are looking, and another would only burn CPU.
    const std::int32_t busy =
        Gomaxprocs() - sched.npidle.load(memory_order_relaxed);
    if (!m->spinning &&
        2 * sched.nmspinning.load(memory_order_relaxed) >= busy) {
      return nullptr;
    }
    if (!m->spinning) BecomeSpinning(m);
    bool ran_timer = false;
    if (G* gp = StealWork(m, &now, &ran_timer)) return gp;
    // A timer of another P has fired and may have filled the own queue, so the
    // whole look begins again.
    if (!ran_timer && !SpinForWork(&spin_deadline)) return nullptr;
  }
}

// Step 1. Returns a goroutine if the global queue has a goroutine after all. On
// null, either the P is on the idle list and m->p is null, or m has kept its P
// and must look again.
G* ReleaseToIdle(M* m) {
  // Goroutines join the global queue under the same lock. So no goroutine can
  // join between this look and the P's idling.
  RtLock lock(sched.lock);
  // The world stops and wants the P. FindRunnable calls Gcstopm next.
  if (sched.gcwaiting.load(memory_order_relaxed)) return nullptr;
  if (G* gp = GlobrunqGetBatch(m->p)) return gp;
  P* p = ReleaseP(m);
  if (!IdleP(p, m->spinning)) {
    // S5. Somebody has work and found neither an idle P nor a spinning M. This
    // M is now the M that looks.
    AcquireP(m, p);
    BecomeSpinning(m);
  }
  return nullptr;
}

// Takes an idle P and makes m spin. Returns false if no P is idle.
// Mirrors: runtime.pidlegetSpinning.
bool AcquireIdleP(M* m) {
  P* p;
  {
    RtLock lock(sched.lock);
    p = PidleGet();
    if (p == nullptr) {
      // S5. m has seen work and cannot take the work. The next M to idle a P
      // must look for it.
      sched.needspinning.store(1, memory_order_relaxed);
      return false;
    }
  }
  AcquireP(m, p);
  BecomeSpinning(m);
  return true;
}

// Step 2. Returns true if there is work after all and m has a P for it.
bool LookAgain(M* m) {
  m->spinning = false;
  // Before the look below, or a waker may rely on an M that looks no more.
  // seq_cst: pairs with the fence in Wakep (the dangerous pair).
  if (sched.nmspinning.fetch_sub(1, memory_order_seq_cst) <= 0) {
    Throw("negative nmspinning", "internal");
  }
  StoreLoadFence();
  return AnyWorkQueued() && AcquireIdleP(m);
}

// Step 3. m has no P now, and has a P on return.
void SleepWithoutP(M* m) {
  const std::int64_t when = EarliestTimer();
  if (when != 0) {
    // The M that swaps lastpoll to 0 waits for timers, and no other M does.
    // More Ms would wake for the same timer. seq_cst, here and below: pairs
    // with the same swap of another M, and with the loads in WakeNetPoller.
    if (sched.lastpoll.exchange(0, memory_order_seq_cst) != 0) {
      sched.poll_until.store(when, memory_order_seq_cst);
      StoreLoadFence();
      // TIM-4. Look once more. If a timer was added before poll_until was
      // visible, nobody will break this wait for that timer. Pairs with the
      // fence in WakeNetPoller.
      const std::int64_t again = EarliestTimer();
      NetpollWait(again != 0 && again < when ? again : when);
      sched.poll_until.store(0, memory_order_seq_cst);
      sched.lastpoll.store(Nanotime(), memory_order_seq_cst);
      if (AcquireIdleP(m)) return;
      // No P is idle. So all Ps are busy, and run their own timers.
    } else {
      // The M that waits may have a later deadline than the deadline seen here.
      WakeNetPoller(when);
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
    // The P is not idle, since the world stops or S5 asks for another look.
    if (m->p != nullptr) continue;
    // S4. An M that does not spin needs no last look. For such an M, IdleP has
    // looked at needspinning instead.
    if (m->spinning && LookAgain(m)) continue;
    SleepWithoutP(m);
  }
}

void WakeNetPoller(std::int64_t when) {
  // The timer is in its heap before this fence. So either this thread sees the
  // sleeper's deadline, or the sleeper sees the timer when it looks once more.
  // seq_cst: pairs with the fence in SleepWithoutP.
  StoreLoadFence();
  if (sched.lastpoll.load(memory_order_seq_cst) == 0) {
    const std::int64_t until = sched.poll_until.load(memory_order_seq_cst);
    // With until 0 the sleeper is about to store its deadline, or is awake
    // again. One break too many only makes an M look in vain.
    if (until == 0 || until > when) NetpollBreak();
  } else {
    // No M is in netpoll. An idle P, if any, must get an M that will wait
    // there.
    Wakep();
  }
}

}  // namespace mn
