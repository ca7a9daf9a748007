// Ways of leaving a thread besides those of the piece `park` (plug/park.h),
// which this header includes.
#pragma once

#include "runtime/plug/park.h"

namespace mn {

// Parks for ever (a nil channel, select without cases).
[[noreturn]] void GoparkForever(WaitReason reason);

// The calling goroutine goes to the tail of its P's queue. This is Gosched for
// callers that are inside the runtime already.
void YieldNow();

}  // namespace mn
