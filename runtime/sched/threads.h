// Threads: how Ms are made, counted, limited and ended.
//
// A new thread inherits from its creator: signal mask, namespaces, CPU
// affinity, name, scheduling class. Goroutines that are pinned to their thread
// change such things, so a pinned thread must not create others (THR-3). Nor
// may a signal handler (pthread_create takes libc's locks). Both leave the P on
// sched.needm, and sysmon, whose thread nobody ever touches, makes the M: it is
// our template thread (Go has one more thread for it).
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

// How long a thread may idle, in nanoseconds: 5 s, or what
// GODEBUG=idlethreadms=N said when this was first called. Any thread.
std::int64_t IdleNs();

// Makes a thread for p. Fatal, with the limit named, if the kernel refuses.
// Caller: a thread whose state may be cloned, no locks held.
void NewM(P* p, bool spinning);

// May the calling thread make threads?
bool MayCreateThread();

// Puts p on sched.needm for sysmon. Caller: any thread. Async-signal-safe.
void NeedM(P* p, bool spinning);

// Takes everything off sched.needm and makes threads for it. Caller: sysmon.
// True if there was something.
bool ServeNeedM();

// A registered M without a thread: MInit gives it the calling one. `foreign`:
// a thread that is not ours and does not count towards THR-1.
M* AllocM(bool foreign);

// Gives back an M whose thread has ended or is foreign no more. No use of it
// after.
void FreeM(M* m);

// Sets up the calling thread as m: TLS, signal stack, timer slack. It is in the
// runtime from here on.
void MInit(M* m);

// Ends the calling thread. Stack: g0. Caller: m without a P, off every list but
// allm. The main thread sleeps for ever instead.
[[noreturn]] void MExit(M* m);

// Are there more idle threads than are kept for good?
bool ThreadsMayBeReaped();

// THR-4. Ends threads that have been idle since before `now - IdleNs`; returns
// how many. Caller: sysmon.
int ReapIdleMs(std::int64_t now);

}  // namespace mn
