// Threads, for the few programs that must know of them. A goroutine can be
// pinned to its thread. Threads can be limited and counted.
//
// Example:
//
//   mn::LockOSThread();
//   const int thread = mn::Gettid();
//   mn::Sleep(std::chrono::milliseconds(1));
//   assert(mn::Gettid() == thread);
//   mn::UnlockOSThread();
//
// Mirrors: the document, sections 7 and 13.
#pragma once

namespace mn {

// Pins the calling goroutine to its thread, until UnlockOSThread has been
// called as often as LockOSThread. Meanwhile only this goroutine runs on the
// thread, and the goroutine runs nowhere else.
// REQUIRES: the caller is a goroutine.
// Does not park. More than 2^32 - 1 open calls panic `LockOSThread nesting
// overflow`.
//
// Pinning is for libraries with thread-local state (OpenGL, some database
// clients). Pinning is also for system calls that concern one thread (setns,
// unshare, sched_setaffinity, prctl). While the goroutine waits, its thread
// sleeps without a P. So a pinned goroutine never keeps others from running.
// Each switch to the goroutine costs a switch of threads.
//
// When a goroutine ends while pinned, its thread ends too. So a goroutine that
// has changed its thread, for example its namespace, should end without
// UnlockOSThread. The main thread cannot end and sleeps for ever instead. A new
// thread never inherits the state of a pinned thread. A goroutine that a pinned
// goroutine starts is not pinned.
// Mirrors: runtime.LockOSThread.
void LockOSThread();

// Undoes one call of LockOSThread. Does nothing if there is none to undo.
// REQUIRES: the caller is a goroutine.
// Does not park.
// Mirrors: runtime.UnlockOSThread.
void UnlockOSThread();

// The kernel's number of the calling thread.
// Any thread may call. Does not park. Only a pinned goroutine can rely on the
// number, because other goroutines change threads.
// Mirrors: syscall.Gettid.
int Gettid();

// Limits how many threads the runtime may make, and returns the previous limit.
// The limit is 10 000 at the start. A negative limit counts as 0.
// Any thread may call. Does not park. A thread beyond the limit ends the
// process with
//   runtime: program exceeds N-thread limit
//   fatal error: thread exhaustion
// The call itself ends the process like that if there are more threads already.
// Mirrors: debug.SetMaxThreads.
int SetMaxThreads(int threads);

// How many threads the runtime has, sysmon included. A foreign thread that has
// called Callback does not count.
// Any thread may call. Does not park. The number may be out of date on return.
//
// A thread that has idled for 5 s ends. GODEBUG=idlethreadms=N says N ms
// instead. The main thread and GOMAXPROCS + 4 others stay. Under profile `go`
// all threads stay.
// Mirrors: the metric /sched/threads/total:threads.
int NumThreads();

}  // namespace mn
