// In-runtime depth: may this thread be interrupted for another goroutine?
//
// Why it is hard: preemption arrives as a signal between any two instructions.
// Inside the runtime (a G half queued, an RtMutex held, the address of this P
// in a register) neither stopping the thread nor taking its P is possible, and
// no program counter tells: the runtime calls memcpy, and templates of ours are
// inlined into the user's code. So the thread says so itself: a thread_local
// counter, one instruction to enter and one to leave.
//
// Protocol:
//   PRE-1 a thread is in the runtime while the counter is not zero; every
//         switch of stacks happens at exactly 1, so the count of the goroutine
//         that leaves is that of the one that arrives. A scheduler stack (g0)
//         always is at 1;
//   PRE-2 the signal handler changes nothing of a thread that is in the
//         runtime: it sets the top bit, and the next call that may park anyway
//         gives the processor up (RuntimeCall in sched/runtime_call.h).
// Only the thread itself and its signal handlers touch the word, so no
// operation is atomic; each is one instruction, so a handler sees it whole.
//
// Rejected: Go's table of unsafe program counters (needs the compiler); marking
// by section or by symbol name (inlining, memcpy, stripped binaries).
#pragma once

#include <cstdint>

#include "runtime/core/atomic.h"

namespace mn {

inline constexpr std::uint32_t kPreemptPending = std::uint32_t{1} << 31;

extern thread_local std::uint32_t tls_in_runtime;

#if MN_SIM
// The explorer has no signals.
inline bool EnterRuntime() { return false; }
inline void LeaveRuntime() {}
inline std::uint32_t InRuntimeWord() { return 1; }
inline void SetPreemptPending() {}
inline void ClearPreemptPending() {}
#elif defined(__x86_64__)
// True: PRE-2, a preemption was asked for.
inline bool EnterRuntime() {
  bool pending;
  asm volatile("incl %%fs:_ZN2mn14tls_in_runtimeE@tpoff"
               : "=@ccs"(pending)
               :
               : "memory");
  return pending;
}
inline void LeaveRuntime() {
  asm volatile("decl %%fs:_ZN2mn14tls_in_runtimeE@tpoff" ::: "memory", "cc");
}
inline std::uint32_t InRuntimeWord() {
  std::uint32_t word;
  asm volatile("movl %%fs:_ZN2mn14tls_in_runtimeE@tpoff, %0" : "=r"(word));
  return word;
}
inline void SetPreemptPending() {
  asm volatile("orl %0, %%fs:_ZN2mn14tls_in_runtimeE@tpoff" ::"i"(
                   static_cast<std::int32_t>(kPreemptPending))
               : "memory", "cc");
}
inline void ClearPreemptPending() {
  asm volatile("andl %0, %%fs:_ZN2mn14tls_in_runtimeE@tpoff" ::"i"(
                   static_cast<std::int32_t>(~kPreemptPending))
               : "memory", "cc");
}
#else
bool EnterRuntime();
void LeaveRuntime();
std::uint32_t InRuntimeWord();
void SetPreemptPending();
void ClearPreemptPending();
#endif

inline std::uint32_t InRuntimeDepth() {
  return InRuntimeWord() & ~kPreemptPending;
}

// For a scope that holds an RtMutex and may be entered by any thread.
class InRuntime {
 public:
  InRuntime() { EnterRuntime(); }
  ~InRuntime() { LeaveRuntime(); }
  InRuntime(const InRuntime&) = delete;
  InRuntime& operator=(const InRuntime&) = delete;
};

}  // namespace mn
