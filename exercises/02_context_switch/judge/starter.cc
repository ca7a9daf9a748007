// Lesson 02: leaving one stack for another. This file is yours.
//
//   read   lessons/02_context_switch/README.md   what a context is, which
//                                                registers matter, and why
//   read   runtime/plug/context.h                the contract: who calls what,
//                                                invariants CTX-1 to CTX-7
//   edit   the assembly for your processor, and CtxMake at the end
//   run    bazel test //exercises/02_context_switch
//
// It compiles as it is, and the test is red: that is the start, not a broken
// setup. "From red to green" on the page says which case to turn green first.
// Stuck? `wb hint 02` has three hints, and nobody minds.

#include <cstdint>

#include "runtime/plug/context.h"

extern "C" {
// Saves what has to be saved on the stack that is left, stores the stack
// pointer in *from_sp, makes to_sp the stack pointer, and brings back what is
// saved there.
void ctx_swap(void** from_sp, void* to_sp);
// Where a new context begins: calls its entry function.
void ctx_entry();
}

#if defined(__x86_64__)

// from_sp is in rdi, to_sp in rsi. At the first instruction rsp points to the
// return address. rbx, rbp, r12 to r15 belong to the caller. All the others are
// yours. The page explains the lines that begin with a dot.
asm(R"(
    .text
    .globl ctx_swap
    .type ctx_swap, @function
ctx_swap:
    .cfi_startproc            # for the unwinder: the function begins
    ret
    .cfi_endproc              # and ends
    .size ctx_swap, . - ctx_swap

    .globl ctx_entry
    .type ctx_entry, @function
ctx_entry:
    .cfi_startproc
    ud2                       # ends the program: nothing is written yet
    .cfi_endproc
    .size ctx_entry, . - ctx_entry
)");

#elif defined(__aarch64__)

// from_sp is in x0, to_sp in x1, the return address in x30. x19 to x29, sp and
// d8 to d15 belong to the caller. All the others are yours.
asm(R"(
    .text
    .globl ctx_swap
    .type ctx_swap, %function
ctx_swap:
    .cfi_startproc
    ret
    .cfi_endproc
    .size ctx_swap, . - ctx_swap

    .globl ctx_entry
    .type ctx_entry, %function
ctx_entry:
    .cfi_startproc
    brk #0
    .cfi_endproc
    .size ctx_entry, . - ctx_entry
)");

#else
#error "lesson 02 has no skeleton for this processor: start from one of the two"
#endif

namespace mn {

// Makes c a context that calls entry(arg) at the first swap to it.
void CtxMake(Gobuf& c, void* /*stack_lo*/, void* /*stack_hi*/,
             void (*entry)(void* arg), void* arg) {
  c.entry = entry;
  c.arg = arg;
  c.sp = nullptr;  // what would ctx_swap have to find, and where?
}

// Leaves `from`, which runs, for `to`.
void CtxSwap(Gobuf& from, Gobuf& to) { ctx_swap(&from.sp, to.sp); }

}  // namespace mn
