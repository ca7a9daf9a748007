// getm(), getg() and getp() say which thread, goroutine and P the caller is.
//
// Why it is hard: a compiler assumes that a function stays on one thread. It
// may keep the address of a thread_local across a call that parks. After the
// park the goroutine may run on another thread, and the address still names the
// first thread's variable. So the thread_local of the runtime's hot paths is
// read by an instruction that the compiler cannot see through, anew each time.
// HACKING.md has the rules for thread-local storage.
//
// The instruction assumes local-exec storage, so every library that includes
// this header needs linkstatic.
#pragma once

#include "runtime/core/m.h"

namespace mn {

extern thread_local M* tls_m;

// Returns the calling thread's M. Null on a thread that the runtime does not
// know. Any thread, any stack. Async-signal-safe.
// Mirrors: getg().m, since Go keeps the G in a register.
#if defined(__x86_64__)
inline M* getm() {
  M* m;
  asm volatile("movq %%fs:_ZN2mn5tls_mE@tpoff, %0" : "=r"(m));
  return m;
}
#else
M* getm();  // a call, because the caller can keep its value but no address
#endif

// Returns the goroutine that runs here. On the scheduler's own stack that is
// &getm()->g0.
// REQUIRES: the calling thread has an M.
// Async-signal-safe.
// Mirrors: getg.
inline G* getg() { return getm()->curg; }

// Returns the P of the calling thread, or null while the thread holds none.
// REQUIRES: the calling thread has an M.
// Async-signal-safe. After a switch the answer is stale.
// Mirrors: getg().m.p.
inline P* getp() { return getm()->p; }

}  // namespace mn
