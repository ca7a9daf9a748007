// The runtime's own context: the piece of lesson 02, on Boost.Context.
//
// What: see the contract, runtime/plug/context.h (invariants CTX-1..CTX-7).
//
// Why Boost: its dozen lines of assembly exist for every processor and ABI,
// save the floating-point control words, and take 5.5 ns; hand-written assembly
// was measured at most 1 ns faster in a ring of ten. jump_fcontext hands the
// context it left to the one it resumes, which files it in `from`.
//
// Rejected: swapcontext (a system call for the signal mask: 229 ns);
// boost::context::fiber (allocates stacks, and from 1.88 manages exception
// state too). Lesson 02. This text is included by the contract header.

#include "runtime/plug/context.h"

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

namespace mn {

namespace internal {

// Lives on the stack that is left; read on arrival.
struct CtxPair {
  Gobuf* from;
  Gobuf* to;
};

// jump_fcontext, entered by a jump instead of a call.
//
// The processor predicts returns by a stack of its own, to which a call adds
// and from which a return takes; jump_fcontext takes nothing, since it ends in
// a jump to the other side. After a plain call of it every return on the way
// back to the user's code would be one off, and each costs 5 ns.
inline boost::context::detail::transfer_t Jump(
    boost::context::detail::fcontext_t to, void* data) {
#if defined(__x86_64__)
  auto* const jump = &boost::context::detail::jump_fcontext;
  boost::context::detail::transfer_t t;
  // Below the red zone; the return address is where a call would put it. What a
  // call may overwrite is overwritten, the rest jump_fcontext preserves.
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

inline void CtxEnter(boost::context::detail::transfer_t t) {
  const CtxPair pair = *static_cast<CtxPair*>(t.data);
  pair.from->sp = t.fctx;
  pair.to->entry(pair.to->arg);
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
  const auto t = internal::Jump(to.sp, &pair);
  static_cast<internal::CtxPair*>(t.data)->from->sp = t.fctx;
}

}  // namespace mn
