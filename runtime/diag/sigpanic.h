// A fault becomes a C++ exception: Go's sigpanic.
//
// Why it is hard: a handler must not throw. It runs on the signal stack, with
// signals blocked, and compilers' tables describe calls, not loads. So the
// handler only edits the interrupted context and returns, and the goroutine
// finds itself in a function that throws, called, as it seems, by the very
// instruction that faulted.
//
// Protocol (x86-64): below the red zone of the interrupted frame a return
// address is pushed, the faulting instruction's; the trampoline's unwind table
// says that its caller was interrupted (`.cfi_signal_frame`), so the unwinder
// looks up that address itself and not the one before: the row of the frame
// table is the right one, even in a prologue, and -fnon-call-exceptions finds
// its landing pad. A call to a bad address has pushed a return address
// already, and the trampoline looks like the function that was called.
//
// Rejected: throwing in the handler (works only with gcc, and leaves the signal
// stack in use); siglongjmp to a frame that was set up before (destructors do
// not run, and every caller has to prepare); looking for the landing pad
// ourselves where the tables have none (it would run destructors of objects
// that do not exist).
//
// What can be caught and what not: panic.h.
#pragma once

#include <cstdint>

#include "runtime/core/g.h"

namespace mn::internal {

enum class FaultKind : std::uint32_t {
  kMemory,
  kDivide,
  kOverflow,
  kFloat,
};

struct FaultAt {
  FaultKind kind = FaultKind::kMemory;
  int sig = 0;
  int code = 0;
  std::uintptr_t addr = 0;
  std::uintptr_t pc = 0;
  bool called = false;  // pc is what was called and cannot be executed
};

// What a SIGFPE with this si_code means, seen from its context.
FaultKind ArithmeticFault(int code, const void* context);

// Makes gp, interrupted in `context` by the fault, throw RuntimeError when the
// handler returns. False, and nothing changed: not possible on this processor
// or not on this stack. REQUIRES: gp runs its own code on its own stack.
// Async-signal-safe.
bool ThrowOnReturn(const G* gp, void* context, const FaultAt& fault);

// pc returns into a trampoline: what comes next is the instruction that
// faulted, in the goroutine's own code, so not inside malloc.
bool IsTrampoline(std::uintptr_t pc);

// The text of RuntimeError, without allocating.
const char* FaultText(FaultKind kind);

}  // namespace mn::internal
