// GODEBUG=preempttrace=1: the stack of a goroutine that was interrupted, once
// for every function of the program that one is found in.
//
// Why it is hard: the signal handler knows the stack but must not allocate, and
// names and lines need memory. So the handler leaves a list of program
// counters, and sysmon prints it at its next look.
//
// Protocol: there is room for one stack. The handler that finds it free writes
// and publishes it; sysmon prints it and frees it. A handler that finds it
// taken leaves nothing: the goroutine will be interrupted again.
//
// Rejected: a queue of stacks (a hog is interrupted a hundred times a second,
// and each place is printed once).
#pragma once

#include <cstdint>

#include "runtime/core/g.h"

namespace mn {

// Reads GODEBUG. Once.
void PreemptTraceInit();

// gp was interrupted at `pc`, in the frame `fp`. Does nothing unless GODEBUG
// asks for it. Async-signal-safe.
void NoteHog(const G* gp, std::uintptr_t pc, std::uintptr_t fp);

// Prints what NoteHog has left. Caller: sysmon.
void ReportHogs();

}  // namespace mn
