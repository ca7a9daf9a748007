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
// The assembly below reads this name. Only the assembly uses the variable and
// the functions, so `used` keeps the compiler from dropping them. 0 means that
// this processor cannot save its vector state.
__attribute__((used)) std::uint64_t mn_xsave_size = 0;
void mn_async_preempt();

// The trampoline calls this function on the goroutine's stack, with every
// register saved.
__attribute__((used)) void mn_async_preempt_yield() {
  // The goroutine may come back on another thread, where errno is of another
  // goroutine. The interrupted code must find its own errno.
  const int saved_errno = mn::internal::GetErrno();
  {
    // EnterRuntime alone is not enough. A second signal may have come between
    // the handler and this line, found the thread in libc, and taken the P.
    mn::RuntimeCall call("preemption");
    mn::internal::YieldToPreemption();
  }
  mn::internal::SetErrno(saved_errno);
}
}

// The trampoline. On entry the stack pointer is 136 bytes below the interrupted
// one, which is the red zone and the return address. The steps are these.
//   - .cfi_signal_frame tells unwinders that the return address is the
//     interrupted instruction itself. After a real call they would look up the
//     instruction before the return address.
//   - rbp becomes a frame pointer, so dumps can walk from here to the
//     interrupted frame.
//   - cld clears the direction flag. Compiled code expects the flag to be
//     clear, and the interrupted code may have set the flag.
//   - rbx keeps the stack pointer, because a call keeps rbx. The size of the
//     vector state is not known when the program is compiled, and xsave64 wants
//     an address that is a multiple of 64.
//   - The 64 bytes from 512 on are the header of the saved state. xsave64
//     writes only a part of the header, and xrstor64 faults if the rest is not
//     zero.
//   - 0xE7 is kXsaveMask. xsave64 and xrstor64 take the mask in edx:eax.
//   - popfq comes after all arithmetic, so the flags are the interrupted ones.
//     "ret $128" returns and drops the red zone in one instruction.
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

// The parts of the vector state that the trampoline saves, which are x87, SSE,
// AVX and AVX-512. Tiles are left out because they take 8 KiB of the stack.
// Protection keys are left out because they belong to the thread.
constexpr std::uint32_t kXsaveMask = 0xE7;
// Room for the trampoline's frame and for the frames of the switch.
constexpr std::uintptr_t kYieldStack = 6 * 1024;
// The ABI lets a function use so many bytes below its stack pointer. The
// interrupted function may have data there.
constexpr std::uintptr_t kRedZone = 128;

// Returns how many bytes xsave64 writes with kXsaveMask, or 0 if the processor
// or the kernel does not support the instruction.
std::uint64_t XsaveSize() {
  std::uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return 0;
  std::uint32_t lo, hi;
  // The kernel has switched on the parts that are set in register XCR0. The
  // instruction xsave64 saves no others.
  asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  // The area of x87 and SSE, then the header. These two are always there.
  std::uint64_t size = 512 + 64;
  for (std::uint32_t i = 2; i < 8; i++) {
    if (!(lo & kXsaveMask & (1u << i))) continue;
    // For each part CPUID tells the size and the place. CPUID tells the size of
    // all parts together too, but this size includes the tiles.
    if (!__get_cpuid_count(0xD, i, &a, &b, &c, &d)) return 0;
    size = std::max<std::uint64_t>(size, std::uint64_t{a} + b);
  }
  return size;
}

}  // namespace

void PreemptibleScopeInit() { mn_xsave_size = XsaveSize(); }

// No ASan here, because the function writes below every frame that ASan knows
// of.
__attribute__((no_sanitize("address"))) bool YieldOnReturn(const G* gp,
                                                           void* context) {
  // The kernel loads these registers when the handler returns.
  auto& regs = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  std::uintptr_t sp = static_cast<std::uintptr_t>(regs[REG_RSP]);
  // A program may run a goroutine on a stack of its own for a while. Then
  // nobody knows how much room is left there.
  if (mn_xsave_size == 0 || sp < gp->stack_lo + kYieldStack ||
      sp > gp->stack_hi) {
    return false;
  }
  // What the instruction `call` would do, with the red zone skipped.
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
// Then the thread stops in the handler, as it does for all other code.
bool YieldOnReturn(const G*, void*) { return false; }

}  // namespace mn

#endif

namespace mn {

void internal::BeginPreemptible() {
  RuntimeCall call("mn::PreemptibleScope");
  // A counter, because scopes nest.
  call.g()->preemptible++;
}

void internal::EndPreemptible() {
  RuntimeCall call("mn::PreemptibleScope");
  call.g()->preemptible--;
}

}  // namespace mn
