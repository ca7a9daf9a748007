// CurrentG: the calling goroutine, or a clear end.
#pragma once

#include "runtime/core/getg.h"

namespace mn {

namespace internal {
[[noreturn]] void NotOnGoroutine(const char* function);
}

// The goroutine that calls `function`. On a thread without one: `runtime: NAME
// called outside a goroutine ...`, fatal.
inline G* CurrentG(const char* function) {
  M* m = getm();
  if (m == nullptr || m->curg == &m->g0) [[unlikely]] {
    internal::NotOnGoroutine(function);
  }
  return m->curg;
}

}  // namespace mn
