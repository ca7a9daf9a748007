// How signals and the machine's state at a signal are worded: Go's texts, since
// people grep for them. Nothing here allocates or locks.
#pragma once

#include <cstdint>

#include "runtime/core/fatal.h"
#include "runtime/diag/stack_walk.h"

namespace mn::internal {

// "SIGSEGV: segmentation violation"; "signal 40" for one without a name.
void AppendSignal(FatalText& out, int sig);

// "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x401136]"
void AppendSignalLine(FatalText& out, int sig, int code, std::uintptr_t addr,
                      std::uintptr_t pc);

// Where a signal handler's third argument says the thread was.
StackPoint Interrupted(const void* context);

// "rax    0x0\n" and so on; nothing for a processor it does not know.
void AppendRegisters(FatalText& out, const void* context);

}  // namespace mn::internal
