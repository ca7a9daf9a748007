// Birth and death of goroutines.
//
// Why this is hard. A stack is expensive to get, so a dead goroutine's stack
// must serve again. But a dying goroutine still stands on its stack, and nobody
// else may get the stack before the thread has left it. And free stacks must
// not pile up on one P while another P has none.
//
// Protocol. A dead G keeps its stack and goes to the free list of the P where
// the goroutine died. The next goroutine on this P finds the G and the stack
// warm in the cache. A list that has grown to kGfreeMax gives half of its Gs to
// a global list. An empty list takes as many from there.
//
// We rejected freeing the stacks, because each costs 10 us of page-table work.
// We rejected malloc for the callable, because the callable fits into the page
// of the stack that is touched anyway.
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

// So many Gs go between a P's list and the global one at a time, as in Go. It
// is half of kGfreeMax, so a P that starts and ends goroutines in turn does not
// take the lock each time.
constexpr std::uint32_t kTransfer = 32;
// So many ids a P reserves at a time, as in Go. All Ps share the counter, so
// each use of the counter costs a cache miss.
constexpr std::uint64_t kIdBatch = 16;
// So many fresh stacks a P takes at a time.
constexpr int kCarveBatch = 16;

struct FreeGs {
  RtMutex lock{LockRank::kFreeGs};
  // By stack class, which is a logarithm and at most 32. Last in, first out,
  // because the G that died last is the warmest.
  GQueue of_class[33];
};
FreeGs global_free;

// Fills p->gfree from the global list, or with fresh stacks.
// REQUIRES: p->gfree is empty.
void RefillGfree(P* p) {
  {
    RtLock lock(global_free.lock);
    GQueue& list = global_free.of_class[kDefaultStackClass];
    while (p->gfree_count < kTransfer && !list.Empty()) {
      G* gp = list.Pop();
      // These Gs died on other CPUs, so they are not in this cache. All misses
      // at once cost less than one miss at each birth.
      __builtin_prefetch(gp, 1);
      __builtin_prefetch(&gp->status, 1);
      p->gfree[p->gfree_count++] = gp;
    }
  }
  // Only if the global list is empty too. A fresh stack costs page faults, and
  // a used one does not.
  if (p->gfree_count != 0) return;
  int carved = 0;
  G* gp = CarveStacks(kDefaultStackClass, kCarveBatch, &carved);
  for (; gp != nullptr; gp = gp->schedlink) p->gfree[p->gfree_count++] = gp;
}

// Moves the n Gs of p that have been dead longest to the global list. The
// youngest ones stay, because they are warm.
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
  // Other sizes are rare, so no P keeps a list of them.
  if (stack_class != kDefaultStackClass) return GfGetGlobal(stack_class);
  if (p->gfree_count == 0) [[unlikely]]
    RefillGfree(p);
  return p->gfree[--p->gfree_count];
}

void GfPut(P* p, G* gp) {
  if (gp->stack_class == kDefaultStackClass) {
    p->gfree[p->gfree_count++] = gp;
    // GfPut writes before it compares, so the list must never stay full.
    if (p->gfree_count == kGfreeMax) SpillGfree(p, kTransfer);
  } else {
    RtLock lock(global_free.lock);
    global_free.of_class[gp->stack_class].PushFront(gp);
  }
}

// LOT-4. gp ends while it is pinned, so its thread must end too. The goroutine
// may have changed the state of the thread, and nobody has undone the change.
void EndPinned(G* gp) {
  M* m = gp->lockedm;
  gp->lockedm = nullptr;
  m->lockedg = nullptr;
  m->locked_ext = 0;
  m->ending = true;
}

// LIFE-2. Runs on the next stack, because GfPut gives gp's stack to others.
void Gdestroy(G* gp, void*) {
  SetStatus(gp, GStatus::kRunning, GStatus::kDead);
#if MN_TSAN
  // On gp's own stack this would destroy the fiber that runs.
  __tsan_destroy_fiber(gp->fiber);
#endif
  P* p = getp();
  if (gp->lockedm != nullptr) EndPinned(gp);
  // On the P where gp ends, which need not be the P where gp began.
  // NumGoroutine sums over all Ps.
  Bump(p->destroyed);
  GfPut(p, gp);
}

[[noreturn]] void Goexit0(G* gp) {
  // Main returns through std::exit, so goroutine 1 comes here only by Goexit.
  // The deadlock report has another text then.
  if (gp->goid == 1) {
    RtLock lock(sched.lock);
    sched.main_exited = true;
  }
  SwitchAway(gp, Gdestroy, nullptr, /*dying=*/true);
  __builtin_unreachable();
}

