// Nanotime: the clock that the runtime itself reads.
#pragma once

#include <cstdint>

namespace mn {

// Nanoseconds of CLOCK_MONOTONIC. Any thread; does not park. Mirrors
// runtime.nanotime, which Go keeps to itself.
std::int64_t Nanotime();

}  // namespace mn
