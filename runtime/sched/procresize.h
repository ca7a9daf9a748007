// Changing the number of Ps.
//
// A P above the new number gives its things to the others. Its runnable
// goroutines go to the head of the global queue, because they have waited
// longest. Its timers go to P 0, and its free Gs go to the global list.
//
// Why this is hard. A thread without a P may read the table of Ps at any time,
// and may hold an old table for long. The counters of a removed P still count.
// So neither a table nor a P is ever freed. A removed P stays for the day when
// the number grows again.
//
// The environment variable GOMAXPROCS chooses the number at the start, and each
// call of GOMAXPROCS(n) chooses again. If neither has chosen, the number
// follows the CPU limit of the process. While the program is busy, sysmon reads
// the limit every second.
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

// Makes n Ps be in use, with the ids 0 to n-1.
// REQUIRES: the world is stopped or has not started yet. n > 0. The caller
// holds no lock of the runtime except sched.worldlock.
// On return the n Ps are in state kGcstop, and the caller gives them to Ms or
// to the idle list. An n above 65536 is a fatal error. Allocates. Does not
// park.
// Mirrors: procresize
void ProcResize(std::int32_t n);

// Returns whether $GOMAXPROCS or a call of GOMAXPROCS(n) has fixed the number.
// If not, the number follows the CPU limit of the process.
// Any thread. Takes no lock.
// Mirrors: sched.customGOMAXPROCS
bool GomaxprocsIsCustom();

// Returns the number of Ps at the start. Reads the environment, the affinity
// mask and the cgroup, and sets sched.ncpu.
// Main calls this once.
// Mirrors: the part of schedinit that sets procs
std::int32_t SchedInitGomaxprocs();

// Reads the CPU limit again. Changes the number of Ps if the default number has
// changed and nobody has fixed the number. Does nothing if another thread is
// stopping the world. The next call then does the work.
// Called by sysmon, at most once a second. Stops the world, so the call blocks
// its thread until every P has stopped.
// Mirrors: sysmonUpdateGOMAXPROCS
void UpdateGomaxprocs();

}  // namespace mn
