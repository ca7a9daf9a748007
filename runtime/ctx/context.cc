// The runtime's own context, which is the piece of lesson 02, on Boost.Context.
// The contract header runtime/plug/context.h includes this text. It has the
// invariants CTX-1 to CTX-7.
//
// Why Boost: its dozen lines of assembly exist for every processor and ABI.
// They save the floating-point control words and take 5.5 ns. Hand-written
// assembly was measured at most 1 ns faster in a ring of ten. jump_fcontext
// gives the context that was left to the context that it resumes, which files
// it in `from`.
//
// Rejected: swapcontext, which makes a system call for the signal mask and
// takes 229 ns. boost::context::fiber, which allocates stacks, and from 1.88 on
// manages exception state too.

#include "runtime/plug/context.h"

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

namespace mn {

namespace internal {

// Which contexts a swap is between. The pair lies on the stack that is left and
// is read on arrival, since jump_fcontext passes only one pointer.
struct CtxPair {
  Gobuf* from;
  Gobuf* to;
};

// Enters jump_fcontext by a jump instead of a call.
//
// The processor predicts returns by a stack of its own. A call adds to that
// stack and a return takes from it. jump_fcontext ends in a jump to the other
// side and takes nothing. After a plain call of jump_fcontext every return on
// the way back to the user's code would be predicted wrong, at 5 ns each.
inline boost::context::detail::transfer_t Jump(
    boost::context::detail::fcontext_t to, void* data) {
#if defined(__x86_64__)
  auto* const jump = &boost::context::detail::jump_fcontext;
  boost::context::detail::transfer_t t;
  // First below the red zone, whose 128 bytes the compiler may use without
  // moving the stack pointer. The return address stands where a call would put
  // it. The list names every register that a call may overwrite. jump_fcontext
  // preserves the others.
  asm volatile(
      "leaq -128(%%rsp), %%rsp\n\t"
      "leaq 1f(%%rip), %%rax\n\t"
      "pushq %%rax\n\t"
      "jmp *%[jump]\n"
      "1:\n\t"
      "leaq 128(%%rsp), %%rsp"
      : "=&a"(t.fctx), "=&d"(t.data), "+D"(to), "+S"(data)
      : [jump] "r"(jump)
      : "rcx", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
        "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
        "xmm13", "xmm14", "xmm15",
#if defined(__AVX512F__)
        "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23",
        "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31",
        "k1", "k2", "k3", "k4", "k5", "k6", "k7",
#endif
        "memory", "cc");
  return t;
#else
  return boost::context::detail::jump_fcontext(to, data);
#endif
}

// The first function on a new stack. A new context has no CtxSwap to file what
// was left, so this function does.
inline void CtxEnter(boost::context::detail::transfer_t t) {
  // A copy, since the pair is on the stack of `from`, which may soon run on.
  const CtxPair pair = *static_cast<CtxPair*>(t.data);
  pair.from->sp = t.fctx;
  pair.to->entry(pair.to->arg);
  // CTX-5: there is no frame to return to.
  CtxReturned();
}

}  // namespace internal

void CtxMake(Gobuf& c, void* stack_lo, void* stack_hi, void (*entry)(void* arg),
             void* arg) {
  c.entry = entry;
  c.arg = arg;
  c.sp = boost::context::detail::make_fcontext(
      stack_hi,
      static_cast<std::size_t>(static_cast<char*>(stack_hi) -
                               static_cast<char*>(stack_lo)),
      internal::CtxEnter);
}

void CtxSwap(Gobuf& from, Gobuf& to) {
  internal::CtxPair pair{&from, &to};
  // Returns when somebody swaps back here. By then another context may be the
  // one that was left, so `t` and not `pair` says which.
  const auto t = internal::Jump(to.sp, &pair);
  static_cast<internal::CtxPair*>(t.data)->from->sp = t.fctx;
}

}  // namespace mn
