// In the runtime or not: may this thread be interrupted for another goroutine?
//
// Why it is hard: preemption arrives as a signal between any two instructions.
// Inside the runtime (a G half queued, an RtMutex held, the address of this P
// in a register) neither stopping the thread nor taking its P is possible, and
// no program counter tells: the runtime calls memcpy, and templates of ours are
// inlined into the user's code. So the thread says so itself, in a thread_local
// byte, one store to enter and one to leave.
//
// Protocol:
//   PRE-1 a thread is in the runtime while the byte is set; every switch of
//         stacks happens there, so what the goroutine that leaves had set the
//         one that arrives finds. A scheduler stack (g0) is always in it. Who
//         leaves puts back what it found on entering: scopes nest, and the
//         value found belongs to the goroutine, wherever it comes out;
//   PRE-2 the signal handler changes nothing of a thread that is in the
//         runtime: it leaves a note, `pending`, and the next call that may park
//         anyway gives way (ParkingCall in sched/runtime_call.h).
// Only the thread itself and its signal handlers touch the first byte, and each
// access is one instruction, so it needs no atomic; the second may also be set
// by sysmon and by whoever stops the world, where signals are switched off.
//
// Rejected: Go's table of unsafe program counters (needs the compiler); marking
// by section or by symbol name (inlining, memcpy, stripped binaries); a counter
// (each increment waits for the one before: 5 ns in a yield).
#pragma once

#include "runtime/base/atomic.h"

namespace mn {

extern thread_local bool tls_in_runtime;
extern thread_local mn::atomic<bool> tls_preempt_pending;

#if MN_SIM
// The explorer has no signals, so nobody asks while it is outside; and no call
// is made from inside another one.
inline bool EnterRuntime() { return false; }
inline void LeaveRuntime(bool = false) {}
inline bool InRuntime() { return true; }
inline bool PreemptPending() { return false; }
inline void SetPreemptPending(bool) {}
#elif defined(__x86_64__)
// Returns what LeaveRuntime is to put back: whether it was in it already.
inline bool EnterRuntime() {
  bool was;
  asm volatile(
      "movb %%fs:_ZN2mn14tls_in_runtimeE@tpoff, %0\n\t"
      "movb $1, %%fs:_ZN2mn14tls_in_runtimeE@tpoff"
      : "=q"(was)
      :
      : "memory");
  return was;
}
inline void LeaveRuntime(bool was = false) {
  asm volatile("movb %0, %%fs:_ZN2mn14tls_in_runtimeE@tpoff" ::"qi"(was)
               : "memory");
}
inline bool InRuntime() {
  bool in;
  asm volatile("movb %%fs:_ZN2mn14tls_in_runtimeE@tpoff, %0" : "=q"(in));
  return in;
}
inline bool PreemptPending() {
  bool pending;
  asm volatile("movb %%fs:_ZN2mn19tls_preempt_pendingE@tpoff, %0"
               : "=q"(pending));
  return pending;
}
inline void SetPreemptPending(bool on) {
  asm volatile("movb %0, %%fs:_ZN2mn19tls_preempt_pendingE@tpoff" ::"qi"(on)
               : "memory");
}
#else
bool EnterRuntime();
void LeaveRuntime(bool was = false);
bool InRuntime();
bool PreemptPending();
void SetPreemptPending(bool on);
#endif

// Where the calling thread's note is.
mn::atomic<bool>* PreemptPendingNote();

// For a scope that holds an RtMutex and may be entered by any thread.
class InRuntimeScope {
 public:
  InRuntimeScope() : was_(EnterRuntime()) {}
  ~InRuntimeScope() { LeaveRuntime(was_); }
  InRuntimeScope(const InRuntimeScope&) = delete;
  InRuntimeScope& operator=(const InRuntimeScope&) = delete;

 private:
  const bool was_;
};

}  // namespace mn
