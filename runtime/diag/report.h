// The parts of a report that its two users (traceback.cc, panic_report.cc)
// share. Internal to runtime/diag.
#pragma once

#include "runtime/core/g.h"
#include "runtime/diag/stack_walk.h"
#include "runtime/diag/traceback.h"

namespace mn::internal {

// Prints goroutines by `settings`. `here` is where the caller's trace starts.
// REQUIRES: on a stack with room (CallOnFreshStack).
void PrintReport(const TracebackSettings& settings, const StackPoint& here);

// The end of every report: SIGABRT if `settings` ask for it, else returns.
void CrashIfAsked(const TracebackSettings& settings);

}  // namespace mn::internal
