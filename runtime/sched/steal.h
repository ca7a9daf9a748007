// Work stealing. An M without work takes half of another P's queue.
//
// Why this is hard. The owner of the queue puts and gets at the same time, and
// so do other thieves. A lock would make the owner pay at every switch for a
// thief that seldom comes.
//
// Protocol. This is the thief's side of the contract in plug/run_queue.h. The
// thief reads head and tail with acquire, and copies the older half into its
// own ring. Then the thief moves head with a compare-and-swap. If the
// compare-and-swap fails, another thread has taken some of the goroutines. The
// thief has taken nothing then, and tries again.
//
// Invariants:
//   WS-1 ceil(n/2) are taken;
//   WS-2 nothing lost or run twice;
//   WS-3 the order visits every P exactly once a round;
//   WS-4 runnext is taken only in the last round, since its owner is about to
//        run it.
#pragma once

#include <cstdint>

#include "runtime/core/sched.h"

namespace mn {

// How often StealWork looks at every P, as in Go.
inline constexpr int kStealRounds = 4;

// How long a goroutine must wait in runnext before a thief may take it, in
// nanoseconds. Go sleeps for as long. We watch the owner meanwhile, and leave
// as soon as the owner schedules something.
inline constexpr std::int64_t kPatienceNs = 3'000;

// Takes half of victim's queue. Puts all but one of these goroutines into
// thief's queue, and returns the last one to run. Takes the goroutine in
// runnext only if `take_runnext` and if victim's ring is empty. Returns null if
// there was nothing to take.
// REQUIRES: thief's ring is empty.
// Called by the M that holds thief. Takes no lock. May watch the victim for
// kPatienceNs.
// Mirrors: runqsteal, runqgrab
G* RunqSteal(P* thief, P* victim, bool take_runnext);

// Looks at every other P up to kStealRounds times and steals from the first P
// that has work. Each round has a random order (WS-3). The last round also runs
// the due timers of the other Ps. Returns a goroutine to run, or null.
// `*now` is the time in nanoseconds, 0 if nobody has read the clock yet.
// `*ran_timer` becomes true if a timer has fired. Then there may be work on m's
// own queue.
// REQUIRES: m has a P and is spinning.
// Called by m's thread, on g0. Does not park. Timers' functions run inside.
// Mirrors: stealWork
G* StealWork(M* m, std::int64_t* now, bool* ran_timer);

}  // namespace mn
