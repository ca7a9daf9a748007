// Lesson 02, the worked answer: a context switch by hand, for x86-64 and
// aarch64. README.md in this folder walks through it.
//
// What: see the contract, runtime/plug/context.h (invariants CTX-1..CTX-7).
//
// Why it is hard: between two instructions the stack is another one, so
// nothing may be kept anywhere but in registers, and there is no test of a
// forgotten one but the crash of somebody else, later. And the bottom of a new
// stack has to look like a frame to the processor, and like the end of the
// world to whoever unwinds it.
//
// Rejected: ending in ret (the processor predicts a return to whoever called
// this context's last swap, and is wrong every time); push and pop (as fast,
// but what a debugger must know about the frame changes at every instruction);
// loading the control words in any case (1 ns; and where switches follow each
// other closely, some processors take 25 ns for an ldmxcsr that changes a
// *flag*, which one division sets); saving the vector registers (the caller has
// done it: the ABI lets every function destroy them). README.md has the
// figures.
//
// Protocol: everything that is saved lies in one Frame on the stack that is
// left; Gobuf::sp points to it. A new context is a Frame that was never
// saved: its registers carry what ctx_entry needs.

#include <cstdint>
#include <new>

#include "runtime/plug/context.h"

extern "C" {
// Saves a Frame on this stack, files its address in *from_sp, and goes on with
// the Frame at to_sp.
void ctx_swap(void** from_sp, void* to_sp);
// Where a new context begins.
void ctx_entry();
}

#if defined(__x86_64__)

namespace mn {
namespace {

// As ctx_swap lays it out.
struct Frame {
  std::uint32_t mxcsr;
  std::uint16_t x87_control;
  std::uint16_t unused;
  void (*r12)(void* arg);  // a new context's entry
  void* r13;               // its argument
  void (*r14)();           // where it goes when it returns
  void* r15;
  void* rbx;
  void* rbp;
  void (*resume)();  // a return address
};
static_assert(sizeof(Frame) == 64);

Frame NewFrame(void (*entry)(void* arg), void* arg) {
  Frame frame = {};
  asm volatile("stmxcsr %0" : "=m"(frame.mxcsr));
  asm volatile("fnstcw %0" : "=m"(frame.x87_control));
  frame.r12 = entry;
  frame.r13 = arg;
  frame.r14 = CtxReturned;
  frame.rbp = nullptr;  // the end of the chain of frame pointers
  frame.resume = ctx_entry;
  return frame;
}

}  // namespace
}  // namespace mn

// From the stores to the last load every register is in the Frame, on the old
// stack as on the new one; so one description (.cfi) fits both, and a debugger
// that stops in the middle shows a sensible stack.
asm(R"(
    .text
    .p2align 4
    .globl ctx_swap
    .hidden ctx_swap
    .type ctx_swap, @function
ctx_swap:
    .cfi_startproc
    leaq -56(%rsp), %rsp           # with the return address: a Frame
    .cfi_adjust_cfa_offset 56
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %r12, 8(%rsp)
    movq %r13, 16(%rsp)
    movq %r14, 24(%rsp)
    movq %r15, 32(%rsp)
    movq %rbx, 40(%rsp)
    movq %rbp, 48(%rsp)
    .cfi_rel_offset r12, 8
    .cfi_rel_offset r13, 16
    .cfi_rel_offset r14, 24
    .cfi_rel_offset r15, 32
    .cfi_rel_offset rbx, 40
    .cfi_rel_offset rbp, 48
    movl (%rsp), %eax              # mxcsr
    movzwl 4(%rsp), %edx           # x87 control word
    movq %rsp, (%rdi)              # `from` is complete

    movq %rsi, %rsp                # the other stack
    movq 56(%rsi), %rcx
    xorl (%rsi), %eax
    testl $0xffc0, %eax            # all but the flags
    jnz 2f
1:
    cmpw 4(%rsi), %dx
    jne 4f
3:
    movq 8(%rsi), %r12
    movq 16(%rsi), %r13
    movq 24(%rsi), %r14
    movq 32(%rsi), %r15
    movq 40(%rsi), %rbx
    movq 48(%rsi), %rbp
    .cfi_remember_state
    leaq 64(%rsp), %rsp
    .cfi_def_cfa_offset 0
    .cfi_restore r12
    .cfi_restore r13
    .cfi_restore r14
    .cfi_restore r15
    .cfi_restore rbx
    .cfi_restore rbp
    .cfi_register rip, rcx
    jmpq *%rcx                     # and not ret: see above

    .cfi_restore_state
2:
    ldmxcsr (%rsi)
    jmp 1b
4:
    fldcw 4(%rsi)
    jmp 3b
    .cfi_endproc
    .size ctx_swap, . - ctx_swap

    .p2align 4
    .globl ctx_entry
    .hidden ctx_entry
    .type ctx_entry, @function
    .cfi_startproc
    .cfi_undefined rip             # CTX-7: nobody called this
    nop                            # a caller is looked up one byte before the
ctx_entry:                         # return address
    movq %r13, %rdi
    callq *%r12                    # CTX-2: rsp was a multiple of 16
    callq *%r14                    # CTX-5
    ud2
    .cfi_endproc
    .size ctx_entry, . - ctx_entry
)");

