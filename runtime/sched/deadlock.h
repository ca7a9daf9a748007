// The deadlock report. Every goroutine waits, and nothing can wake a goroutine.
//
// deadlock.cc says what counts as alive (DLK-1). The report needs /proc.
// Without /proc nothing is reported.
#pragma once

namespace mn {

// Opens what CheckDead reads of /proc. Main calls DeadlockInit once, before the
// program can change the root directory.
void DeadlockInit();

// Ends the process with `fatal error: all goroutines are asleep - deadlock!`
// and a trace of every goroutine, if nothing can make a goroutine runnable any
// more. Called whenever an M goes to sleep or ends.
// REQUIRES: sched.lock is held.
// Returns true if only threads that are not ours could still make a goroutine
// runnable. sysmon asks again then. Does not park.
// Mirrors: runtime.checkdead.
bool CheckDead();

}  // namespace mn
