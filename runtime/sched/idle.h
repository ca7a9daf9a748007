// The lists of Ps and Ms without work, and how a P goes from M to M.
//
// Why it is hard: a P goes from one thread to another, and both must never hold
// the P at once. On the way a P is on the idle list, in m->nextp, on
// sched.needm, or in the hands of the thread that starts the next M.
//
// Invariants:
//   MN-1 An M runs goroutine code only while it holds a P, save for a system
//        call, a foreign call, and what preemption has detached.
//   MN-2 The number of Ps is constant: every P is where its PStatus says
//        (core/status.h) and nowhere else.
//   IDL-1 An M on sched.midle sleeps on its note and is woken exactly once,
//         with a P in m->nextp (or to end: m->exit).
#pragma once

#include "runtime/core/sched.h"

namespace mn {

// Puts p on the idle list. p is kIdle then.
// REQUIRES: sched.lock is held. No M holds p, and p's queue is empty.
// Wakes nobody. Does not park. IdleP in spinning.h is for callers that must
// also ask whether somebody wants p.
// Mirrors: runtime.pidleput.
void PidlePut(P* p);

// Takes the P that became idle last. Null if no P is idle. The P is kRunning,
// on its way to an M that the caller chooses.
// REQUIRES: sched.lock is held.
// Does not park. Wakes sysmon if sysmon sleeps without an end.
// Mirrors: runtime.pidleget.
P* PidleGet();

// Gives p to m.
// REQUIRES: the caller is m's own thread. m has no P, and no M holds p.
// Does not park. Async-signal-safe.
// Mirrors: runtime.acquirep.
void AcquireP(M* m, P* p);

// Takes the P of m away and returns the P. The P stays kRunning and belongs to
// the caller, who must hand it off or put it on a list.
// REQUIRES: the caller is m's own thread. m has a P.
// Does not park. Async-signal-safe.
// Mirrors: runtime.releasep.
P* ReleaseP(M* m);

// Starts an M that looks for work with p. A sleeping M is woken first. Only
// with no M asleep is a thread made (THR-2).
// `spinning` says whether the caller has counted the M in nmspinning.
// REQUIRES: no M holds p. No locks are held.
// Callable from any thread. Does not park. Async-signal-safe.
// Mirrors: runtime.startm.
void StartM(P* p, bool spinning);

// Puts m to sleep until somebody hands m a P. On return m has the P. The thread
// ends here if m->exit is set.
// For the first `spin_ns` nanoseconds the thread watches for the P and keeps
// its CPU.
// REQUIRES: the caller is m's own thread, on g0, without a P and without locks.
// Blocks the thread.
// Mirrors: runtime.stopm.
void StopM(M* m, std::int64_t spin_ns = 0);

// Appends gp to the global queue, and starts or asks for an M if a P is idle.
// REQUIRES: gp is kRunnable. No locks are held.
// Callable from any thread. Does not park. Async-signal-safe.
// Mirrors: runtime.injectglist, with one goroutine.
void InjectGlobal(G* gp);

}  // namespace mn
