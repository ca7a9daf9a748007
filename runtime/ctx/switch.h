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
//   SWT-2 nothing thread-local is cached across: getm() is read anew;
//   SWT-3 a goroutine is left by the thread that runs it, and not from inside
//         the preemption handler;
//   SWT-4 a switch goes to another stack, whose context has been saved;
//   SWT-5 no lock of the runtime is held across a switch but one of rank
//         object, which `after` unlocks.
// The registers themselves are the piece plug/context.h. Lesson 02.
#pragma once

#include "runtime/base/sanitizer.h"
#include "runtime/core/g.h"
#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/core/lock.h"
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
  M* m = from->m;  // no thread_local: it is the same
  // A signal handler may change a thread that is outside the runtime, and half
  // a switch is nothing that a handler could make sense of.
  MN_DCHECK(InRuntime(), "PRE-1");
  // The registers that are saved are those of this thread, so `from` must be
  // the goroutine that runs on this thread.
  MN_DCHECK(m == getm() && m->curg == from, "SWT-3");
  // The frames of the preemption handler stand on the thread's signal stack,
  // where the next signal would overwrite them.
  MN_DCHECK(!m->in_handler, "SWT-3");
  // A context that nobody has made or saved holds no stack to go on with.
  MN_DCHECK(to != from && to->ctx.sp != nullptr, "SWT-4");
  // A goroutine calls the runtime, and the runtime's calls use the P.
  MN_DCHECK(to == &m->g0 || m->p != nullptr, "MN-1");
  // A pinned thread runs its own goroutine and no other, and no other thread
  // runs that goroutine.
  MN_DCHECK(to == &m->g0 || (to == m->lockedg ? to->lockedm == m
                                              : m->lockedg == nullptr &&
                                                    to->lockedm == nullptr),
            "LOT-3");
  // No queue and no waker knows a goroutine that still counts as running. Only
  // `after` can make it known, or the goroutine would never run again.
  MN_DCHECK(after != nullptr || from == &m->g0 ||
                from->status.load(memory_order_relaxed) != GStatus::kRunning,
            "PARK-1");
  // The next goroutine may need the lock and would wait for ever, since the
  // holder cannot run before it. `after` unlocks the one lock that may be held.
  MN_DCHECK(HoldsOnlyObjectLocks(), "SWT-5");
  CheckPark(from);
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
