// Detached goroutines: preemption takes the P and the thread runs on.
//
// Why it is hard: a thread that was interrupted in a library may hold a lock of
// libc's that everybody needs, so it must not be stopped there. It runs on, and
// more than GOMAXPROCS threads run meanwhile (MN-1 names this exception). It
// must not touch the runtime without a P: its next call gets one first
// (EnterWithoutP in runtime_call.h), or a later signal finds it in the
// program's own text, where it can be stopped (preempt_signal.h).
//
// Rejected: stopping it all the same (a deadlock when the others want malloc's
// lock); asking once more after a while and leaving it the P meanwhile (a long
// qsort keeps everybody from running).
//
// A detached goroutine is kDetached, m->detached tells sysmon which thread to
// ask, and sched.ndetached counts them. The thread itself changes all three.
#pragma once

#include "runtime/core/sched.h"

namespace mn {

// gp runs on without the P of its thread, m. Caller: m itself, in the runtime.
// Async-signal-safe.
void Detach(M* m, G* gp);

// gp, which is detached, goes on in place once m has a P again. Caller: m
// itself, in the runtime. Async-signal-safe.
void Reattach(M* m, G* gp);

}  // namespace mn
