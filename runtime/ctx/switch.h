// The one place where a thread leaves one stack for another.
//
// Why it is hard: the moment a goroutine is published to its wakers, another
// thread may resume it; if its registers are not saved by then, two threads run
// on one stack. So leaving has two phases: the switch saves the context, and
// only then, on the *destination's* stack, `after` publishes the goroutine.
//
// What goes along besides the registers: the exception globals (a goroutine may
// park inside a catch block), m->curg, and the stack's identity for ASan and
// TSan.
//
// Rejected: boost::context::fiber (from 1.88 it manages exception state too,
// and allocates its own stacks); swapcontext (a system call for the signal
// mask: 229 ns instead of 6).
//
// Invariants:
//   CTX-A after SwitchTo returns, and in EnterSwitched, `from`'s context is
//         complete before `after` runs;
//   CTX-B nothing thread-local is cached across: getm() is read anew.
// Lesson 02.
#pragma once

#include <boost/context/detail/fcontext.hpp>

#include "runtime/core/g.h"
#include "runtime/core/getg.h"
#include "runtime/core/m.h"
#include "runtime/core/sanitizer.h"

#if MN_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#if MN_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace mn {

// Runs on the destination's stack. `from` is saved: it may be published, and
// from then on must not be touched.
using AfterSwitch = void (*)(G* from, void* arg);

namespace internal {

// Lives on the stack that is left; read once on arrival.
struct Departure {
  G* from;
  AfterSwitch after;
  void* arg;
};

inline void Arrive(boost::context::detail::transfer_t t) {
  const Departure d = *static_cast<Departure*>(t.data);
  d.from->ctx = t.fctx;  // CTX-A
  if (d.after != nullptr) d.after(d.from, d.arg);
}

}  // namespace internal

// Leaves `from` (the current goroutine or g0) for `to` on this thread. Returns
// when somebody switches back to `from`, maybe on another thread.
// Stack: any. Caller: the owner of both.
// `dying`: from's stack will not be resumed as it is (ASan frees its fake
// stack).
inline __attribute__((always_inline)) void SwitchTo(G* from, G* to,
                                                    AfterSwitch after,
                                                    void* arg,
                                                    bool dying = false) {
  M* m = getm();
  from->fp = __builtin_frame_address(0);
  from->eh = *m->eh;
  *m->eh = to->eh;
  m->curg = to;
  to->m = m;
  internal::Departure d{from, after, arg};
#if MN_ASAN
  __sanitizer_start_switch_fiber(dying ? nullptr : &from->fake_stack,
                                 reinterpret_cast<void*>(to->stack_lo),
                                 to->stack_hi - to->stack_lo);
#endif
#if MN_TSAN
  __tsan_switch_to_fiber(to->fiber, 0);
#endif
  (void)dying;
  const auto t = boost::context::detail::jump_fcontext(to->ctx, &d);
#if MN_ASAN
  __sanitizer_finish_switch_fiber(from->fake_stack, nullptr, nullptr);
#endif
  internal::Arrive(t);
}

// Prepares gp's context so that the next switch to it calls entry on its empty
// stack, below `sp_top`.
inline void MakeContext(G* gp, void* sp_top,
                        void (*entry)(boost::context::detail::transfer_t)) {
  gp->ctx = boost::context::detail::make_fcontext(
      sp_top, reinterpret_cast<std::uintptr_t>(sp_top) - gp->stack_lo, entry);
  gp->eh = EhGlobals{};
#if MN_TSAN
  gp->fiber = __tsan_create_fiber(0);
#endif
#if MN_ASAN
  gp->fake_stack = nullptr;
#endif
}

// First thing in `entry`: completes the switch that brought us here.
inline void EnterSwitched(boost::context::detail::transfer_t t) {
#if MN_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
  internal::Arrive(t);
}

// Makes this thread's own stack a place that can be switched from and to.
void InitThreadStack(M* m);

}  // namespace mn
