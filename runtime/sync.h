// sync: the primitives that park goroutines, not threads.
//
// Thread-safety: every function may be called from any goroutine at once. None
// of them may be copied or moved. A std::mutex blocks the thread and, held
// across anything that parks, may be unlocked on another thread: use these.
#pragma once

#include "runtime/sync/cond.h"       // IWYU pragma: export
#include "runtime/sync/mutex.h"      // IWYU pragma: export
#include "runtime/sync/once.h"       // IWYU pragma: export
#include "runtime/sync/rwmutex.h"    // IWYU pragma: export
#include "runtime/sync/waitgroup.h"  // IWYU pragma: export
