// The stack overflow report. stack.h describes ReportIfOverflow.
//
// The faulting goroutine has no stack left, so the handler runs on the thread's
// alternate signal stack. Nothing here allocates.
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstddef>

#include "runtime/core/fatal.h"
#include "runtime/core/getg.h"
#include "runtime/ctx/stack.h"

namespace mn {

namespace {

// Room for the report's stack walk and the kernel's signal frame (3.4 KiB with
// AVX-512).
constexpr std::size_t kSignalStackSize = 128 * 1024;

}  // namespace

void ReportIfOverflow(std::uintptr_t addr, void* context) {
  // The address alone does not tell an overflow from a wild pointer.
  G* gp = GuardOwner(addr);
  const M* m = getm();
  // Another goroutine's guard is an ordinary bad address.
  if (gp == nullptr || m == nullptr || m->curg != gp) return;
#if defined(__x86_64__)
  const auto& regs = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto sp = static_cast<std::uintptr_t>(regs[REG_RSP]);
  // The walk starts from the frame that overflowed.
  gp->fp = reinterpret_cast<void*>(regs[REG_RBP]);
#elif defined(__aarch64__)
  const std::uintptr_t sp = static_cast<ucontext_t*>(context)->uc_mcontext.sp;
#endif
  // From here on the process dies, and this thread says why.
  EnterFatal();
  FatalText text;
  text << "runtime: goroutine stack exceeds "
       << (std::int64_t{1} << gp->stack_class) << "-byte limit\n"
       << "runtime: sp=" << Hex{sp} << " stack=[" << Hex{gp->stack_lo} << ", "
       << Hex{gp->stack_hi} << "]\n"
       << "runtime: goroutine " << static_cast<std::int64_t>(gp->goid)
       << " overflowed; start it with mn::Go({.stack_size = BYTES}, f)\n"
       << "fatal error: stack overflow\n";
  text.Print();
  // Only this goroutine, since the others have nothing to do with the overflow.
  if (fatal_traceback != nullptr) fatal_traceback(false);
  Die();
}

void* InstallSignalStack(bool keep) {
  stack_t present = {};
  ::sigaltstack(nullptr, &present);
  // A program's own thread may rely on the stack that it has installed.
  if (keep && !(present.ss_flags & SS_DISABLE)) return nullptr;
  void* p = ::mmap(nullptr, kSignalStackSize, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) {
    Throw("cannot map a signal stack", "out of memory");
  }
  stack_t stack = {};
  stack.ss_sp = p;
  stack.ss_size = kSignalStackSize;
  // Cannot fail, since the size is large enough and no handler runs here now.
  ::sigaltstack(&stack, nullptr);
  return p;
}

void RemoveSignalStack(void* given) {
  if (given == nullptr) return;
  stack_t present = {};
  ::sigaltstack(nullptr, &present);
  // A library may have put a stack of its own in the place of the runtime's.
  // The thread goes on with that, and only the memory is given back.
  if (present.ss_sp == given) {
    stack_t off = {};
    off.ss_flags = SS_DISABLE;
    ::sigaltstack(&off, nullptr);
  }
  ::munmap(given, kSignalStackSize);
}

}  // namespace mn
