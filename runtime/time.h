// Time: the monotonic clock (Nanotime) and sleeping.
#pragma once

#include <chrono>

#include "runtime/core/nanotime.h"  // IWYU pragma: export

namespace mn {

// Parks the goroutine for at least `d`; no thread waits with it (document,
// section 5: a sleeping goroutine costs no thread). d <= 0 returns at once.
// May continue on another thread. Mirrors time.Sleep.
void Sleep(std::chrono::nanoseconds d);

}  // namespace mn
