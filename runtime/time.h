// Time: the monotonic clock and sleeping.
#pragma once

#include <chrono>
#include <cstdint>

namespace mn {

// Nanoseconds of CLOCK_MONOTONIC. Any thread; does not park. Mirrors
// runtime.nanotime, which Go keeps to itself.
std::int64_t Nanotime();

// Parks the goroutine for at least `d`; no thread waits with it (document,
// section 5: a sleeping goroutine costs no thread). d <= 0 returns at once.
// May continue on another thread. Mirrors time.Sleep.
void Sleep(std::chrono::nanoseconds d);

}  // namespace mn
