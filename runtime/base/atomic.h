// The alias layer for atomics.
//
// Protocols are written against mn::atomic, so that the same source compiles
// against another implementation. With MN_SIM that is the atomic of the
// deterministic explorer (sim/atomic.h). In every other build mn::atomic is
// std::atomic itself, at no cost (sim/alias_test.sh).
//
// Each operation that is not relaxed names its partner where it stands.
#pragma once

#include <atomic>

#include "runtime/base/sanitizer.h"

#ifdef MN_SIM
#include "runtime/sim/atomic.h"
#endif

namespace mn {

using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

#ifndef MN_SIM

template <class T>
using atomic = std::atomic<T>;

// Rests for a moment, in a loop that waits for another CPU. Leaves the other
// hardware thread of the core more to run with. Any thread. Async-signal-safe.
inline void CpuRelax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Orders every store before the fence with every load after it (#StoreLoad).
// Release and acquire do not order those. "I have queued work, is anybody
// asleep?" needs the fence, and so does its counterpart.
// Any thread. Async-signal-safe.
inline void StoreLoadFence() {
#if MN_TSAN && defined(__x86_64__)
  // TSan does not know atomic_thread_fence. TSan does not model store buffers
  // either, so only the processor needs the barrier.
  asm volatile("lock; orl $0, (%%rsp)" ::: "memory", "cc");
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

#endif  // MN_SIM

}  // namespace mn
