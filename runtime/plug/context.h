// Contract of the piece `context` (lesson 02): saving one stack's registers and
// taking up another's.
//
// What: a Gobuf is a computation that is not running: a stack and the registers
// with which the computation goes on. CtxMake prepares a new one. CtxSwap
// leaves the running one for another. Everything else that belongs to a
// goroutine (who it is, the exceptions it handles, the sanitizers' notion of
// its stack) is the host's business (runtime/ctx/switch.h).
//
// The name is Go's. Its runtime calls the record of a goroutine's saved
// registers `gobuf`. `Context` stays free for the public header of deadlines
// and cancellation, which users of the runtime know by that name.
//
// Invariants (named by the judge, by mutants and by the conformance suite). The
// sentences are those of lessons/02_context_switch/lesson.bzl:
//   CTX-1 The registers that a function must preserve survive a swap: rbx, rbp,
//         r12-r15 on x86-64; x19-x30 and d8-d15 on aarch64.
//   CTX-2 At the entry the stack is aligned as after a call: rsp is 8 mod 16 on
//         x86-64, sp is 0 mod 16 on aarch64; it begins at the top.
//   CTX-3 A swap resumes exactly the context it names, where that one left off.
//   CTX-4 The floating-point control state (mxcsr and the x87 control word;
//         fpcr) belongs to the context, not to the thread.
//   CTX-5 An entry function that returns reaches CtxReturned.
//   CTX-6 Contexts are independent: 10 000 may be alive, nothing is shared.
//   CTX-7 Exceptions stay in their context: unwinding ends at the entry, not in
//         a neighbour's frames.
//
// The runtime's own version is runtime/ctx/context.cc, on Boost.Context; a
// learner's file replaces it with
//   bazel build --//runtime/plug:context=//exercises/02_context_switch:piece
// Not replaced, the functions are inline: the plug costs nothing.
#pragma once

// The library of a replacement defines MN_PLUGGED_CONTEXT for everybody who
// includes this header; without it the runtime's own text is included below.
#ifdef MN_PLUGGED_CONTEXT
#define MN_CONTEXT_PIECE
#else
#define MN_CONTEXT_PIECE inline
#endif

namespace mn {

struct Gobuf {
  void* sp = nullptr;  // the piece's: where the saved registers are
  void (*entry)(void* arg) = nullptr;
  void* arg = nullptr;
};

// Bytes of a new context's stack that CtxMake may write. 10 000 contexts that
// have not run yet cost 10 000 pages, however large their stacks are (CTX-6).
inline constexpr int kCtxTop = 512;

// ---- what the host provides --------------------------------------------

// Where a context goes whose entry function returned (CTX-5). On its stack.
[[noreturn]] void CtxReturned();

// ---- what the piece provides -------------------------------------------

// Makes `c` a context that, at the first swap to it, calls entry(arg) on the
// stack [stack_lo, stack_hi), from the top, with the floating-point control
// state of the caller of CtxMake. stack_hi is a multiple of 16. Writes only to
// `c` and to the kCtxTop bytes below stack_hi. What it finds in either does not
// matter: `c` may have been a context before, and the stack another one's.
MN_CONTEXT_PIECE void CtxMake(Gobuf& c, void* stack_lo, void* stack_hi,
                              void (*entry)(void* arg), void* arg);

// Saves the running computation in `from` and goes on with `to`. Returns when
// somebody swaps to `from`, maybe on another thread. `from` is complete before
// the first instruction of `to` that is not the piece's own.
MN_CONTEXT_PIECE void CtxSwap(Gobuf& from, Gobuf& to);

}  // namespace mn

#ifndef MN_PLUGGED_CONTEXT
#include "runtime/ctx/context.cc"  // NOLINT: the default, inline
#endif
