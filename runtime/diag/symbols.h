// From an address to function, file and line, inlined calls included.
//
// libbacktrace reads the program's own debug information (lines need -g1, names
// come from the symbol table). It maps memory instead of calling malloc and
// takes no lock, so it also works in a signal handler. The first call reads the
// whole file (tens of milliseconds), later ones cost well under a microsecond.
#pragma once

#include <cstdint>

namespace mn::internal {

// One line of a trace; one address has several where calls were inlined.
struct Frame {
  const char* function = nullptr;  // as in the object file; null: not known
  const char* file = nullptr;      // null: not known
  int line = 0;
  std::uintptr_t pc = 0;
  std::uintptr_t entry = 0;  // where the function starts; 0: not known
  bool inlined = false;      // into the next frame

  // In a file of the runtime, its public headers included.
  bool IsRuntime() const;
  // Belongs to the machine rather than to the program: the runtime, the C++
  // library, the unwinder, the first frames of a thread, the nameless.
  bool IsPlumbing() const;
};

// Calls visit(arg, frame) for every function at pc, innermost first. `exact`:
// pc is an instruction of its own, not a return address.
void Symbolize(std::uintptr_t pc, bool exact,
               void (*visit)(void* arg, const Frame& frame), void* arg);

}  // namespace mn::internal
