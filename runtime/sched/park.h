// Ways of leaving a thread, in addition to those of the piece `park`.
//
// The piece is plug/park.h, which this header includes.
#pragma once

#include "runtime/plug/park.h"

namespace mn {

// Parks the calling goroutine for ever. For a nil channel, and for a select
// without cases.
// REQUIRES: the caller is a goroutine, in the runtime.
// Does not return. A Goready of the goroutine ends the program.
// Mirrors: runtime.block.
[[noreturn]] void GoparkForever(WaitReason reason);

// Puts the calling goroutine at the tail of its P's queue and lets others run.
// For callers inside the runtime. Gosched is the same for a program.
// REQUIRES: the caller is a goroutine, in the runtime, and holds no lock.
// Does not park. May continue on another thread.
// Mirrors: runtime.goyield.
void YieldNow();

}  // namespace mn
