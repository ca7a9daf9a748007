// park and ready: how a goroutine waits without its thread waiting.
//
// Why it is hard: "decide to sleep" and "be asleep" are two moments, and the
// waker may come between them. So the goroutine never publishes itself: it
// switches away first, and what it left behind (`commit`, run on the next
// stack) publishes it, typically by releasing the lock that its waker needs.
//
// Invariants:
//   PARK-1 no wake-up is lost;
//   PARK-2 ready of a goroutine that does not wait is fatal;
//   PARK-3 only legal transitions (core/status.h);
//   PARK-4 a parked goroutine costs no CPU;
//   PARK-5 commit runs after the status is kWaiting and the context is saved.
#pragma once

#include "runtime/core/sched.h"

namespace mn {

// Parks the calling goroutine until Goready. `commit(gp, arg)` runs on another
// stack (PARK-5) and must not park; if it returns false the park is cancelled
// and the goroutine runs on soon. `arg` may point into the goroutine's stack,
// but is dead once gp is published.
// Stack: goroutine. May continue on another M.
void Gopark(bool (*commit)(G* gp, void* arg), void* arg, WaitReason reason);

// Parks, releasing `lock` in the commit. REQUIRES: lock held by the caller.
void GoparkUnlock(RtMutex* lock, WaitReason reason);

// Parks for ever (a nil channel, select without cases).
[[noreturn]] void GoparkForever(WaitReason reason);

// Makes a parked goroutine runnable: it is next on the caller's P, and another
// M is woken if there is an idle P. Caller: an M with a P, any stack. Does not
// park.
void Goready(G* gp);

// The calling goroutine goes to the tail of its P's queue: Gosched for callers
// that are inside the runtime already.
void YieldNow();

// The way out of every goroutine: hands the thread to the next one and runs
// after(gp, arg) there. Returns when gp is resumed.
// `dying`: it never is.
void SwitchAway(G* gp, void (*after)(G*, void*), void* arg, bool dying = false);

}  // namespace mn
