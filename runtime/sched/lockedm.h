// Pinning. A goroutine and a thread run only each other.
//
// Why it is hard: a pinned goroutine stands in the same queues as all others,
// so any M may come to run it. And its thread sleeps without a P while the
// goroutine waits. Two threads must meet for each step of a pinned goroutine.
//
// Protocol: gp->lockedm and m->lockedg point at each other. When gp parks, m
// hands its P off and sleeps. If the next goroutine in that P's queue is pinned
// too, the P goes straight to its thread. An M that takes gp from a queue hands
// its own P off to m and goes to sleep. So a pinned goroutine holds no P while
// it waits, and exactly one P while it runs.
//
// The same hand-off serves threads that stop in place (WaitForP, StopInPlace).
// Preemption stopped such a goroutine, or took its P. The goroutine must go on
// in the very frame where its thread is, so the goroutine is pinned while it
// waits.
//
// Rejected: keeping a P for the pinned goroutine. Ps would run out, which is
// what people fear of pinning. A queue for each M was rejected too. There would
// be two places to look for work.
//
// Invariants:
//   LOT-1 n locks need n unlocks.
//   LOT-2 The goroutine resumes on the same thread.
//   LOT-3 No other goroutine runs there.
//   LOT-4 To end while pinned ends the thread.
//   LOT-5 Children are not pinned.
//   LOT-6 An unlock too many does nothing.
//   LOT-7 What a pinned thread has changed of itself reaches no other thread.
//   LOT-8 A pinned goroutine that waits holds no P.
#pragma once

#include "runtime/core/sched.h"

namespace mn {

// How long a thread watches for a P after handing its own P off, in
// nanoseconds. Only then the thread sleeps in the kernel. So two threads that
// take turns need no kernel.
inline constexpr std::int64_t kHandoffSpinNs = 30'000;
// The same for a thread that stopped with the world. Most stops are shorter.
inline constexpr std::int64_t kStopSpinNs = 100'000;

// Sleeps until m's pinned goroutine is to run. Hands off the P of m first, if m
// has a P. On return m has a P, and the goroutine is kRunnable.
// REQUIRES: m->lockedg is set, and that goroutine does not run. The caller is
// m's own thread, on g0, without locks.
// Blocks the thread.
// Mirrors: runtime.stoplockedm.
void StopLockedM(M* m);

// Hands m's P off to the thread that gp is pinned to. Then m sleeps until
// somebody hands m another P, and has that P on return.
// REQUIRES: m has taken gp from a queue, and gp is pinned to another M. The
// caller is m's own thread, on g0, without locks.
// Blocks the thread.
// Mirrors: runtime.startlockedm.
void StartLockedM(M* m, G* gp);

// Waits in the middle of gp until m has a P again. Takes an idle P, or queues
// gp globally, pinned to m, and sleeps. gp is kRunning on return, on the same
// thread.
// REQUIRES: the caller is m's own thread, in the runtime, without a P and
// without locks. gp is the goroutine that runs on m.
// Blocks the thread, and does not park. Any stack. Async-signal-safe.
// Go has no such function. Go saves a goroutine's registers and frees the
// thread.
void WaitForP(M* m, G* gp);

// Stops in the middle of gp because somebody stops the world. Hands off m's P
// with gp at the head of the P's queue, and waits in place until m has a P. So
// gp keeps its place, its slice and, as a rule, its P.
// REQUIRES: the caller is m's own thread, in the runtime, with a P and without
// locks. gp is kRunning on m, and the P has no runnext.
// Blocks the thread, and does not park. Any stack. Async-signal-safe.
// Go has no such function, as for WaitForP.
void StopInPlace(M* m, G* gp);

// Hands p off to the thread of p's next goroutine, if that goroutine is pinned.
// Returns false if not, and p is still the caller's.
// REQUIRES: the caller holds p, and p is on no M. No locks are held.
// Callable from any thread. Does not park. Go has no such function.
bool HandoffPToPinned(P* p);

}  // namespace mn
