// The one place where a thread leaves one stack for another.
//
// Why it is hard: from the moment at which a goroutine is published to its
// wakers another thread may resume it. If its registers are not saved by then,
// two threads run on one stack. So a goroutine leaves in two phases. First the
// switch saves the context. Then `after` publishes the goroutine, on the stack
// where the thread has arrived.
//
// Besides the registers the switch exchanges three things. They are the
// exception globals, since a goroutine may park inside a catch block, m->curg,
// and what ASan and TSan know about the stack.
//
// Invariants:
//   SWT-1 `from`'s context is complete before `after` runs;
//   SWT-2 nothing thread-local is cached across: getm() is read anew;
//   SWT-3 a goroutine is left by the thread that runs it, and not from inside
//         the preemption handler;
//   SWT-4 a switch goes to another stack, whose context has been saved;
//   SWT-5 no lock of the runtime is held across a switch but one of rank
//         object, which `after` unlocks.
// The registers themselves are the piece plug/context.h of lesson 02.
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

// Runs on the stack where the thread has arrived. The context of `from` is
// saved, so this function may publish `from`. It must not touch `from` then.
using AfterSwitch = void (*)(G* from, void* arg);

namespace internal {

// Runs first of all on the stack of `self`, which has just been resumed.
inline void Arrive(G* self) {
  // A copy, since the record lies on the stack that `after` publishes.
  const Departure d = *self->departure;
  if (d.after != nullptr) d.after(d.from, d.arg);  // SWT-1
}

}  // namespace internal

// Leaves `from`, the goroutine or g0 that runs here, for `to` on this thread.
// `after(from, arg)` runs on the stack of `to` before anything else. Returns
// when somebody switches back to `from`, perhaps on another thread.
// REQUIRES: the caller owns both. What else must hold is checked below.
// Any stack. With `dying` nobody resumes the stack of `from` as it is, so ASan
// may free its fake stack.
// Mirrors: mcall and gogo.
inline __attribute__((always_inline)) void SwitchTo(G* from, G* to,
                                                    AfterSwitch after,
                                                    void* arg,
                                                    bool dying = false) {
  M* m = from->m;  // the same as getm(), without a thread_local
  // Outside the runtime a preemption could come in the middle of the switch,
  // when neither of the two goroutines is whole.
  MN_DCHECK(InRuntime(), "PRE-1");
  // The registers that are saved are those of this thread, so `from` must be
  // the goroutine that runs on this thread.
  MN_DCHECK(m == getm() && m->curg == from, "SWT-3");
  // The frames of the preemption handler stand on the thread's signal stack,
  // where the next signal would overwrite them.
  MN_DCHECK(!m->in_handler, "SWT-3");
  // A context that nobody has made or saved holds no stack to go on with.
  MN_DCHECK(to != from && to->ctx.sp != nullptr, "SWT-4");
  // A goroutine runs only on a thread that holds a P. Its calls into the
  // runtime use the P.
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
  // Dumps walk the stack of a goroutine that does not run from here.
  from->fp = __builtin_frame_address(0);
  // The C++ library looks for them in the thread, wherever a goroutine runs.
  from->eh = *m->eh;
  *m->eh = to->eh;
  m->curg = to;
  to->m = m;
  // On this stack, which stays as it is until `after` has published `from`.
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
  // Perhaps another thread and much later (SWT-2). `m` is stale.
#if MN_ASAN
  __sanitizer_finish_switch_fiber(from->fake_stack, nullptr, nullptr);
#endif
  internal::Arrive(from);
}

// Prepares gp, so that the next switch to gp calls entry(gp) on its empty
// stack, below `sp_top`. A goroutine begins without exceptions and with the
// defaults of what belongs to a goroutine.
// REQUIRES: the caller owns gp, and nobody runs on its stack.
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

// Completes the switch that brought the thread here. `entry` calls this before
// anything else, because a new stack has no CtxSwap to return from.
inline void EnterSwitched(G* self) {
#if MN_ASAN
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
  internal::Arrive(self);
}

// Makes the calling thread's own stack m->g0, a place to switch from and to.
// REQUIRES: m is the thread's M.
void InitThreadStack(M* m);
// Does the opposite, before the thread ends or is no longer an M.
void LeaveThreadStack(M* m);

}  // namespace mn
