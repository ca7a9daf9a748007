// procresize: changing the number of Ps.
//
// Ps above the new number give what they hold to the others: runnable
// goroutines go to the head of the global queue (they have waited longest),
// timers to P 0, free Gs to the global list. The Ps themselves stay
// for the day when the number grows again, since counters and stale readers
// refer to them.
//
// Invariants:
//   GMP-1 no goroutine is lost;
//   GMP-3 timers of removed Ps still fire;
//   GMP-4 a goroutine in a system call comes back although its P is gone;
//   GMP-5 n <= 0 only reads.
#pragma once

#include <cstdint>

#include "runtime/core/sched.h"

namespace mn {

// Makes n Ps be in use. REQUIRES: the world is stopped or not started yet.
void ProcResize(std::int32_t n);

// Whether $GOMAXPROCS or a call has fixed the number; else it follows the
// process's CPU limit.
bool GomaxprocsIsCustom();

// The number at the start. Reads the environment, the affinity mask and the
// cgroup.
std::int32_t SchedInitGomaxprocs();

// Reads the CPU limit again; if the default has changed, changes the number of
// Ps. Caller: sysmon, at most once a second.
void UpdateGomaxprocs();

}  // namespace mn