// The outermost frame of every goroutine. There is no exception handler here.
// So an exception that nobody catches calls std::terminate with the stack of
// the goroutine intact, and the panic report can show the place of the throw.
void GoroutineEntry(void* self) {
  G* gp = static_cast<G*>(self);
  // A switch brought the thread here, and the goroutine that was left is not
  // published yet.
  EnterSwitched(gp);
  // Every switch happens in the runtime (PRE-1). From here on the program's
  // code runs.
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
  // The callable lies below the G, and the stack begins below the callable. An
  // alignment of 16 serves every callable and is what the ABI wants of a stack.
  const std::uintptr_t callable =
      (gp->stack_hi - callable_size) & ~std::uintptr_t{15};
#if MN_ASAN
  // A goroutine that died here has left poisoned redzones behind.
  __asan_unpoison_memory_region(reinterpret_cast<void*>(gp->stack_lo),
                                gp->stack_hi - gp->stack_lo);
#endif
  gp->arg = reinterpret_cast<void*>(callable);
  MakeContext(gp, gp->arg, GoroutineEntry);
  // A G serves again, so what belonged to the last goroutine goes.
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
  // No P, so no batch of ids to take from.
  gp->goid = sched.goidgen.fetch_add(1, memory_order_relaxed) + 1;  // LIFE-1
  gp->parent_goid = 0;
  gp->gopc = nullptr;
  gp->status.store(GStatus::kIdle, memory_order_relaxed);
  // No P, so no `created` that NumGoroutine could sum.
  sched.nforeigng.fetch_add(1, memory_order_relaxed);
  return gp;
}

void StartG(P* p, G* gp, void (*run)(void*)) {
  gp->fn = run;
  // relaxed, because RunqPut publishes gp with its status.
  gp->status.store(GStatus::kRunnable, memory_order_relaxed);
  Bump(p->created);
  // In runnext, as in Go. The new goroutine often works on data that its
  // creator has just written.
  RunqPut(p->runq, gp, true);
}

internal::NewGoroutineResult internal::NewGoroutine(std::size_t callable_size,
                                                    std::size_t stack_size) {
  // Parking, because a loop that only starts goroutines must give way too.
  ParkingCall call("mn::Go");
  G* gp = NewG(call.m()->p, callable_size, stack_size);
  gp->parent_goid = call.g()->goid;
  // Go() is always inlined, so this is a place in the program. Traces print it
  // as "created by".
  gp->gopc = __builtin_return_address(0);
  return {gp, gp->arg};
}

void internal::StartGoroutine(void* g, void (*run)(void*)) {
  // The callable was built outside the runtime, so the goroutine may be on
  // another P than in NewGoroutine. gp belongs to no P yet.
  RuntimeCall call("mn::Go");
  StartG(call.m()->p, static_cast<G*>(g), run);
  // There may be an idle P, which could run one of the two goroutines now (S2).
  Wakep();
}

void ReleaseGfree(P* p) { SpillGfree(p, p->gfree_count); }

void internal::GoOfNil() { Throw("go of nil func value"); }

namespace {

// The unwinder calls this function for every frame. At the outermost frame all
// destructors have run, and the goroutine ends.
_Unwind_Reason_Code StopAtEntry(int, _Unwind_Action actions,
                                _Unwind_Exception_Class,
                                _Unwind_Exception* unwind, _Unwind_Context*,
                                void*) {
  if (actions & _UA_END_OF_STACK) {
    // Goexit0 does not return, so the unwinder never reads the object again.
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
    // The frames of foreign code below the callback have no destructors, and
    // would be skipped without a word.
    if (getm()->locked_int != 0) {
      Throw("mn::Goexit was called inside mn::Callback; return instead",
            "Goexit through foreign frames");
    }
  }
  // This is no C++ exception, so only a catch (...) sees it, and must rethrow.
  // The object lies on the heap. This frame is unwound while the unwinder still
  // needs the object, and the destructors that run overwrite the frame.
  auto* unwind = new _Unwind_Exception{};
  unwind->exception_cleanup = GoexitSwallowed;
#if MN_ASAN
  // ASan does the same for a C++ throw. Without this call the frames that are
  // left would leave poisoned redzones behind.
  __asan_handle_no_return();
#endif
  _Unwind_ForcedUnwind(unwind, StopAtEntry, nullptr);
  Throw("Goexit could not unwind the goroutine's stack", "Goexit");
}

}  // namespace mn
