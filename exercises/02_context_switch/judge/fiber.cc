// The instructions that call the piece's CtxSwap and look at registers.
#include "exercises/02_context_switch/judge/contexts.h"

#ifdef MN_CASE_PROCESS

#if defined(__x86_64__)

static_assert(mn::kRegisterCount == 6 && offsetof(mn::Probe, after) == 72);

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
)");

#elif defined(__aarch64__)

static_assert(mn::kRegisterCount == 19 && offsetof(mn::Probe, after) == 176);

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
)");

#endif

#endif
