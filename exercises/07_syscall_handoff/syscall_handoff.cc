// Lesson 07: a thread blocks in the kernel, and its P goes on. This file is
// yours.
//
//   read   lessons/07_syscall_handoff/README.md   what a blocked thread costs
//   read   runtime/plug/syscall_handoff.h         the contract: what the host
//                                                 provides, SYS-1 to SYS-11
//   edit   the functions below
//   run    bazel test //exercises/07_syscall_handoff
//
// It compiles as it is, and the test is red: that is the start, not a broken
// setup. One step at a time turns one case after the other green:
//   1. EnterSyscall, and ExitSyscall that takes its P back   SYS-3, SYS-6
//   2. HandoffP, EnterSyscallBlock, and ExitSyscall that
//      finds its P gone                           SYS-4, SYS-9, SYS-10, SYS-11
//   3. RetakeP                                       SYS-1, SYS-2, SYS-5
//   4. Semacquire and Semrelease                             SYS-7
// Stuck? `wb hint 07` has three hints, and nobody minds.

#include "runtime/plug/syscall_handoff.h"

namespace mn {

// The goroutine goes into a call; its P is left for whoever takes it first.
void internal::EnterSyscall() {}

// The same for a call that is known to block; its P is handed off at once.
void internal::EnterSyscallBlock() {}

// The call is over: the goroutine needs a P again.
void internal::ExitSyscall() {}

// Takes a P that was left in a call; false: another thread was quicker.
bool RetakeP(P* /*p*/, PStatus /*to*/) { return false; }

// Finds a thread for a P that belongs to nobody, or lets it idle.
void HandoffP(P* /*p*/) {}

// Takes a permit, or parks until somebody gives one.
void Semacquire(Semaphore& /*s*/) {}

// Gives a permit back.
void Semrelease(Semaphore& /*s*/) {}

}  // namespace mn
