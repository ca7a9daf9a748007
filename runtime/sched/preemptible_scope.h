// Code in a PreemptibleScope may be switched away at any instruction.
//
// Why this is hard. An ordinary switch saves only the registers that a function
// call keeps. An interrupted goroutine has values in all registers. The signal
// handler must not switch either. The thread would stay inside the handler,
// with the signal blocked.
//
// So the handler only edits the interrupted context and returns. The goroutine
// then continues in a trampoline, which saves every register, yields, and goes
// back to the interrupted instruction. Go's asyncPreempt works in the same way.
//
// Protocol on x86-64. The handler pushes the address of the interrupted
// instruction below the red zone of the interrupted frame. Now the instruction
// seems to have called the trampoline. The trampoline saves the general
// registers, the flags and the vector state below this address, and yields.
// When the goroutine runs again, the trampoline restores all of them, returns,
// and drops the red zone.
//
// We rejected doing the same to all code. At an arbitrary instruction the
// switch corrupts the heap or deadlocks (see "signal yield" in
// preempt_signal.h). So only code that declares itself is switched away. The
// contract for such code is in runtime/preempt.h.
#pragma once

#include "runtime/core/g.h"

namespace mn {

// Measures how many bytes of vector state the trampoline has to save.
// PreemptInit calls this once, before the first signal.
void PreemptibleScopeInit();

// Makes gp yield when the signal handler returns. gp was interrupted in
// `context`, which is the third argument of the handler. Returns false and
// changes nothing if this processor cannot save its vector state, or if less
// than 6 KiB of gp's stack are left.
// REQUIRES: gp is in a PreemptibleScope and in the program's own text.
// Called by the signal handler on gp's thread. Takes no lock, does not park.
// Async-signal-safe.
// Mirrors: sigctxt.pushCall
bool YieldOnReturn(const G* gp, void* context);

}  // namespace mn
