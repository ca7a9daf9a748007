// The traces below a fatal error: what Throw (core/fatal.h) prints after its
// message.
//
// Throw is below everything and knows no goroutines, so it calls what stands
// here by a pointer, and only once Main has set that.
#pragma once

namespace mn {

// By Main, once: from now on Throw prints traces.
void FatalReportInit();

// The calling goroutine, and all others if `all` or GOTRACEBACK says so. Any
// stack, a signal handler's too. Does not return if GOTRACEBACK is `crash`.
void TracebackForFatal(bool all);

}  // namespace mn
