// Mutant forgets_a_register: must die of CTX-1
//
// r15 (x28 on aarch64) is not brought back. Few functions use it, so most
// programs run on for a while.

#include <cstdint>
#include <new>

#include "runtime/plug/context.h"

extern "C" void ctx_swap(void** from_sp, void* to_sp);
extern "C" void ctx_entry();

#if defined(__x86_64__)

namespace mn {
namespace {

struct Frame {
  std::uint32_t mxcsr = 0;
  std::uint16_t x87_control = 0, unused = 0;
  void (*r12)(void*) = nullptr;
  void* r13 = nullptr;
  void (*r14)() = CtxReturned;
  void *r15 = nullptr, *rbx = nullptr, *rbp = nullptr;
  void (*resume)() = ctx_entry;

  Frame(void (*entry)(void*), void* arg) : r12(entry), r13(arg) {
    asm volatile("stmxcsr %0" : "=m"(mxcsr));
    asm volatile("fnstcw %0" : "=m"(x87_control));
  }
};

}  // namespace
}  // namespace mn

asm(R"(
    .globl ctx_swap
ctx_swap:
    leaq -56(%rsp), %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %r12, 8(%rsp)
    movq %r13, 16(%rsp)
    movq %r14, 24(%rsp)
    movq %r15, 32(%rsp)
    movq %rbx, 40(%rsp)
    movq %rbp, 48(%rsp)
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    movq 8(%rsp), %r12
    movq 16(%rsp), %r13
    movq 24(%rsp), %r14
    movq 40(%rsp), %rbx
    movq 48(%rsp), %rbp
    movq 56(%rsp), %rcx
    leaq 64(%rsp), %rsp
    jmpq *%rcx

    .globl ctx_entry
ctx_entry:
    .cfi_startproc
    .cfi_undefined rip
    movq %r13, %rdi
    callq *%r12
    callq *%r14
    ud2
    .cfi_endproc
)");

#elif defined(__aarch64__)

namespace mn {
namespace {

struct Frame {
  void (*x19)(void*) = nullptr;
  void* x20 = nullptr;
  void (*x21)() = CtxReturned;
  void* x22_to_x29[8] = {};
  void (*x30)() = ctx_entry;
  std::uint64_t d8_to_d15[8] = {};
  std::uint64_t fpcr = 0, unused = 0;

  Frame(void (*entry)(void*), void* arg) : x19(entry), x20(arg) {
    asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  }
};

}  // namespace
}  // namespace mn

asm(R"(
    .globl ctx_swap
ctx_swap:
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
    mrs x9, fpcr
    str x9, [sp, #160]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldr x9, [sp, #160]
    msr fpcr, x9
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldr x27, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #176
    ret

    .globl ctx_entry
ctx_entry:
    .cfi_startproc
    .cfi_undefined x30
    mov x0, x20
    blr x19
    blr x21
    brk #0
    .cfi_endproc
)");

#endif

namespace mn {

void CtxMake(Context& c, void* /*stack_lo*/, void* stack_hi,
             void (*entry)(void* arg), void* arg) {
  c.entry = entry;
  c.arg = arg;
  char* top = static_cast<char*>(stack_hi);
  c.sp = new (top - sizeof(Frame)) Frame(entry, arg);
}

void CtxSwap(Context& from, Context& to) { ctx_swap(&from.sp, to.sp); }

}  // namespace mn
