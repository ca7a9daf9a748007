// PreemptibleScope: a goroutine that may be switched away at any instruction.
//
// Why it is hard: a switch of stacks keeps the registers that a call keeps, and
// an interrupted goroutine has values in all of them. A signal handler must not
// switch either: the thread would stay in the handler, with the signal blocked.
// So the handler only edits the interrupted context and returns, and the
// goroutine finds itself in a trampoline that saves every register, yields, and
// goes back (Go: asyncPreempt).
//
// Protocol (x86-64): below the red zone of the interrupted frame a return
// address is pushed, the interrupted instruction's, as if that instruction had
// called the trampoline. The trampoline saves the general registers, the flags
// and the vector state below it, yields, restores all of them, and returns
// while it drops the red zone.
//
// Only for code that declares itself: at an arbitrary instruction the switch
// corrupts the heap or deadlocks (preempt_signal.h, signal yield). The contract
// for that code is in runtime/preempt.h.
#pragma once

#include "runtime/core/g.h"

namespace mn {

// Measures what the trampoline has to save. Once, before the first signal.
void PreemptibleScopeInit();

// gp, interrupted in `context` (of a signal handler), yields when the handler
// returns. False, and nothing changed: not possible on this processor, or there
// is no room on gp's stack. REQUIRES: gp is in a PreemptibleScope and in the
// program's own text. Async-signal-safe.
bool YieldOnReturn(const G* gp, void* context);

}  // namespace mn
