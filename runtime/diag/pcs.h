// Stacks as plain lists of program counters: taken in a signal handler, printed
// later by somebody who may allocate.
#pragma once

#include <cstdint>

namespace mn {

// The return addresses of the frames from `fp` outwards, all of them within
// [stack_lo, stack_hi). Returns how many of at most `max` there are.
// Async-signal-safe.
int StackPcs(std::uintptr_t fp, std::uintptr_t stack_lo,
             std::uintptr_t stack_hi, std::uintptr_t* pcs, int max);

// Prints function, file and line of each to stderr, without those of the
// machinery (the runtime's own). pcs[0] is an interrupted instruction, the
// others are return addresses. Allocates.
void PrintPcs(const std::uintptr_t* pcs, int n);

// Where the innermost function of the program starts, without the machinery as
// above; pcs[0] if there is none. Allocates.
std::uintptr_t ProgramFunction(const std::uintptr_t* pcs, int n);

}  // namespace mn
