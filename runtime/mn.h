// All public headers at once. A program includes this file and links //runtime.
//
// Example:
//
//   #include "runtime/mn.h"
//
//   int main() {
//     return mn::Main([] {
//       mn::Chan<int> answer(0);
//       mn::Go([answer]() mutable { answer.Send(42); });
//       return answer.Recv() == 42 ? 0 : 1;
//     });
//   }
//
// What the headers declare
//   go.h       Main, Go, Gosched, Goexit, GOMAXPROCS, SetDefaultGOMAXPROCS,
//              NumGoroutine, NumCPU
//   preempt.h  PreemptibleScope
//   thread.h   LockOSThread, UnlockOSThread, Gettid, SetMaxThreads, NumThreads
//   chan.h     Chan<T>
//   sync.h     WaitGroup, Mutex, RWMutex, Once, Cond
//   time.h     Nanotime, Sleep
//   syscall.h  Syscall, BlockingCall, BlockingPool, sys::Read and others
//   foreign.h  Foreign, Callback, ForeignPool
//   panic.h    Panic, RuntimeError, MayFault, SetPanicOnFault, SetTraceback
//
// A comment on a function says first what the function does. REQUIRES names
// what the caller must see to. Then come units, threads, whether the function
// may park, and its errors. Mirrors names what Go calls the same thing, or the
// section of the document that asks for it.
#pragma once

#include "runtime/chan.h"     // IWYU pragma: export
#include "runtime/foreign.h"  // IWYU pragma: export
#include "runtime/go.h"       // IWYU pragma: export
#include "runtime/panic.h"    // IWYU pragma: export
#include "runtime/preempt.h"  // IWYU pragma: export
#include "runtime/sync.h"     // IWYU pragma: export
#include "runtime/syscall.h"  // IWYU pragma: export
#include "runtime/thread.h"   // IWYU pragma: export
#include "runtime/time.h"     // IWYU pragma: export
