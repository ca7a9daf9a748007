// A thread is in the runtime, or another goroutine may interrupt it.
//
// Why it is hard: preemption arrives as a signal between any two instructions.
// Inside the runtime a G may be half queued, an RtMutex held, or the address of
// the P in a register. Neither can the thread be stopped then, nor its P be
// taken. The program counter does not tell, because the runtime calls memcpy
// and the user's code has templates of the runtime inlined. So the thread says
// so itself in a thread_local byte, with one store to enter and one to leave.
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
// The first byte needs no atomic. Only the thread itself and its signal
// handlers touch the byte, and each access is one instruction. The second byte,
// `pending`, is atomic. Where signals are switched off, sysmon and the thread
// that stops the world set it too.
//
// Rejected: Go's table of unsafe program counters, which needs the compiler.
// Marks by section or by symbol name, which inlining, memcpy and stripped
// binaries defeat. A counter, since each increment waits for the one before,
// which costs 5 ns in a yield.
#pragma once

#include "runtime/base/atomic.h"

namespace mn {

extern thread_local bool tls_in_runtime;
extern thread_local mn::atomic<bool> tls_preempt_pending;

#if MN_SIM
// The explorer has no signals, so nobody asks a thread that is outside. No
// model makes a call from inside another call, so there is nothing to put back.
inline bool EnterRuntime() { return false; }
inline void LeaveRuntime(bool = false) {}
inline bool InRuntime() { return true; }
inline bool PreemptPending() { return false; }
inline void SetPreemptPending(bool) {}
#elif defined(__x86_64__)
// Enters the runtime. Returns what LeaveRuntime has to put back, which is true
// if the thread was in the runtime already (PRE-1).
// Any thread, any stack. Async-signal-safe.
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
// Leaves the runtime, or stays if `was` is true. `was` is what EnterRuntime
// returned, and the goroutine keeps the value when it changes threads.
inline void LeaveRuntime(bool was = false) {
  asm volatile("movb %0, %%fs:_ZN2mn14tls_in_runtimeE@tpoff" ::"qi"(was)
               : "memory");
}
// True while the calling thread is in the runtime.
inline bool InRuntime() {
  bool in;
  asm volatile("movb %%fs:_ZN2mn14tls_in_runtimeE@tpoff, %0" : "=q"(in));
  return in;
}
// True if a preempt request met the calling thread in the runtime (PRE-2).
inline bool PreemptPending() {
  bool pending;
  asm volatile("movb %%fs:_ZN2mn19tls_preempt_pendingE@tpoff, %0"
               : "=q"(pending));
  return pending;
}
// Leaves that note for the calling thread, or takes the note back.
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

// Returns the address of the calling thread's note. Other threads may write
// there while the thread lives.
mn::atomic<bool>* PreemptPendingNote();

// Keeps the thread in the runtime for a scope. A scope that holds an RtMutex
// needs this, since a thread that is stopped with the lock would stop all
// others. Any thread, also one without an M.
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
