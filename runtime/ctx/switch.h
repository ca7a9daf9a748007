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
// Invariants:
//   SWT-1 `from`'s context is complete before `after` runs;
//   SWT-2 nothing thread-local is cached across: getm() is read anew.
// The registers themselves are the piece plug/context.h. Lesson 02.
#pragma once

#include "runtime/base/sanitizer.h"
#include "runtime/core/g.h"
#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/core/m.h"
#include "runtime/core/park_check.h"

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

// First thing on the stack of `self`, which has just been resumed.
inline void Arrive(G* self) {
  const Departure d = *self->departure;
  if (d.after != nullptr) d.after(d.from, d.arg);  // SWT-1
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
  MN_DCHECK(InRuntime(), "PRE-1");
  CheckPark(from);
  M* m = from->m;  // no thread_local: it is the same
  from->fp = __builtin_frame_address(0);
  from->eh = *m->eh;
  *m->eh = to->eh;
  m->curg = to;
  to->m = m;
  Departure d{from, after, arg};
  to->departure = &d;
#if MN_ASAN
  __sanitizer_start_switch_fiber(dying ? nullptr : &from->fake_stack,
                                 reinterpret_cast<void*>(to->stack_lo),
                                 to->stack_hi - to->stack_lo);
#endif
#if MN_TSAN
  __tsan_switch_to_fiber(to->fiber, 0);
#endif
  (void)dying;
  CtxSwap(from->ctx, to->ctx);
#if MN_ASAN
  __sanitizer_finish_switch_fiber(from->fake_stack, nullptr, nullptr);
#endif
  internal::Arrive(from);
}

// Prepares gp's context so that the next switch to it calls entry(gp) on its
// empty stack, below `sp_top`.
inline void MakeContext(G* gp, void* sp_top, void (*entry)(void* gp)) {
  CtxMake(gp->ctx, reinterpret_cast<void*>(gp->stack_lo), sp_top, entry, gp);
  gp->fp = nullptr;
  gp->eh = EhGlobals{};
  gp->panic_on_fault = false;
  gp->slowpc = nullptr;
#if MN_TSAN
  gp->fiber = __tsan_create_fiber(0);
#endif
#if MN_ASAN
  gp->fake_stack = nullptr;
#endif
}

// First thing in `entry`: completes the switch that brought us here.
inline void EnterSwitched(G* self) {
#if MN_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
  internal::Arrive(self);
}

// Makes this thread's own stack a place that can be switched from and to.
void InitThreadStack(M* m);
// The opposite, before the thread ends or is no longer an M.
void LeaveThreadStack(M* m);

}  // namespace mn
