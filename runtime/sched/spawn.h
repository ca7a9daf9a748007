// Making goroutines; the public face is Go() in runtime/go.h.
#pragma once

#include <cstddef>

#include "runtime/core/sched.h"

namespace mn {

// A G with an empty stack and room for the callable at gp->arg. Caller: the M
// that holds p.
G* NewG(P* p, std::size_t callable_size, std::size_t stack_size);

// A G for the callback on a foreign thread, whose M has no P yet.
G* NewForeignG(std::size_t callable_size);

// Gives p's free Gs to all. REQUIRES: p is nobody's.
void ReleaseGfree(P* p);

// Makes it runnable: run(gp->arg) will be called on it; it is next on p. The
// caller wakes somebody for it (Wakep).
void StartG(P* p, G* gp, void (*run)(void*));

}  // namespace mn
