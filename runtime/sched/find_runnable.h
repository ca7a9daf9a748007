// What a thread without a goroutine does, down to sleeping: find_runnable.cc.
#pragma once

#include <cstdint>

#include "runtime/core/sched.h"

namespace mn {

// A goroutine to run, from this P's queue, the global queue, timers, or another
// P; blocks until there is one. Stack: g0. m has a P on return.
G* FindRunnable(M* m);

// A timer is due at `when`: makes sure that whoever waits in netpoll does not
// sleep past it. Caller: any M that added a timer or released a P that has one.
void WakeNetPoller(std::int64_t when);

}  // namespace mn
