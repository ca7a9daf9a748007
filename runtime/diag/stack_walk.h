// Walking a stack: from a place in it outwards, one return address at a time.
//
// Two ways, because each has a hole:
//   frame pointers  0.1 us a stack and nothing to allocate or lock, but code
//                   without frame pointers (libc's qsort calling back, the
//                   throwing functions of libstdc++) hides its caller or breaks
//                   the chain;
//   the unwinder    follows the compiler's tables through anything, also
//                   through a signal frame, but takes about 8 us a stack.
// So parked goroutines go by frame pointers, and the unwinder takes over where
// the chain breaks and for the goroutine that is dying.
#pragma once

#include <cstdint>

namespace mn::internal {

// For functions that read what another M may be writing to, or stack memory
// that ASan has poisoned.
#define MN_READS_ANY_STACK \
  __attribute__((noinline, no_sanitize("address"), no_sanitize("thread")))

// A frame's registers on its return to `pc`.
struct StackPoint {
  std::uintptr_t pc = 0;
  std::uintptr_t sp = 0;
  std::uintptr_t fp = 0;
};

// The frame of whoever calls the function in which this is used.
// REQUIRES: that function is not inlined and has a frame pointer.
#define MN_CALLERS_STACK_POINT() \
  ::mn::internal::CallerOf(      \
      reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)))

// The caller of the function whose frame pointer is `fp`.
StackPoint CallerOf(std::uintptr_t fp);

// The caller of a function that has not executed anything yet: its return
// address is at sp. Elsewhere than on x86-64: {}.
StackPoint CallerAt(std::uintptr_t sp, std::uintptr_t fp);

struct StackBounds {
  std::uintptr_t lo = 0;
  std::uintptr_t hi = 0;
  bool Holds(std::uintptr_t addr, std::uintptr_t size) const {
    return addr >= lo && addr <= hi && hi - addr >= size;
  }
};

// Called innermost first. `exact`: pc is the instruction that a signal
// interrupted, not a return address; what came before belongs to the handler.
using PcVisitor = void (*)(void* arg, std::uintptr_t pc, bool exact);

// Visits the return address of the frame at fp and of those around it. Every
// frame must lie in `bounds`, 8-byte aligned, above the one before; the walk
// ends at the first that does not. Async-signal-safe.
void WalkFramePointers(std::uintptr_t fp, StackBounds bounds, PcVisitor visit,
                       void* arg);

// Visits from.pc and the return addresses around it by the compiler's unwind
// tables. Where there is no unwinder for the architecture: by frame pointers.
void WalkByTables(const StackPoint& from, StackBounds bounds, PcVisitor visit,
                  void* arg);

// Runs fn(arg) on a stack of its own, large enough for libbacktrace and the
// demangler (which takes 64 bytes of stack for each byte of a name), whatever
// is left of this one. Any thread, any stack, a signal handler's too.
void CallOnFreshStack(void (*fn)(void*), void* arg);

}  // namespace mn::internal
