// GODEBUG=preempttrace=1 prints the stacks of goroutines that were interrupted.
//
// A stack is printed once for every function of the program in which a
// goroutine was found.
//
// Why it is hard: the signal handler knows the stack but must not allocate, and
// names and lines need memory. So the handler leaves a list of program
// counters, and sysmon prints the list at its next look.
//
// Protocol: there is room for one stack. A handler that finds the room free
// writes a stack there and publishes the stack. sysmon prints the stack and
// frees the room. A handler that finds the room taken leaves nothing, since the
// goroutine will be interrupted again.
//
// Rejected: a queue of stacks. A hog is interrupted a hundred times a second,
// and each place is printed once.
#pragma once

#include <cstdint>

#include "runtime/core/g.h"

namespace mn {

// Reads GODEBUG. Called once, before the signal handler is installed.
void PreemptTraceInit();

// Leaves the stack of gp for ReportHogs, from the interrupted program counter
// `pc` in the frame `fp` outwards. Does nothing unless GODEBUG asks for traces.
// REQUIRES: gp is interrupted on the calling thread, so its stack stands still.
// Does not park. Async-signal-safe.
void NoteHog(const G* gp, std::uintptr_t pc, std::uintptr_t fp);

// Prints to stderr what NoteHog has left.
// REQUIRES: the caller is sysmon. Allocates, so a signal handler must not call
// ReportHogs. Does not park.
void ReportHogs();

}  // namespace mn
