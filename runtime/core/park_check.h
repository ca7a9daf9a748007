// A debug build looks at every park whether the goroutine holds something that
// belongs to the thread which it leaves. diag/held_locks.h does the looking.
#pragma once

#include "runtime/core/g.h"

namespace mn {

#ifdef NDEBUG
inline void CheckPark(G*) {}
#else
// The function that looks. Null if nobody looks. Set before main begins, so
// that no lock is needed here.
inline void (*park_check)(G* gp) = nullptr;

// Looks at gp, which is about to leave its thread. Caller: gp itself, in the
// runtime. Does not park. May end the process.
inline void CheckPark(G* gp) {
  if (park_check != nullptr) park_check(gp);
}
#endif

}  // namespace mn
