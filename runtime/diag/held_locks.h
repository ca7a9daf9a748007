// Debug builds: which locks of the thread does the running goroutine hold?
//
// A goroutine that parks while it holds a std::mutex leaves it to a thread that
// goes on with other goroutines. One of those that wants the mutex blocks the
// thread, and with it, perhaps, everybody who could wake the first; and the
// first may come back on another thread, which may not unlock it. Both are
// silent. So the first time that a lock taken at some place is held across a
// park, stderr has
//
//   runtime: goroutine 7 parks while holding a thread-level lock (std::mutex):
//   another goroutine may run on this thread and deadlock; use mn::Mutex or
//   unlock first
//
// (in one line), where it was locked, and the goroutine's trace. The program
// goes on.
//
// How: the program defines pthread_mutex_lock and its relatives, which the
// linker and the loader prefer to libc's; they note the lock in a list of the
// thread and pass the call on. What libc does inside itself never comes through
// here: its own locks do not count, and a condition variable's wait, which
// gives the mutex back in between, leaves it on the list, rightly, since the
// goroutine does not leave the thread meanwhile.
//
// Rejected: hooks in std::mutex (it is in a header that is not ours); comparing
// the owner in the mutex (glibc's layout, and which mutex?); a switch to turn
// it on (nobody would).
//
// Invariants:
//   HLD-1 only a goroutine's own code is noted: not the runtime's, not other
//         threads';
//   HLD-2 a lock that was reported, or unlocked on another thread, is on no
//         list afterwards: the next goroutine of this thread is not blamed for
//         it;
//   HLD-3 a goroutine that is pinned to its thread is not reported: nobody else
//         runs there.
// Nothing of this is in builds with NDEBUG (-c opt) or AddressSanitizer or
// ThreadSanitizer, which want these functions for themselves.
#pragma once

#include "runtime/base/sanitizer.h"
#include "runtime/core/g.h"

#if !defined(NDEBUG) && !MN_ASAN && !MN_TSAN
#define MN_HELD_LOCKS 1
#else
#define MN_HELD_LOCKS 0
#endif

namespace mn {

// The locks of the calling thread that its goroutine has noted (at most 8;
// further ones are not). 0 in builds without. Any thread.
int HeldThreadLocks();

// Reports and forgets them. Called at every park (core/park_check.h).
void CheckHeldLocksAtPark(G* gp);

}  // namespace mn
