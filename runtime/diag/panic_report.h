// What a process says when an exception leaves a goroutine.
//
// Nothing is unwound: with no handler on the way the C++ runtime calls
// std::terminate on top of the frames that threw, so the trace shows where.
#pragma once

namespace mn {

// The std::terminate handler. An exception that nobody caught:
//   panic: WHAT [TYPE]
// (a mn::Panic without the type; nested exceptions oldest first, each further
// one on a line of its own), the goroutine that threw, exit status 2. Without
// an exception: `fatal error: std::terminate called without an active
// exception`.
[[noreturn]] void TerminateHandler();

}  // namespace mn
