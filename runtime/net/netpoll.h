// netpoll: where the last idle M waits. It is a function that the scheduler
// calls, not a thread and not a goroutine (document, section 5).
#pragma once

#include <cstdint>

namespace mn {

// Once, before the scheduler starts.
void NetpollInit();

// Blocks the thread until `until` (nanotime) or until NetpollBreak. May return
// early. Caller: the one M that swapped sched.lastpoll to 0.
void NetpollWait(std::int64_t until);

// Ends the current or next NetpollWait early. Any thread.
void NetpollBreak();

}  // namespace mn
