// The frames of one stack, printed: function, file and line of each.
//
//   worker(...)
//           app/main.cc:12 +0x1d
//
// The runtime's inner frames are left out, but for the function that the
// program called; so is what starts a goroutine. More than 100 frames: the
// innermost and the outermost 50.
//
// Why it is hard: which frames are shown depends on frames further out, the
// stack may be as deep as it likes, and the caller may be a signal handler that
// has interrupted malloc. So no frame is stored. There are two passes: the
// first counts the frames and finds where the program's own begin and end, the
// second prints.
//
// Rejected: a list of frames (needs memory, and a limit).
#pragma once

#include <cstdint>

#include "runtime/core/fatal.h"
#include "runtime/diag/stack_walk.h"
#include "runtime/diag/symbols.h"

namespace mn::internal {

// How to print.
struct TraceStyle {
  int level = 1;  // TracebackSettings::level
  // Cleared by the first walk that comes through a signal frame: the signal may
  // have interrupted malloc.
  bool may_allocate = true;
};

// A stack to print, and how to walk it.
struct Stack {
  StackPoint point{};  // by tables from here; pc 0: by frame pointers
  std::uintptr_t fp = 0;
  StackBounds bounds;

  void Walk(PcVisitor visit, void* arg) const {
    if (point.pc != 0) {
      WalkByTables(point, bounds, visit, arg);
    } else {
      WalkFramePointers(fp, bounds, visit, arg);
    }
  }
};

// The stack of a goroutine that is not running, from its frame pointer. Frame
// pointers lead to the function that starts goroutines, which is plumbing. If
// they end elsewhere the chain is broken, and the stack is walked by tables.
Stack StackFrom(std::uintptr_t fp, StackBounds bounds);

// Prints the frames of `stack`, innermost first.
void PrintFrames(FatalText& out, const Stack& stack, TraceStyle& style);

// The function's name; "??" if it is not known.
void AppendName(FatalText& out, const Frame& frame, bool may_allocate);

// "\tFILE:LINE +0xOFF\n"
void AppendPlace(FatalText& out, const Frame& frame);

}  // namespace mn::internal
