// The clock of drivers.
#pragma once

#include <time.h>

namespace mn::judge {

// Nanoseconds since some fixed moment. Thread-safe.
inline double NowNs() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

}  // namespace mn::judge
