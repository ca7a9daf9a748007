#include "runtime/core/in_runtime.h"

namespace mn {

// `used`: link-time optimisation cannot see the reference inside the assembly.
__attribute__((used)) thread_local std::uint32_t tls_in_runtime = 0;

#if !defined(__x86_64__) && !MN_SIM
// Not inline: the address of a thread_local must not outlive a switch.
__attribute__((noinline)) bool EnterRuntime() {
  tls_in_runtime = tls_in_runtime + 1;
  asm volatile("" ::: "memory");
  return (tls_in_runtime & kPreemptPending) != 0;
}
__attribute__((noinline)) void LeaveRuntime() {
  asm volatile("" ::: "memory");
  tls_in_runtime = tls_in_runtime - 1;
}
__attribute__((noinline)) std::uint32_t InRuntimeWord() {
  std::uint32_t word = tls_in_runtime;
  asm volatile("" : "+r"(word));
  return word;
}
__attribute__((noinline)) void SetPreemptPending() {
  tls_in_runtime |= kPreemptPending;
}
__attribute__((noinline)) void ClearPreemptPending() {
  tls_in_runtime &= ~kPreemptPending;
}
#endif

}  // namespace mn
