// Stopping the world: every P in one hand, so that nothing of the scheduler
// moves while GOMAXPROCS changes.
//
// What stops is the Ps, not the threads. Goroutines in system calls, and those
// that preemption has detached, go on; they need a P before they can touch
// anything of ours, and wait for it.
//
// Protocol: gcwaiting is set; then idle Ps, Ps of system calls and Ps without a
// thread are taken, and every running goroutine is preempted. An M that comes
// by the scheduler with gcwaiting set stops its P (stopwait counts the Ps that
// are missing) and sleeps. What was missed is asked again every 100 us.
// A goroutine interrupted in the program's own text stays at the head of its
// P's queue (unless somebody is there already), so that Start hands that P
// straight to its thread: a world that stops for 50 us must not cost every such
// goroutine its place in the line and its thread the CPU, which the kernel may
// give back milliseconds later.
//
// Invariant:
//   GMP-2 no P runs anything between Stop and Start, Stop ends, and the slice
//         of what it interrupted goes on, so that those behind it get their
//         turn however often it stops.
#pragma once

#include "runtime/core/sched.h"

namespace mn {

// On return every P is the caller's, in state kGcstop, its own too (m->p is
// null then). One caller at a time: takes sched.worldlock, yielding while it
// waits. Caller: a goroutine, in the runtime; may continue on another M.
void StopTheWorld();

// For sysmon, which has no P and must not wait: false if somebody else is at
// it.
bool TryStopTheWorld();

// Distributes the Ps again; m, if not null, gets one. Ends what StopTheWorld
// began.
void StartTheWorld(M* m);

// Stops p, which is about to be idle or was taken from an M, if the world is
// being stopped. False: it is not, any more.
bool GcstopP(P* p);

// Stops m's P, if the world is being stopped, and sleeps. Stack: g0. Has a P on
// return.
void Gcstopm(M* m);

}  // namespace mn
