// Locks and other primitives that park the goroutine and not the thread.
//
// Example:
//
//   mn::Mutex mu;
//   mn::WaitGroup workers;
//   int n = 0;  // guarded by mu
//   for (int i = 0; i < 10; i++) {
//     workers.Go([&] {
//       std::lock_guard lock(mu);
//       n++;
//     });
//   }
//   workers.Wait();
//   assert(n == 10);
//
// REQUIRES: the caller is a goroutine. A call from another thread that has to
// wait or to wake somebody is a fatal error.
// Any number of goroutines may use the same object at once. No object may be
// copied or moved.
//
// Goroutines should not share a std::mutex. A std::mutex blocks the thread of
// the goroutine that waits. After a call that parks, its owner may be on
// another thread, and may not unlock it there.
//
// Mirrors: package sync.
#pragma once

#include "runtime/sync/cond.h"       // IWYU pragma: export
#include "runtime/sync/mutex.h"      // IWYU pragma: export
#include "runtime/sync/once.h"       // IWYU pragma: export
#include "runtime/sync/rwmutex.h"    // IWYU pragma: export
#include "runtime/sync/waitgroup.h"  // IWYU pragma: export
