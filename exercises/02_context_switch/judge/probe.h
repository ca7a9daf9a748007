// Lesson 02, case process: the instructions that look at registers.
//
// What: ProbeSwap calls CtxSwap from assembly, with chosen values in the
// registers that must survive, and says what is in them afterwards.
//
// Why it is hard: a swap that loses a register breaks its caller, which would
// be this driver. So the probe keeps its own caller's registers on its stack
// and brings them back, whatever the swap did: only the case that looks at
// registers turns red, and it can say which one. The stack pointer is the one
// register that it has to trust.
//
// Included by case.cc only: the assembly must be there once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "exercises/02_context_switch/judge/script.h"
#include "runtime/plug/context.h"

namespace mn {

struct Probe {
  void (*swap)(Context& from, Context& to) = CtxSwap;
  Context* from = nullptr;
  Context* to = nullptr;
  std::uint64_t before[kRegisterCount] = {};
  std::uint64_t after[kRegisterCount] = {};
};

extern "C" {
void mn_probe_swap(Probe* probe);

// An entry function that notes sp and its argument, calls
// mn_turn_is_over(), and then does with its stack what compilers do.
void entry_of_the_context(void* arg);
void mn_turn_is_over();
extern std::uint64_t mn_entry_sp;
extern std::uint64_t mn_entry_arg;
}

#if defined(__x86_64__)

static_assert(kRegisterCount == 6 && offsetof(Probe, after) == 72);

asm(R"(
    .text
    .p2align 4
    .type mn_probe_swap, @function
    .globl mn_probe_swap
mn_probe_swap:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    pushq %rdi
    subq $8, %rsp
    movq 24(%rdi), %rbx
    movq 32(%rdi), %rbp
    movq 40(%rdi), %r12
    movq 48(%rdi), %r13
    movq 56(%rdi), %r14
    movq 64(%rdi), %r15
    movq (%rdi), %rax
    movq 16(%rdi), %rsi
    movq 8(%rdi), %rdi
    callq *%rax
    addq $8, %rsp
    popq %rdi
    addq $8, %rsp
    movq %rbx, 72(%rdi)
    movq %rbp, 80(%rdi)
    movq %r12, 88(%rdi)
    movq %r13, 96(%rdi)
    movq %r14, 104(%rdi)
    movq %r15, 112(%rdi)
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size mn_probe_swap, . - mn_probe_swap

    .p2align 4
    .type entry_of_the_context, @function
    .globl entry_of_the_context
entry_of_the_context:
    movq %rsp, mn_entry_sp(%rip)
    movq %rdi, mn_entry_arg(%rip)
    subq $24, %rsp
    callq mn_turn_is_over
    movaps %xmm0, (%rsp)           # 0 mod 16, if rsp was 8 mod 16
    callq mn_turn_is_over
    ud2
    .size entry_of_the_context, . - entry_of_the_context
)");

inline Control GetControl() {
  std::uint32_t sse;
  std::uint16_t x87;
  asm volatile("stmxcsr %0" : "=m"(sse)::"memory");
  asm volatile("fnstcw %0" : "=m"(x87)::"memory");
  return {sse & 0xffc0, x87 & 0x0f3f};
}

inline void SetControl(Control control) {
  const auto sse = static_cast<std::uint32_t>(control.sse);
  const auto x87 = static_cast<std::uint16_t>(control.x87);
  asm volatile("ldmxcsr %0" ::"m"(sse) : "memory");
  asm volatile("fldcw %0" ::"m"(x87) : "memory");
}

// A function that aligns its stack itself: its callers may be wrong about it.
#define MN_ALIGNS_STACK __attribute__((force_align_arg_pointer))

#elif defined(__aarch64__)

static_assert(kRegisterCount == 19 && offsetof(Probe, after) == 176);

asm(R"(
    .text
    .p2align 4
    .type mn_probe_swap, %function
    .globl mn_probe_swap
mn_probe_swap:
    sub sp, sp, #176
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    str x0, [sp, #160]
    ldp x19, x20, [x0, #24]
    ldp x21, x22, [x0, #40]
    ldp x23, x24, [x0, #56]
    ldp x25, x26, [x0, #72]
    ldp x27, x28, [x0, #88]
    ldp x29, x9, [x0, #104]
    fmov d8, x9
    ldp d9, d10, [x0, #120]
    ldp d11, d12, [x0, #136]
    ldp d13, d14, [x0, #152]
    ldr d15, [x0, #168]
    ldp x9, x2, [x0, #0]
    ldr x1, [x0, #16]
    mov x0, x2
    blr x9
    ldr x0, [sp, #160]
    add x0, x0, #176
    stp x19, x20, [x0, #0]
    stp x21, x22, [x0, #16]
    stp x23, x24, [x0, #32]
    stp x25, x26, [x0, #48]
    stp x27, x28, [x0, #64]
    str x29, [x0, #80]
    stp d8, d9, [x0, #88]
    stp d10, d11, [x0, #104]
    stp d12, d13, [x0, #120]
    stp d14, d15, [x0, #136]
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #176
    ret
    .size mn_probe_swap, . - mn_probe_swap

    .p2align 4
    .type entry_of_the_context, %function
    .globl entry_of_the_context
entry_of_the_context:
    mov x9, sp
    adrp x10, mn_entry_sp
    str x9, [x10, :lo12:mn_entry_sp]
    adrp x10, mn_entry_arg
    str x0, [x10, :lo12:mn_entry_arg]
    bl mn_turn_is_over
    stp x0, x1, [sp, #-16]!        // faults if sp is not a multiple of 16
    bl mn_turn_is_over
    brk #0
    .size entry_of_the_context, . - entry_of_the_context
)");

inline Control GetControl() {
  std::int64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr)::"memory");
  return {fpcr, 0};
}

inline void SetControl(Control control) {
  asm volatile("msr fpcr, %0" ::"r"(control.sse) : "memory");
}

#define MN_ALIGNS_STACK

#else
#error "lesson 02 knows x86-64 and aarch64"
#endif

inline void ProbeSwap(Probe& probe) { mn_probe_swap(&probe); }

}  // namespace mn
