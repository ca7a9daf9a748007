// What the rest of the scheduler needs to know of system calls: syscall.cc.
#pragma once

#include "runtime/core/sched.h"

namespace mn {

// Takes p, whose thread is in a system call, and gives it state `to`. False: it
// is not in one (any more). Any thread.
bool TakePFromSyscall(P* p, PStatus to);

}  // namespace mn
