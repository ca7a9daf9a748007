// Who is idle: lists of Ps and Ms without work, and how a P goes from one M
// to another.
//
// Invariants:
//   MN-1 an M runs goroutine code only while it holds a P, save for a system
//        call, a foreign call, and what preemption has detached;
//   MN-2 the number of Ps is constant: every P is where its PStatus says
//        (core/status.h) and nowhere else;
//   IDL-1 an M on sched.midle sleeps on its note and is woken exactly once,
//         with a P in m->nextp (or to end: m->exit).
#pragma once

#include "runtime/core/sched.h"

namespace mn {

// REQUIRES: sched.lock.
void PidlePut(P* p);
P* PidleGet();  // null if none

// Caller: m itself, without a P. Takes p.
void AcquireP(M* m, P* p);
// Caller: m itself. Parts with its P; the caller decides where that goes.
P* ReleaseP(M* m);

// Starts an M for p, sleeping or new, that will look for work. `spinning`: the
// caller has counted that M in nmspinning.
// Caller: any thread, no locks held. Async-signal-safe.
void StartM(P* p, bool spinning);

// Sleeps until somebody hands this M a P; has it on return. Stack: g0.
// `spin_ns`: watches for that long before it gives the CPU away.
void StopM(M* m, std::int64_t spin_ns = 0);

// Puts gp at the end of the global queue and sees to it that somebody runs it.
// Caller: any thread, no locks held. Async-signal-safe.
void InjectGlobal(G* gp);

}  // namespace mn
