// Birth and death of goroutines.
//
// A dead G keeps its stack and goes to the free list of the P it died on: the
// next goroutine started there finds both warm in the cache. Lists that grow
// past kGfreeMax give half to a global list, and take half back when empty.
//
// Rejected: freeing stacks (10 us of page-table work each); malloc for the
// callable (it lives in the stack page, which is touched anyway).
//
// Invariants:
//   LIFE-1 ids are never reused, main is 1;
//   LIFE-2 a dying goroutine's stack is put on a free list only from another
//          stack.
#include <unwind.h>

#include <algorithm>

#include "runtime/base/sanitizer.h"
#if MN_ASAN
#include <sanitizer/asan_interface.h>
#endif

#include "runtime/core/getg.h"
#include "runtime/ctx/stack.h"
#include "runtime/ctx/switch.h"
#include "runtime/go.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/spawn.h"
#include "runtime/sched/spinning.h"

namespace mn {

namespace {

constexpr std::uint32_t kTransfer = 32;  // as Go
constexpr std::uint64_t kIdBatch = 16;   // as Go: ids reserved per P
constexpr int kCarveBatch = 16;

struct FreeGs {
  RtMutex lock{LockRank::kFreeGs};
  GQueue of_class[33];  // by stack class; last in, first out
};
FreeGs global_free;

// REQUIRES: p->gfree is empty.
void RefillGfree(P* p) {
  {
    RtLock lock(global_free.lock);
    GQueue& list = global_free.of_class[kDefaultStackClass];
    while (p->gfree_count < kTransfer && !list.Empty()) {
      G* gp = list.Pop();
      __builtin_prefetch(gp, 1);  // see GlobrunqGetBatch
      __builtin_prefetch(&gp->status, 1);
      p->gfree[p->gfree_count++] = gp;
    }
  }
  if (p->gfree_count != 0) return;
  int carved = 0;
  G* gp = CarveStacks(kDefaultStackClass, kCarveBatch, &carved);
  for (; gp != nullptr; gp = gp->schedlink) p->gfree[p->gfree_count++] = gp;
}

// Gives the n Gs that have been dead longest to all.
void SpillGfree(P* p, std::uint32_t n) {
  {
    RtLock lock(global_free.lock);
    GQueue& list = global_free.of_class[kDefaultStackClass];
    for (std::uint32_t i = 0; i < n; i++) list.PushFront(p->gfree[i]);
  }
  p->gfree_count -= n;
  std::copy_n(p->gfree + n, p->gfree_count, p->gfree);
}

G* GfGetGlobal(std::uint32_t stack_class) {
  {
    RtLock lock(global_free.lock);
    if (G* gp = global_free.of_class[stack_class].Pop()) return gp;
  }
  int carved;
  return CarveStacks(stack_class, 1, &carved);
}

G* GfGet(P* p, std::uint32_t stack_class) {
  if (stack_class != kDefaultStackClass) return GfGetGlobal(stack_class);
  if (p->gfree_count == 0) [[unlikely]]
    RefillGfree(p);
  return p->gfree[--p->gfree_count];
}

void GfPut(P* p, G* gp) {
  if (gp->stack_class == kDefaultStackClass) {
    p->gfree[p->gfree_count++] = gp;
    if (p->gfree_count == kGfreeMax) SpillGfree(p, kTransfer);
  } else {
    RtLock lock(global_free.lock);
    global_free.of_class[gp->stack_class].PushFront(gp);
  }
}

// LOT-4: gp ends pinned, and its thread with it.
void EndPinned(G* gp) {
  M* m = gp->lockedm;
  gp->lockedm = nullptr;
  m->lockedg = nullptr;
  m->locked_ext = 0;
  m->ending = true;
}

// LIFE-2: runs on the next stack.
void Gdestroy(G* gp, void*) {
  SetStatus(gp, GStatus::kRunning, GStatus::kDead);
#if MN_TSAN
  __tsan_destroy_fiber(gp->fiber);
#endif
  P* p = getp();
  if (gp->lockedm != nullptr) EndPinned(gp);
  Bump(p->destroyed);
  GfPut(p, gp);
}

[[noreturn]] void Goexit0(G* gp) {
  if (gp->goid == 1) {
    RtLock lock(sched.lock);
    sched.main_exited = true;
  }
  SwitchAway(gp, Gdestroy, nullptr, /*dying=*/true);
  __builtin_unreachable();
}

// The outermost frame of every goroutine. No exception handler here: with none,
// an exception that nobody catches calls std::terminate with the goroutine's
// stack intact, and the panic report can show where it was thrown.
void GoroutineEntry(void* self) {
  G* gp = static_cast<G*>(self);
  EnterSwitched(gp);
  LeaveRuntime();
  gp->fn(gp->arg);
  RuntimeCall call("a goroutine's end");
  Goexit0(gp);
}

std::uint64_t NextGoid(P* p) {
  if (p->goid_next == p->goid_end) [[unlikely]] {
    p->goid_next =
        sched.goidgen.fetch_add(kIdBatch, memory_order_relaxed) + 1;  // LIFE-1
    p->goid_end = p->goid_next + kIdBatch;
  }
  return p->goid_next++;
}

void PrepareG(G* gp, std::size_t callable_size) {
  // Below the G: the callable, then the stack.
  const std::uintptr_t callable =
      (gp->stack_hi - callable_size) & ~std::uintptr_t{15};
#if MN_ASAN
  // A goroutine that died here left poisoned redzones behind.
  __asan_unpoison_memory_region(reinterpret_cast<void*>(gp->stack_lo),
                                gp->stack_hi - gp->stack_lo);
#endif
  gp->arg = reinterpret_cast<void*>(callable);
  MakeContext(gp, gp->arg, GoroutineEntry);
  gp->waitreason.store(WaitReason::kNone, memory_order_relaxed);
  gp->preemptible = 0;
}

}  // namespace

G* NewG(P* p, std::size_t callable_size, std::size_t stack_size) {
  const std::uint32_t stack_class = stack_size == kDefaultStackSize
                                        ? kDefaultStackClass
                                        : StackClass(stack_size);
  G* gp = GfGet(p, stack_class);
  PrepareG(gp, callable_size);
  gp->goid = NextGoid(p);
  return gp;
}

G* NewForeignG(std::size_t callable_size) {
  G* gp = GfGetGlobal(kDefaultStackClass);
  PrepareG(gp, callable_size);
  gp->goid = sched.goidgen.fetch_add(1, memory_order_relaxed) + 1;  // LIFE-1
  gp->parent_goid = 0;
  gp->gopc = nullptr;
  gp->status.store(GStatus::kIdle, memory_order_relaxed);
  sched.nforeigng.fetch_add(1, memory_order_relaxed);
  return gp;
}

void StartG(P* p, G* gp, void (*run)(void*)) {
  gp->fn = run;
  gp->status.store(GStatus::kRunnable, memory_order_relaxed);
  Bump(p->created);
  RunqPut(p->runq, gp, true);
}

internal::NewGoroutineResult internal::NewGoroutine(std::size_t callable_size,
                                                    std::size_t stack_size) {
  ParkingCall call("mn::Go");
  G* gp = NewG(call.m()->p, callable_size, stack_size);
  gp->parent_goid = call.g()->goid;
  gp->gopc = __builtin_return_address(0);
  return {gp, gp->arg};
}

void internal::StartGoroutine(void* g, void (*run)(void*)) {
  RuntimeCall call("mn::Go");
  StartG(call.m()->p, static_cast<G*>(g), run);
  Wakep();
}

void ReleaseGfree(P* p) { SpillGfree(p, p->gfree_count); }

void internal::GoOfNil() { Throw("go of nil func value"); }

namespace {

// Called for every frame of the unwinding goroutine; ends it at the outermost.
_Unwind_Reason_Code StopAtEntry(int, _Unwind_Action actions,
                                _Unwind_Exception_Class,
                                _Unwind_Exception* unwind, _Unwind_Context*,
                                void*) {
  if (actions & _UA_END_OF_STACK) {
    delete unwind;
    RuntimeCall call("a goroutine's end");
    Goexit0(getg());
  }
  return _URC_NO_REASON;
}

void GoexitSwallowed(_Unwind_Reason_Code, _Unwind_Exception*) {
  Throw("a catch (...) must rethrow while mn::Goexit unwinds",
        "Goexit was swallowed");
}

}  // namespace

void Goexit() {
  {
    RuntimeCall call("mn::Goexit");
    if (getm()->locked_int != 0) {
      Throw("mn::Goexit was called inside mn::Callback; return instead",
            "Goexit through foreign frames");
    }
  }
  // Not a C++ exception: no handler but catch (...) sees it, and that must
  // rethrow. On the heap: this frame is unwound, and overwritten by the
  // destructors that run, while the unwinder still needs it.
  auto* unwind = new _Unwind_Exception{};
  unwind->exception_cleanup = GoexitSwallowed;
#if MN_ASAN
  // As ASan does for a C++ throw: frames that are left leave no redzones
  // behind.
  __asan_handle_no_return();
#endif
  _Unwind_ForcedUnwind(unwind, StopAtEntry, nullptr);
  Throw("Goexit could not unwind the goroutine's stack", "Goexit");
}

}  // namespace mn