#elif defined(__aarch64__)

namespace mn {
namespace {

// As ctx_swap lays it out.
struct Frame {
  void (*x19)(void* arg);  // a new context's entry
  void* x20;               // its argument
  void (*x21)();           // where it goes when it returns
  void* x22_to_x28[7];
  void* x29;
  void (*x30)();  // a return address
  std::uint64_t d8_to_d15[8];
  std::uint64_t fpcr;
  std::uint64_t unused;
};
static_assert(sizeof(Frame) == 176);

Frame NewFrame(void (*entry)(void* arg), void* arg) {
  Frame frame = {};
  asm volatile("mrs %0, fpcr" : "=r"(frame.fpcr));
  frame.x19 = entry;
  frame.x20 = arg;
  frame.x21 = CtxReturned;
  frame.x29 = nullptr;  // the end of the chain of frame pointers
  frame.x30 = ctx_entry;
  return frame;
}

}  // namespace
}  // namespace mn

asm(R"(
    .text
    .p2align 4
    .globl ctx_swap
    .hidden ctx_swap
    .type ctx_swap, %function
ctx_swap:
    .cfi_startproc
    sub sp, sp, #176
    .cfi_adjust_cfa_offset 176
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
    mrs x11, fpcr
    str x11, [sp, #160]
    .cfi_rel_offset x29, 80
    .cfi_rel_offset x30, 88
    mov x9, sp
    str x9, [x0]                   // `from` is complete

    mov sp, x1                     // the other stack
    ldr x10, [x1, #160]
    cmp x10, x11
    b.eq 1f
    msr fpcr, x10
1:
    ldp x19, x20, [x1, #0]
    ldp x21, x22, [x1, #16]
    ldp x23, x24, [x1, #32]
    ldp x25, x26, [x1, #48]
    ldp x27, x28, [x1, #64]
    ldp x29, x30, [x1, #80]
    ldp d8, d9, [x1, #96]
    ldp d10, d11, [x1, #112]
    ldp d12, d13, [x1, #128]
    ldp d14, d15, [x1, #144]
    add sp, sp, #176
    .cfi_def_cfa_offset 0
    .cfi_restore x29
    .cfi_restore x30
    ret
    .cfi_endproc
    .size ctx_swap, . - ctx_swap

    .p2align 4
    .globl ctx_entry
    .hidden ctx_entry
    .type ctx_entry, %function
    .cfi_startproc
    .cfi_undefined x30             // CTX-7: nobody called this
    nop                            // a caller is looked up one byte before the
ctx_entry:                         // return address
    mov x0, x20
    blr x19                        // CTX-2: sp is a multiple of 16
    blr x21                        // CTX-5
    brk #0
    .cfi_endproc
    .size ctx_entry, . - ctx_entry
)");

#else
#error "no context switch for this processor: use the runtime's own"
#endif

namespace mn {

void CtxMake(Gobuf& c, void* /*stack_lo*/, void* stack_hi,
             void (*entry)(void* arg), void* arg) {
  c.entry = entry;
  c.arg = arg;
  char* top = static_cast<char*>(stack_hi);
  c.sp = new (top - sizeof(Frame)) Frame(NewFrame(entry, arg));
}

void CtxSwap(Gobuf& from, Gobuf& to) { ctx_swap(&from.sp, to.sp); }

}  // namespace mn
