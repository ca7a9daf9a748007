// Who is idle: lists of Ps and Ms without work, and the hand-over between them.
//
// Invariants:
//   MN-1 an M runs goroutine code only while it holds a P;
//   MN-2 every P is on sched.pidle or held by exactly one M;
//   IDL-1 an M on sched.midle sleeps on its note and is woken exactly once,
//   with
//         a P in m->nextp.
#pragma once

#include "runtime/core/sched.h"

namespace mn {

// REQUIRES: sched.lock.
void PidlePut(P* p);
P* PidleGet();  // null if none

// Caller: m itself, without a P. Takes p.
void AcquireP(M* m, P* p);
// Caller: m itself. Gives its P up; the caller decides where it goes.
P* ReleaseP(M* m);

// Gives p to an M, sleeping or new, that will look for work. `spinning`: the
// caller has counted that M in nmspinning.
// Caller: any M, no locks held.
void StartM(P* p, bool spinning);

// Sleeps until somebody hands this M a P; has it on return. Stack: g0.
void StopM(M* m);

// Takes care of a P whose M is about to block. Caller: any M, no locks held.
void HandoffP(P* p);

// Makes a thread. Fatal, with the limit named, if the kernel refuses.
void NewM(P* p, bool spinning);

// The body of every thread but the first.
void* MStart(void* m);

}  // namespace mn
