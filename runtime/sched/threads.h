// Threads. How Ms are made, counted, limited and ended.
//
// Why this is hard. A new thread inherits the signal mask, the namespaces, the
// CPU affinity, the name and the scheduling class of its creator. A goroutine
// that is pinned to its thread may have changed such things. So a pinned thread
// must not create others (THR-3). Nor may a signal handler, because
// pthread_create takes locks of libc.
//
// Protocol. A thread that must not create others leaves the P on sched.needm.
// sysmon then makes the M, because nobody ever changes the state of sysmon's
// thread. Go has one more thread for this purpose, the template thread.
//
// Invariants:
//   THR-1 never more than SetMaxThreads threads of ours: `fatal error: thread
//         exhaustion`;
//   THR-2 threads are reused before one is made;
//   THR-3 state of a pinned thread is never cloned;
//   THR-4 profile `document`: threads idle for IdleNs beyond a small pool end,
//         the longest idle first; profile `go`: never.
#pragma once

#include <cstdint>

#include "runtime/core/sched.h"

namespace mn {

// Returns how long a thread may idle, in nanoseconds. The value is 5 s, or what
// GODEBUG=idlethreadms=N said at the first call.
// Any thread.
std::int64_t IdleNs();

// Makes a thread, which takes p and runs goroutines. `spinning` says that the
// caller has counted the new M in nmspinning.
// REQUIRES: MayCreateThread(), p belongs to no M, and no lock is held.
// Any thread. Does not park. If the kernel refuses, the process ends, and the
// message names the limit.
// Mirrors: newm
void NewM(P* p, bool spinning);

// Returns whether the calling thread may make threads (THR-3).
// Any thread. Async-signal-safe.
bool MayCreateThread();

// Puts p on sched.needm and wakes sysmon, which makes a thread for p.
// `spinning` as for NewM.
// REQUIRES: p belongs to no M, and no lock is held.
// Any thread. Takes sched.lock. Async-signal-safe.
// Mirrors: newmHandoff (Go's needm is something else)
void NeedM(P* p, bool spinning);

// Takes all Ps off sched.needm and starts an M for each. Returns whether there
// was a P.
// Called by sysmon, with no lock held.
// Mirrors: templateThread
bool ServeNeedM();

// Returns an M that is on allm and has no thread yet. MInit gives the M its
// thread. `foreign` says that the thread is not ours and does not count towards
// THR-1. One thread too many is a fatal error.
// REQUIRES: no lock is held.
// Any thread, in the runtime. Takes sched.lock. Does not park.
// Mirrors: allocm
M* AllocM(bool foreign);

// Gives back m, whose thread ends or is no longer an M. The next AllocM may
// return the same M, so the caller must not use m any more.
// REQUIRES: m has no P, and no lock is held.
// Any thread, in the runtime. Takes sched.lock. May report a deadlock.
void FreeM(M* m);

// Makes the calling thread the thread of m. Sets the thread_local pointer, the
// signal stack and the timer slack. From here on the thread is in the runtime.
// REQUIRES: m comes from AllocM.
// Called once in the life of an M, first thing on its thread.
// Mirrors: minit
void MInit(M* m);

// Ends the calling thread. The main thread sleeps for ever instead, because a
// process whose main thread has ended looks like a zombie.
// REQUIRES: m has no P, and is on no list except allm.
// Called by m's thread, on g0.
// Mirrors: mexit
[[noreturn]] void MExit(M* m);

// Returns whether more threads are idle than the runtime keeps for good. If
// not, sysmon need not wake up for THR-4. Any thread, with no lock held. Takes
// sched.lock.
bool ThreadsMayBeReaped();

// THR-4. Ends threads that have been idle for IdleNs at the time `now`
// (Nanotime, in nanoseconds). Returns how many.
// Called by sysmon, with no lock held. Does not wait for the threads to end.
int ReapIdleMs(std::int64_t now);

}  // namespace mn
