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
  Context* from;
  Context* to;
};

inline void CtxEnter(boost::context::detail::transfer_t t) {
  const CtxPair pair = *static_cast<CtxPair*>(t.data);
  pair.from->sp = t.fctx;
  pair.to->entry(pair.to->arg);
  CtxReturned();
}

}  // namespace internal

void CtxMake(Context& c, void* stack_lo, void* stack_hi,
             void (*entry)(void* arg), void* arg) {
  c.entry = entry;
  c.arg = arg;
  c.sp = boost::context::detail::make_fcontext(
      stack_hi,
      static_cast<std::size_t>(static_cast<char*>(stack_hi) -
                               static_cast<char*>(stack_lo)),
      internal::CtxEnter);
}

void CtxSwap(Context& from, Context& to) {
  internal::CtxPair pair{&from, &to};
  const auto t = boost::context::detail::jump_fcontext(to.sp, &pair);
  static_cast<internal::CtxPair*>(t.data)->from->sp = t.fctx;
}

}  // namespace mn
