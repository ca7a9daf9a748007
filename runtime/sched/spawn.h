// Making goroutines. The public function is Go() in runtime/go.h.
//
// A goroutine is made in three steps. NewG takes a G. The caller builds the
// callable at gp->arg. StartG makes the G runnable. The callable's constructor
// is code of the program, so Go() runs the second step outside the runtime.
#pragma once

#include <cstddef>

#include "runtime/core/sched.h"

namespace mn {

// Returns a G with an empty stack of at least `stack_size` bytes. The callable
// has `callable_size` of these bytes, at gp->arg. The G has its id and is on no
// list.
// Called by the M that holds p, in the runtime. Does not park. May take the
// locks of free Gs and of slabs. A size out of range, or no address space left,
// is a fatal error.
// Mirrors: the first half of newproc1
G* NewG(P* p, std::size_t callable_size, std::size_t stack_size);

// The same for a callback on a foreign thread, whose M has no P yet. The stack
// has the default size. The state is kIdle.
// Called by the M of the foreign thread, in the runtime. Does not park.
// Mirrors: oneNewExtraM, where the G is made
G* NewForeignG(std::size_t callable_size);

// Moves p's free Gs to the global list.
// REQUIRES: no M holds p.
// Takes the lock of free Gs. Does not park.
// Mirrors: gfpurge
void ReleaseGfree(P* p);

// Makes gp runnable and puts gp into runnext of p. gp will call run(gp->arg)
// and end. The caller wakes an M for gp (Wakep).
// REQUIRES: gp comes from NewG, and its callable is complete.
// Called by the M that holds p, in the runtime. Does not park.
// Mirrors: the second half of newproc1
void StartG(P* p, G* gp, void (*run)(void*));

}  // namespace mn
