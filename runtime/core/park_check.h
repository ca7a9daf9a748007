// A debug build's question at every park: does the goroutine hold something
// that belongs to the thread it leaves? Who asks it: diag/held_locks.h.
#pragma once

#include "runtime/core/g.h"

namespace mn {

#ifdef NDEBUG
inline void CheckPark(G*) {}
#else
// Set before main, if at all.
inline void (*park_check)(G* gp) = nullptr;

// Called by the goroutine that is about to leave its thread.
inline void CheckPark(G* gp) {
  if (park_check != nullptr) park_check(gp);
}
#endif

}  // namespace mn
