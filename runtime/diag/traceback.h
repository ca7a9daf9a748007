// Traces of goroutines, in Go's format, on stderr:
//
//   goroutine 7 [chan receive]:
//   mn::Chan<int>::Recv(...)
//           runtime/chan.h:57 +0x2c
//   worker(...)
//           app/main.cc:12 +0x1d
//   created by main in goroutine 1
//           app/main.cc:20 +0x3c
//
// Why it is hard: a dying process has stopped its own thread only. The other
// goroutines are read while they may run, so no lock of the runtime's is taken
// (its owner may be the one that died), each word is read once, and a trace
// whose stack changes meanwhile is wrong and ends where following it faults
// (SurvivesFaults).
//
// Which frames are shown: frames.h. Which goroutines: gotraceback.h.
#pragma once

#include "runtime/core/g.h"
#include "runtime/diag/gotraceback.h"
#include "runtime/diag/stack_walk.h"

namespace mn {

// Prints one goroutine, led by an empty line. Any goroutine or thread.
void PrintGoroutine(G* gp);

// Prints the calling goroutine, if there is one, and then all others.
void PrintAllGoroutines();

namespace internal {
// Prints the calling goroutine or thread, and all other goroutines if
// `settings` say so. `here` is where the caller's trace starts.
// REQUIRES: on a stack with room (CallOnFreshStack).
void PrintTraces(const TracebackSettings& settings, const StackPoint& here);
}  // namespace internal

}  // namespace mn
