// Stopping the world. One thread takes every P, so that nothing of the
// scheduler moves while GOMAXPROCS changes.
//
// What stops are the Ps, not the threads. Goroutines in system calls go on, and
// so do goroutines that preemption has detached. They need a P before they can
// touch anything of the runtime, and they wait for the P.
//
// Why this is hard. A P may be with a running goroutine, in a system call, on
// the idle list, or on its way to a thread, and moves between these places all
// the time. And a world that stops for 50 us must not cost every interrupted
// goroutine its place in the queue. Nor must the stop cost the goroutine's
// thread the CPU, which the kernel may give back milliseconds later.
//
// Protocol. The stopper sets gcwaiting. Then it takes the idle Ps, the Ps of
// system calls and the Ps without a thread, and preempts every running
// goroutine. An M that comes to the scheduler while gcwaiting is set stops its
// P and sleeps. stopwait counts the Ps that are missing. The stopper asks again
// every 100 us, because a P may have slipped from one place to another.
// A goroutine that was interrupted in the program's own text stays at the head
// of its P's queue, unless another goroutine is in runnext already. So
// StartTheWorld hands this P straight back to the thread of the goroutine.
//
// Invariant:
//   GMP-2 no P runs anything between Stop and Start, Stop ends, and the slice
//         of what it interrupted goes on, so that those behind it get their
//         turn however often it stops.
#pragma once

#include "runtime/core/sched.h"

namespace mn {

// Stops the world. On return every P is in state kGcstop and belongs to the
// caller. The P of the calling M is among them, so m->p is null. The caller
// must not park before StartTheWorld, which ends what this call begins.
// REQUIRES: the caller holds no lock of the runtime.
// Called by a goroutine, in the runtime. Takes sched.worldlock, and yields
// while another thread has this lock. So the caller may continue on another M.
// Blocks the thread until every P has stopped, as a rule for tens of
// microseconds.
// Mirrors: stopTheWorld
void StopTheWorld();

// The same for sysmon, which has no P and must not wait for others. Returns
// false if another thread stops the world now.
// REQUIRES: no lock is held.
// Called by sysmon. Blocks the thread until every P has stopped.
bool TryStopTheWorld();

// Starts the world again. Every P with work gets an M, and the others go to the
// idle list. m gets a P, if m is not null. Releases sched.worldlock.
// REQUIRES: the caller has stopped the world. m is the calling M, or null after
// TryStopTheWorld.
// Called by the thread that stopped the world. Does not park.
// Mirrors: startTheWorld
void StartTheWorld(M* m);

// Stops p if the world is being stopped. p is about to become idle, or was
// taken from an M. Returns false if nobody stops the world any more. Then p is
// still the caller's.
// REQUIRES: p is in the caller's hands and belongs to no M. No lock is held.
// Any thread. Takes sched.lock. Async-signal-safe.
bool GcstopP(P* p);

// Stops m's P if the world is being stopped, and sleeps until somebody hands m
// a P. On return m has a P.
// REQUIRES: m has a P.
// Called by m's thread, on g0. Blocks the thread.
// Mirrors: gcstopm
void Gcstopm(M* m);

}  // namespace mn
