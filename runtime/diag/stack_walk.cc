#include "runtime/diag/stack_walk.h"

#include <sys/mman.h>
#include <unwind.h>

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

#include "runtime/base/sanitizer.h"

#if MN_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace mn::internal {

MN_READS_ANY_STACK StackPoint CallerOf(std::uintptr_t fp) {
  const auto* frame = reinterpret_cast<const volatile std::uintptr_t*>(fp);
  return {.pc = frame[1], .sp = fp + 16, .fp = frame[0]};
}

MN_READS_ANY_STACK StackPoint CallerAt(std::uintptr_t sp, std::uintptr_t fp) {
#if defined(__x86_64__)
  const auto* top = reinterpret_cast<const volatile std::uintptr_t*>(sp);
  return {.pc = *top, .sp = sp + 8, .fp = fp};
#else
  (void)sp;
  (void)fp;
  return {};
#endif
}

MN_READS_ANY_STACK void WalkFramePointers(std::uintptr_t fp, StackBounds bounds,
                                          PcVisitor visit, void* arg) {
  while (fp % 8 == 0 && bounds.Holds(fp, 16)) {
    const auto* frame = reinterpret_cast<const volatile std::uintptr_t*>(fp);
    const std::uintptr_t outer = frame[0];
    const std::uintptr_t pc = frame[1];
    if (pc == 0) return;
    visit(arg, pc, false);
    if (outer <= fp) return;
    fp = outer;
  }
}

#if defined(__x86_64__)

// mn_unwind_from(callback, arg, &stack_point) calls _Unwind_Backtrace(callback,
// arg), and says in its own unwind table that it was called from that point:
//   CFA (the caller's rsp)  = the word at rbx + 8
//   return address          is at rbx + 0
//   caller's rbp            is at rbx + 16
// so the unwinder goes on from there. The other registers keep whatever value
// they have: tables find frames through rsp and rbp.
asm(R"(
  .text
  .p2align 4
  .type mn_unwind_from, @function
mn_unwind_from:
  .cfi_startproc
  pushq %rbx
  .cfi_def_cfa_offset 16
  .cfi_offset %rbx, -16
  movq %rdx, %rbx
  .cfi_remember_state
  .cfi_same_value %rbx
  .cfi_escape 0x0f, 3, 0x73, 8, 0x06
  .cfi_escape 0x10, 16, 2, 0x73, 0
  .cfi_escape 0x10, 6, 2, 0x73, 16
  call _Unwind_Backtrace@PLT
  .cfi_restore_state
  popq %rbx
  .cfi_restore %rbx
  .cfi_def_cfa_offset 8
  ret
  .cfi_endproc
  .size mn_unwind_from, . - mn_unwind_from
)");
extern "C" int mn_unwind_from(_Unwind_Trace_Fn callback, void* arg,
                              const StackPoint* from);

namespace {

struct TableWalk {
  PcVisitor visit;
  void* arg;
  StackBounds bounds;
  bool in_trampoline = true;
};

_Unwind_Reason_Code VisitFrame(_Unwind_Context* context, void* arg) {
  auto& walk = *static_cast<TableWalk*>(arg);
  if (walk.in_trampoline) {
    walk.in_trampoline = false;
    return _URC_NO_REASON;
  }
  int exact = 0;
  const std::uintptr_t pc = _Unwind_GetIPInfo(context, &exact);
  if (pc == 0) return _URC_END_OF_STACK;
  walk.visit(walk.arg, pc, exact != 0);
  // A frame outside the stack is read no further. A handler's frames are on
  // another stack: the bounds hold from the interrupted frame on.
  if (exact == 0 && walk.bounds.hi != 0 &&
      !walk.bounds.Holds(_Unwind_GetCFA(context), 0)) {
    return _URC_END_OF_STACK;
  }
  return _URC_NO_REASON;
}

}  // namespace

void WalkByTables(const StackPoint& from, StackBounds bounds, PcVisitor visit,
                  void* arg) {
  TableWalk walk{visit, arg, bounds};
  if (!bounds.Holds(from.sp, 0)) walk.bounds = {};  // starts in a handler
  mn_unwind_from(VisitFrame, &walk, &from);
}

#else

void WalkByTables(const StackPoint& from, StackBounds bounds, PcVisitor visit,
                  void* arg) {
  visit(arg, from.pc, false);
  WalkFramePointers(from.fp, bounds, visit, arg);
}

#endif

namespace {

constexpr std::size_t kFreshStackSize = 1 << 20;  // address space only

// Boost's functions and not the piece plug/context.h: a replacement of it may
// be what is being reported.

struct FreshCall {
  void (*fn)(void*);
  void* arg;
#if MN_ASAN
  void* fake_stack = nullptr;
  const void* old_bottom = nullptr;
  std::size_t old_size = 0;
#endif
};

void RunFreshCall(boost::context::detail::transfer_t t) {
  auto* call = static_cast<FreshCall*>(t.data);
#if MN_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &call->old_bottom, &call->old_size);
#endif
  call->fn(call->arg);
#if MN_ASAN
  __sanitizer_start_switch_fiber(nullptr, call->old_bottom, call->old_size);
#endif
  boost::context::detail::jump_fcontext(t.fctx, nullptr);
}

}  // namespace

void CallOnFreshStack(void (*fn)(void*), void* arg) {
  void* const lo = ::mmap(nullptr, kFreshStackSize, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (lo == MAP_FAILED) return fn(arg);  // better on this one than not at all
  FreshCall call{.fn = fn, .arg = arg};
  auto* const top = static_cast<char*>(lo) + kFreshStackSize;
  auto* const fresh = boost::context::detail::make_fcontext(
      top, kFreshStackSize, &RunFreshCall);
#if MN_ASAN
  __sanitizer_start_switch_fiber(&call.fake_stack, lo, kFreshStackSize);
#endif
  boost::context::detail::jump_fcontext(fresh, &call);
#if MN_ASAN
  __sanitizer_finish_switch_fiber(call.fake_stack, nullptr, nullptr);
#endif
  ::munmap(lo, kFreshStackSize);
}

}  // namespace mn::internal
