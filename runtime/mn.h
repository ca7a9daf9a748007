// The umbrella header: everything an engineer needs to write programs on the
// M:N runtime. Link //runtime.
//
//   go.h       Main, Go, Gosched, Goexit, GOMAXPROCS, SetDefaultGOMAXPROCS,
//              NumGoroutine, NumCPU
//   preempt.h  PreemptibleScope
//   thread.h   LockOSThread, UnlockOSThread, Gettid, SetMaxThreads, NumThreads
//   chan.h     Chan<T>
//   sync.h     WaitGroup, Mutex, RWMutex, Once, Cond
//   time.h     Nanotime, Sleep
//   syscall.h  Syscall, BlockingCall, sys::Read and others
//   foreign.h  Foreign, Callback, ForeignPool
//   panic.h    Panic, RuntimeError, MayFault, SetPanicOnFault, SetTraceback
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
