// getm(), getg(), getp(): who am I?
//
// Why it is hard: both compilers assume that a function stays on one thread and
// may keep a thread_local's address across a call that parks; after the park
// the goroutine runs elsewhere and the address is another thread's. So the one
// thread_local in the runtime's hot paths is read by an instruction the
// compiler cannot see through, anew each time. TLS rules: HACKING.md.
//
// Local-exec TLS: every library that includes this needs linkstatic.
#pragma once

#include "runtime/core/m.h"

namespace mn {

extern thread_local M* tls_m;

// The calling thread's M; null on a thread that the runtime does not know.
// Async-signal-safe.
#if defined(__x86_64__)
inline M* getm() {
  M* m;
  asm volatile("movq %%fs:_ZN2mn5tls_mE@tpoff, %0" : "=r"(m));
  return m;
}
#else
M* getm();  // not inline: a call returns a value, never an address
#endif

// REQUIRES: on an M. The goroutine that runs here (&m->g0 on the scheduler's
// stack).
inline G* getg() { return getm()->curg; }

// REQUIRES: on an M that holds a P.
inline P* getp() { return getm()->p; }

}  // namespace mn
