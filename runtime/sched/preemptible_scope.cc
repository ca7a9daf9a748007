#include "runtime/sched/preemptible_scope.h"

#include <cstdint>

#include "runtime/preempt.h"
#include "runtime/sched/runtime_call.h"
#if defined(__x86_64__)
#include <cpuid.h>
#include <ucontext.h>

#include <algorithm>
#endif

#if defined(__x86_64__)

extern "C" {
__attribute__((used)) std::uint64_t mn_xsave_size = 0;
void mn_async_preempt();

// On the goroutine's stack, every register saved.
__attribute__((used)) void mn_async_preempt_yield() {
  const int saved_errno = mn::internal::GetErrno();
  {
    // Not EnterRuntime alone: another signal may have come between the handler
    // and here, found us in libc and taken the P.
    mn::RuntimeCall call("preemption");
    mn::internal::YieldToPreemption();
  }
  mn::internal::SetErrno(saved_errno);
}
}

// Entered as if the interrupted instruction had called it, with the red zone
// skipped: saves everything, yields, goes back.
asm(R"(
  .text
  .globl mn_async_preempt
  .type mn_async_preempt, @function
mn_async_preempt:
  .cfi_startproc
  .cfi_signal_frame
  .cfi_def_cfa %rsp, 136
  .cfi_offset %rip, -136
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_offset %rbp, -144
  movq %rsp, %rbp
  .cfi_def_cfa_register %rbp
  pushfq
  cld
  pushq %rax
  pushq %rcx
  pushq %rdx
  pushq %rbx
  pushq %rsi
  pushq %rdi
  pushq %r8
  pushq %r9
  pushq %r10
  pushq %r11
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, %rbx
  subq mn_xsave_size(%rip), %rsp
  andq $-64, %rsp
  xorl %eax, %eax
  movq %rax, 512(%rsp)
  movq %rax, 520(%rsp)
  movq %rax, 528(%rsp)
  movq %rax, 536(%rsp)
  movq %rax, 544(%rsp)
  movq %rax, 552(%rsp)
  movq %rax, 560(%rsp)
  movq %rax, 568(%rsp)
  movl $0xE7, %eax
  xorl %edx, %edx
  xsave64 (%rsp)
  call mn_async_preempt_yield
  movl $0xE7, %eax
  xorl %edx, %edx
  xrstor64 (%rsp)
  movq %rbx, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %r11
  popq %r10
  popq %r9
  popq %r8
  popq %rdi
  popq %rsi
  popq %rbx
  popq %rdx
  popq %rcx
  popq %rax
  popfq
  popq %rbp
  .cfi_def_cfa %rsp, 136
  ret $128
  .cfi_endproc
  .size mn_async_preempt, . - mn_async_preempt
)");

namespace mn {

namespace {

// The vector state that is saved: x87, SSE, AVX, AVX-512. Not tiles (8 KiB) and
// not protection keys, which are the thread's.
constexpr std::uint32_t kXsaveMask = 0xE7;
// Room for the trampoline's frame and for the switch below it.
constexpr std::uintptr_t kYieldStack = 6 * 1024;
constexpr std::uintptr_t kRedZone = 128;

std::uint64_t XsaveSize() {
  std::uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return 0;
  std::uint32_t lo, hi;
  asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  std::uint64_t size = 512 + 64;
  for (std::uint32_t i = 2; i < 8; i++) {
    if (!(lo & kXsaveMask & (1u << i))) continue;
    if (!__get_cpuid_count(0xD, i, &a, &b, &c, &d)) return 0;
    size = std::max<std::uint64_t>(size, std::uint64_t{a} + b);
  }
  return size;
}

}  // namespace

void PreemptibleScopeInit() { mn_xsave_size = XsaveSize(); }

__attribute__((no_sanitize("address"))) bool YieldOnReturn(const G* gp,
                                                           void* context) {
  auto& regs = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  std::uintptr_t sp = static_cast<std::uintptr_t>(regs[REG_RSP]);
  if (mn_xsave_size == 0 || sp < gp->stack_lo + kYieldStack ||
      sp > gp->stack_hi) {
    return false;
  }
  sp -= kRedZone + sizeof(std::uintptr_t);
  *reinterpret_cast<std::uintptr_t*>(sp) =
      static_cast<std::uintptr_t>(regs[REG_RIP]);
  regs[REG_RSP] = static_cast<greg_t>(sp);
  regs[REG_RIP] = reinterpret_cast<greg_t>(&mn_async_preempt);
  return true;
}

}  // namespace mn

#else

namespace mn {

void PreemptibleScopeInit() {}
bool YieldOnReturn(const G*, void*) { return false; }

}  // namespace mn

#endif

namespace mn {

void internal::BeginPreemptible() {
  RuntimeCall call("mn::PreemptibleScope");
  call.g()->preemptible++;
}

void internal::EndPreemptible() {
  RuntimeCall call("mn::PreemptibleScope");
  call.g()->preemptible--;
}

}  // namespace mn
