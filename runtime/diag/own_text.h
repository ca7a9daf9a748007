// Is a program counter in the program itself, or in a shared library?
#pragma once

#include <cstdint>

namespace mn::internal {

// Finds the program's text. Once, before any InOwnText.
void FindOwnText();

// In the program's own text (what is linked statically included).
// Async-signal-safe.
bool InOwnText(std::uintptr_t pc);

}  // namespace mn::internal
