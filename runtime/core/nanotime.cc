#include "runtime/core/nanotime.h"

#include <time.h>

namespace mn {

std::int64_t Nanotime() {
  // Not CLOCK_REALTIME, which somebody may set back. As a rule the vdso reads
  // this clock, so no system call is made and the thread keeps its P.
  timespec ts;
  ::clock_gettime(CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * std::int64_t{1'000'000'000} + ts.tv_nsec;
}

}  // namespace mn
