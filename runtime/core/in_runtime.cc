#include "runtime/core/in_runtime.h"

namespace mn {

// Link-time optimisation cannot see the references inside the assembly of
// in_runtime.h. `used` keeps the variables. There are two and no struct,
// because the assembly names each by its symbol.
__attribute__((used)) thread_local bool tls_in_runtime = false;
__attribute__((used)) thread_local mn::atomic<bool> tls_preempt_pending{false};

// Not inline, since the address of a thread_local must not outlive a switch.
// The caller keeps this address on purpose, for other threads to write to.
__attribute__((noinline)) mn::atomic<bool>* PreemptPendingNote() {
  return &tls_preempt_pending;
}

#if !defined(__x86_64__) && !MN_SIM
// Not inline either, for the same reason. The empty assembly keeps the compiler
// from moving work across the change, and from using an earlier answer again.
__attribute__((noinline)) bool EnterRuntime() {
  bool was = tls_in_runtime;
  tls_in_runtime = true;
  asm volatile("" : "+r"(was)::"memory");
  return was;
}
__attribute__((noinline)) void LeaveRuntime(bool was) {
  // The work of the runtime has to be finished before the store.
  asm volatile("" ::: "memory");
  tls_in_runtime = was;
}
__attribute__((noinline)) bool InRuntime() {
  bool in = tls_in_runtime;
  asm volatile("" : "+r"(in));
  return in;
}
__attribute__((noinline)) bool PreemptPending() {
  bool pending = tls_preempt_pending.load(memory_order_relaxed);
  asm volatile("" : "+r"(pending));
  return pending;
}
__attribute__((noinline)) void SetPreemptPending(bool on) {
  tls_preempt_pending.store(on, memory_order_relaxed);
}
#endif

}  // namespace mn
