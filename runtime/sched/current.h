// CurrentG: the calling goroutine, or a clear end.
#pragma once

#include "runtime/core/getg.h"

namespace mn {

namespace internal {
[[noreturn]] void NotOnGoroutine(const char* function);
}

// The goroutine that calls `function`, on an M that holds a P. On a thread
// without one, or inside BlockingCall, the end of the process: `runtime: NAME
// was called ...` says what to do instead.
inline G* CurrentG(const char* function) {
  M* m = getm();
  if (m == nullptr || m->p == nullptr || m->curg == &m->g0) [[unlikely]] {
    internal::NotOnGoroutine(function);
  }
  return m->curg;
}

}  // namespace mn
