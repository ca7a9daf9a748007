// G: a goroutine.
//
// The G and its callable live at the top of the goroutine's own stack, in the
// stack's first page, so that an idle goroutine costs one page and nothing
// else.
//
// A G is recycled (with its stack) but its id never is. There is no function
// that finds or kills a goroutine by its id: cancellation is cooperative.
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

// What is to be done on arrival for the goroutine that was left; lives on its
// stack (ctx/switch.h).
struct Departure {
  G* from;
  void (*after)(G* from, void* arg);
  void* arg;
};

// What __cxa_get_globals() points at: the exceptions being handled and the
// number of those in flight. It belongs to the goroutine, not to the thread, so
// the switch carries it; a goroutine may park inside a catch block.
struct EhGlobals {
  void* caught = nullptr;
  std::uint64_t uncaught = 0;
};

struct G {
  // ---- owner: the M that runs it; passed on with the G's state -----------
  Gobuf ctx;           // saved by the switch while not running
  void* fp = nullptr;  // frame pointer at the switch, for stack walks
  Departure* departure = nullptr;  // left behind by whoever switched to us
  EhGlobals eh;
  M* m = nullptr;          // while kRunning or kSyscall
  G* schedlink = nullptr;  // the next of a batch of fresh ones (ctx/stack.h)
  void (*fn)(void*) = nullptr;
  void* arg = nullptr;           // the callable, inside this stack
  M* lockedm = nullptr;          // the M it is pinned to (sched/lockedm.h)
  void* syscallpc = nullptr;     // where it went into its last system call
  void* slowpc = nullptr;        // where one is expected to last (SYS-8)
  std::int32_t preemptible = 0;  // open PreemptibleScopes
  bool panic_on_fault = false;   // SetPanicOnFault

  // ---- fixed from creation to death ---------------------------------------
  std::uint64_t goid = 0;
  std::uint64_t parent_goid = 0;
  void* gopc = nullptr;  // return address in the creator

  // ---- atomic: written by the owner, read by dumps and checks --------------
  mn::atomic<GStatus> status{GStatus::kIdle};
  mn::atomic<WaitReason> waitreason{WaitReason::kNone};
  std::int64_t waitsince = 0;  // nothing sets it yet: 0 is unknown

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

// Changes gp's state. Caller: whoever owns gp in state `from`. The state is
// published by whatever publishes the G itself (a queue, a lock), so relaxed is
// enough here.
inline void SetStatus(G* gp, GStatus from, GStatus to) {
  MN_DCHECK(LegalTransition(from, to), "PARK-3");
  MN_DCHECK(gp->status.load(memory_order_relaxed) == from, "PARK-3");
  (void)from;
  gp->status.store(to, memory_order_relaxed);
}

}  // namespace mn
