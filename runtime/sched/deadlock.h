// The deadlock report: every goroutine waits and nothing can wake one.
#pragma once

namespace mn {

// REQUIRES: sched.lock. Called whenever an M goes to sleep. Ends the process
// with `fatal error: all goroutines are asleep - deadlock!` and every goroutine
// if no M runs or blocks in a call and no timer is pending.
void CheckDead();

}  // namespace mn
