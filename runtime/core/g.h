// G is a goroutine.
//
// The G and its callable live at the top of the goroutine's own stack. The
// first call touches that page anyway, so an idle goroutine costs one page and
// nothing else.
//
// A G is used again, together with its stack, but its id never is. No function
// finds or kills a goroutine by its id, because cancellation is cooperative.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/base/sanitizer.h"
#include "runtime/core/fatal.h"
#include "runtime/core/status.h"
#include "runtime/plug/context.h"

namespace mn {

struct G;
struct M;

// What the next stack has to do first for the goroutine that was left. The
// record lives on the stack of that goroutine (ctx/switch.h).
struct Departure {
  G* from;
  void (*after)(G* from, void* arg);
  void* arg;
};

// The two values that __cxa_get_globals() points at, namely the exceptions that
// are being handled and the number of those in flight. The C++ library keeps
// them per thread. A goroutine may park inside a catch block, so the switch
// gives every goroutine its own pair.
struct EhGlobals {
  void* caught = nullptr;
  std::uint64_t uncaught = 0;
};

struct G {
  // ---- owned by the M that runs the goroutine -----------------------------
  // Plain fields. The owner changes with the G's state, and the queue or the
  // lock that passes the G on publishes them.
  Gobuf ctx;           // the saved registers while the goroutine does not run
  void* fp = nullptr;  // frame pointer at the switch, for stack walks
  Departure* departure = nullptr;  // left behind by the stack that came here
  EhGlobals eh;
  M* m = nullptr;          // its thread while kRunning or kSyscall
  G* schedlink = nullptr;  // the next G of a fresh batch (ctx/stack.h)
  void (*fn)(void*) = nullptr;
  void* arg = nullptr;           // the callable, inside this stack
  M* lockedm = nullptr;          // the M of its pin (sched/lockedm.h)
  void* syscallpc = nullptr;     // where its last system call began
  void* slowpc = nullptr;        // where a call is expected to last (SYS-8)
  std::int32_t preemptible = 0;  // open PreemptibleScopes
  bool panic_on_fault = false;   // SetPanicOnFault

  // ---- fixed from creation to death ---------------------------------------
  std::uint64_t goid = 0;
  std::uint64_t parent_goid = 0;
  void* gopc = nullptr;  // return address in the creator

  // ---- written by the owner, read by dumps and checks ---------------------
  // Atomic, because a dump looks at goroutines that run meanwhile.
  mn::atomic<GStatus> status{GStatus::kIdle};
  mn::atomic<WaitReason> waitreason{WaitReason::kNone};
  std::int64_t waitsince = 0;  // 0 is unknown, and nothing sets it yet

  // ---- fixed for ever -----------------------------------------------------
  std::uintptr_t stack_lo = 0;  // first usable byte, above the guard
  std::uintptr_t stack_hi = 0;  // this G's own address is just below it
  std::uint32_t stack_class = 0;

#if MN_ASAN
  void* fake_stack = nullptr;
#endif
#if MN_TSAN
  void* fiber = nullptr;
#endif
};

// Changes gp's state from `from` to `to`.
// REQUIRES: the caller owns gp in state `from`.
// A debug build ends the process if gp is in another state or the step is not
// legal (PARK-3). An optimised build does not look.
// The queue or the lock that passes gp on publishes the new state, so the
// accesses are relaxed.
inline void SetStatus(G* gp, GStatus from, GStatus to) {
  MN_DCHECK(LegalTransition(from, to), "PARK-3");
  MN_DCHECK(gp->status.load(memory_order_relaxed) == from, "PARK-3");
  (void)from;
  gp->status.store(to, memory_order_relaxed);
}

}  // namespace mn
