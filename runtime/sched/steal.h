// Work stealing: taking half of another P's queue.
//
// Protocol (the thief's side of the contract in plug/run_queue.h): read head
// and tail with acquire, copy the older half, claim it by moving head with a
// compare-and-swap. If the swap fails somebody else took some of it: nothing
// was taken, try again.
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

inline constexpr int kStealRounds = 4;

// Go sleeps this long before it takes a runnext; we watch the owner meanwhile.
inline constexpr std::int64_t kPatienceNs = 3'000;

// Moves half of victim's queue to thief's and returns one of them to run; null
// if there was nothing. Caller: the M that holds thief.
G* RunqSteal(P* thief, P* victim, bool take_runnext);

// Looks at every P, kStealRounds times, in an order that starts at random; in
// the last round also runs due timers (*now is the time, 0 = not yet read;
// *ran_timer: a timer fired, so the own queue may have work). Caller: m with a
// P.
G* StealWork(M* m, std::int64_t* now, bool* ran_timer);

}  // namespace mn
