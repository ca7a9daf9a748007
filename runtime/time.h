// The monotonic clock, and sleeping.
//
// Example:
//
//   const std::int64_t begin = mn::Nanotime();
//   mn::Sleep(std::chrono::milliseconds(2));
//   assert(mn::Nanotime() - begin >= 2'000'000);
//
// Nanotime is in core/nanotime.h, because the runtime itself uses that clock.
#pragma once

#include <chrono>

#include "runtime/core/nanotime.h"  // IWYU pragma: export

namespace mn {

// Pauses the goroutine for at least `d`.
// REQUIRES: the caller is a goroutine.
// Parks. With d <= 0 there is no pause. A goroutine that sleeps needs no
// thread. The goroutine may continue on another thread.
// Mirrors: time.Sleep; the document, section 5.
void Sleep(std::chrono::nanoseconds d);

}  // namespace mn
