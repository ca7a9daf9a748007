// Threads, where a program has to care: pinning a goroutine to its thread,
// limiting and counting threads (document, sections 7 and 13).
#pragma once

namespace mn {

// Pins the calling goroutine to the thread it runs on until UnlockOSThread has
// been called as often: no other goroutine runs on that thread, and this one on
// no other. For libraries with thread-local state (OpenGL, some database
// clients) and for system calls that concern one thread (setns, unshare,
// sched_setaffinity, prctl). While the goroutine waits its thread sleeps and
// holds no P, so pinned goroutines never keep others from running; each switch
// to it costs a thread switch.
//
// A goroutine that ends while pinned ends its thread: state that must not reach
// other goroutines (a namespace) is best left by not unlocking. If it is the
// main thread, that one sleeps for ever. Threads made meanwhile never inherit a
// pinned thread's state, and goroutines started by a pinned one are not pinned.
// More than 2^32 - 1 open calls panic `LockOSThread nesting overflow`.
// Caller: a goroutine. Does not park. Mirrors runtime.LockOSThread.
void LockOSThread();

// Undoes one LockOSThread; without one it does nothing. Caller: a goroutine.
// Does not park. Mirrors runtime.UnlockOSThread.
void UnlockOSThread();

// gettid() of the calling thread. It identifies a goroutine's thread only while
// the goroutine is pinned. Any thread; does not park. Mirrors syscall.Gettid.
int Gettid();

// Limits the number of threads that the runtime makes (10 000 at the start);
// the one that would exceed it ends the process with
//   runtime: program exceeds N-thread limit
//   fatal error: thread exhaustion
// and so does this call if there are more already. Negative counts as 0.
// Returns the previous limit. Any thread; does not park. Mirrors
// debug.SetMaxThreads.
int SetMaxThreads(int threads);

// Threads of the runtime that exist, sysmon included; foreign threads that have
// called in are not. Threads that have idled for 5 s (GODEBUG=idlethreadms=N:
// for N ms) end, all but GOMAXPROCS + 4 and the main one; under profile `go`
// they stay. A snapshot. Any thread; does not park. Mirrors the metric
// /sched/threads/total:threads.
int NumThreads();

}  // namespace mn
