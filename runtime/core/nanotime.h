// Nanotime is the clock that the runtime itself reads.
#pragma once

#include <cstdint>

namespace mn {

// Returns the nanoseconds of CLOCK_MONOTONIC, which never goes back.
// Any thread, any stack. Does not park. Async-signal-safe.
// Mirrors: runtime.nanotime, which Go keeps to itself.
std::int64_t Nanotime();

}  // namespace mn
