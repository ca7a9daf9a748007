// The alias layer for atomics: protocols are written against mn::atomic, so
// that the same source can be compiled against another implementation: with
// MN_SIM the deterministic explorer's (sim/atomic.h). In every other build it
// is std::atomic itself, at no cost (sim/alias_test.sh).
//
// Each non-relaxed operation names its partner where it stands.
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

// A moment of rest in a loop that waits for another CPU.
inline void CpuRelax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Orders every store before it with every load after it (#StoreLoad), which
// release and acquire do not: "I queued work, is anybody asleep?" needs it.
inline void StoreLoadFence() {
#if MN_TSAN && defined(__x86_64__)
  // TSan does not know atomic_thread_fence; it does not model store buffers
  // either, so only the processor needs the barrier.
  asm volatile("lock; orl $0, (%%rsp)" ::: "memory", "cc");
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

#endif  // MN_SIM

}  // namespace mn
