// Detached goroutines. Preemption takes the P, and the thread runs on.
//
// Why it is hard: a thread that was interrupted in a library may hold a lock of
// libc's. Everybody needs such locks, so the thread must not be stopped there.
// The thread runs on, and more than GOMAXPROCS threads run meanwhile (MN-1
// names this exception). Without a P the thread must not touch the runtime. Its
// next call into the runtime gets a P first (EnterWithoutP in runtime_call.h).
// Or a later signal finds the thread in the program's own text, where stopping
// is safe (preempt_signal.h).
//
// Rejected: stopping the thread all the same. The others would want malloc's
// lock, and nobody would run. Leaving the P there and asking again after a
// while was rejected too. A long qsort would keep everybody from running.
//
// Protocol: a detached goroutine is kDetached. m->detached tells sysmon which
// thread to ask, and sched.ndetached counts the detached goroutines. Only the
// thread itself changes the three.
#pragma once

#include "runtime/core/sched.h"

namespace mn {

// Hands off the P of m. The goroutine gp runs on without a P and is kDetached.
// REQUIRES: gp is m's goroutine, and is kRunning. The caller is m's own thread,
// in the runtime.
// Does not park. Async-signal-safe. Go detaches nothing.
void Detach(M* m, G* gp);

// Waits until m has a P again. The goroutine gp is kRunning on return, on the
// same thread.
// REQUIRES: gp is m's goroutine, and is kDetached. The caller is m's own
// thread, in the runtime.
// Blocks the thread, and does not park. Async-signal-safe. Go detaches nothing.
void Reattach(M* m, G* gp);

}  // namespace mn
