// Lesson 03: how a goroutine waits without its thread waiting. This file is
// yours.
//
//   read   lessons/03_park_ready/README.md   why a wake-up gets lost
//   read   runtime/plug/park.h               the contract: what the host
//                                            provides, PARK-1 to PARK-7
//   edit   the three functions below
//   run    bazel test //exercises/03_park_ready
//
// It compiles as it is, and the test is red: that is the start, not a broken
// setup. "From red to green" on the page says which case to turn green first.
// Stuck? `wb hint 03` has three hints, and nobody minds.

#include "runtime/plug/park.h"

namespace mn {

// Parks the calling goroutine; commit(gp, arg) publishes it to its waker.
void Gopark(bool (* /*commit*/)(G* gp, void* arg), void* /*arg*/,
            WaitReason /*reason*/) {}

// Parks with a commit that unlocks `lock`.
void GoparkUnlock(RtMutex* /*lock*/, WaitReason /*reason*/) {}

// Makes a parked goroutine runnable.
void Goready(G* /*gp*/) {}

}  // namespace mn
