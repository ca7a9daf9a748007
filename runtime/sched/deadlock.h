// The deadlock report: every goroutine waits and nothing can wake one.
// Needs /proc: without it nothing is reported.
#pragma once

namespace mn {

// Before anything can change the root directory.
void DeadlockInit();

// REQUIRES: sched.lock. Called whenever an M goes to sleep. Ends the process
// with `fatal error: all goroutines are asleep - deadlock!` and every goroutine
// if nothing of ours can make one runnable any more. True: that is so, but the
// process has threads that are not ours: sysmon asks again.
bool CheckDead();

}  // namespace mn
