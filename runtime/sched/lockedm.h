// Pinning: a goroutine and a thread that belong to each other.
//
// While gp->lockedm and m->lockedg point at each other only gp runs on m and gp
// only there. When gp parks, m hands its P off and sleeps; if the next
// goroutine in that P's queue is pinned too, straight to its thread. Whoever
// comes to run gp hands its own P off to m and goes to sleep itself: so a
// pinned goroutine that waits holds no P, and one that runs holds exactly one.
//
// The same hand-off serves threads that merely stop in place (WaitForP,
// StopInPlace): a goroutine that preemption stopped, or whose P preemption
// took, must go on with the very frame that the thread is in. It is pinned for
// as long as it waits.
//
// Rejected: keeping a P for the pinned goroutine (Ps would run out, which is
// what people fear of pinning); a queue per M (two places to look for work).
//
// Invariants:
//   LOT-1 n locks need n unlocks;
//   LOT-2 the goroutine resumes on the same thread;
//   LOT-3 no other goroutine runs there;
//   LOT-4 to end while pinned ends the thread;
//   LOT-5 children are not pinned;
//   LOT-6 an unlock too many does nothing;
//   LOT-7 what a pinned thread has changed of itself reaches no other thread;
//   LOT-8 a pinned goroutine that waits holds no P.
#pragma once

#include "runtime/core/sched.h"

namespace mn {

// How long a thread that has just handed a P off watches for its return before
// it sleeps: two threads that take turns need no kernel for it.
inline constexpr std::int64_t kHandoffSpinNs = 30'000;
// The same for a thread that stopped because the world does, which takes less.
inline constexpr std::int64_t kStopSpinNs = 100'000;

// m is pinned and its goroutine does not run: hands the P off and sleeps until
// the goroutine is to run. On return m has a P. Stack: g0.
void StopLockedM(M* m);

// gp, which m has taken from a queue, is pinned elsewhere: hands m's P off to
// that thread and sleeps until there is another one for m. Stack: g0.
void StartLockedM(M* m, G* gp);

// The calling thread has no P and goes on with gp, in place, once it has one:
// takes an idle one or queues gp globally, pinned to m, and sleeps. gp is
// kRunning on return. Any stack; async-signal-safe.
void WaitForP(M* m, G* gp);

// m's thread is in the middle of gp while somebody stops the world: hands the P
// off with gp at the head of its queue, so that gp keeps its place, its slice
// and, as a rule, its P, and waits for it in place. Async-signal-safe.
void StopInPlace(M* m, G* gp);

// If p's next goroutine is pinned, hands p off to its thread; false: it is not.
// Caller: holds p, on no M.
bool HandoffPToPinned(P* p);

}  // namespace mn
