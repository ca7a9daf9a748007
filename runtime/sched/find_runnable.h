// What a thread without a goroutine does, down to sleeping.
//
// The steps and their order are explained in find_runnable.cc.
#pragma once

#include <cstdint>

#include "runtime/core/sched.h"

namespace mn {

// Returns a goroutine to run. FindRunnable takes the goroutine from a timer of
// this P, from its queue, from the global queue, or from another P.
// REQUIRES: m has a P. The caller is m's own thread, on g0, without sched.lock.
// Blocks the thread until there is a goroutine. On return m has a P, perhaps
// another P than before. m may be spinning then.
// Mirrors: runtime.findRunnable.
G* FindRunnable(M* m);

// Makes sure that no M sleeps in netpoll past `when`, a time of Nanotime at
// which a timer is due. With no M in netpoll, wakes an M for an idle P instead.
// REQUIRES: the timer is in its heap already. No locks are held.
// Called by an M after adding a timer, and by any thread after putting a P with
// a timer on the idle list. Does not park. Async-signal-safe.
// Mirrors: runtime.wakeNetPoller.
void WakeNetPoller(std::int64_t when);

}  // namespace mn
