// What the rest of the scheduler needs to know of system calls: syscall.cc.
#pragma once

#include "runtime/core/sched.h"

namespace mn {

// Takes p, which its thread has left in a system call, and sets its state to
// `to`. False: it is not in one (any more). Any thread.
bool RetakeP(P* p, PStatus to);

}  // namespace mn
