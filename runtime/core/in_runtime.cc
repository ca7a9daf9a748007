#include "runtime/core/in_runtime.h"

namespace mn {

// `used`: link-time optimisation cannot see the references inside the assembly.
__attribute__((used)) thread_local bool tls_in_runtime = false;
__attribute__((used)) thread_local mn::atomic<bool> tls_preempt_pending{false};

__attribute__((noinline)) mn::atomic<bool>* PreemptPendingNote() {
  return &tls_preempt_pending;
}

#if !defined(__x86_64__) && !MN_SIM
// Not inline: the address of a thread_local must not outlive a switch.
__attribute__((noinline)) bool EnterRuntime() {
  bool was = tls_in_runtime;
  tls_in_runtime = true;
  asm volatile("" : "+r"(was)::"memory");
  return was;
}
__attribute__((noinline)) void LeaveRuntime(bool was) {
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
