// The stack overflow report: see InstallOverflowReport in stack.h.
//
// The faulting goroutine has no stack left, so the handler runs on the thread's
// alternate signal stack, and nothing here allocates.
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstddef>

#include "runtime/core/fatal.h"
#include "runtime/ctx/stack.h"

namespace mn {

namespace {

// Room for the report's stack walk and the kernel's signal frame (3.4 KiB with
// AVX-512).
constexpr std::size_t kSignalStackSize = 128 * 1024;

struct sigaction previous_segv;
struct sigaction previous_bus;

// Hands a fault that is not ours to whoever was there before; the default
// action is taken by returning with it installed: the instruction faults again.
void Forward(int sig, siginfo_t* info, void* context) {
  const struct sigaction& old = sig == SIGSEGV ? previous_segv : previous_bus;
  if (old.sa_flags & SA_SIGINFO) {
    old.sa_sigaction(sig, info, context);
  } else if (old.sa_handler == SIG_DFL || old.sa_handler == SIG_IGN) {
    struct sigaction dfl = {};
    dfl.sa_handler = SIG_DFL;
    ::sigaction(sig, &dfl, nullptr);
  } else {
    old.sa_handler(sig);
  }
}

void OnFault(int sig, siginfo_t* info, void* context) {
  G* gp = GuardOwner(reinterpret_cast<std::uintptr_t>(info->si_addr));
  if (gp == nullptr) return Forward(sig, info, context);
#if defined(__x86_64__)
  // The walk starts from the frame that overflowed.
  gp->fp = reinterpret_cast<void*>(
      static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RBP]);
#endif
  EnterFatal();
  FatalText text;
  text << "runtime: goroutine stack exceeds "
       << (std::int64_t{1} << gp->stack_class) << "-byte limit\n"
       << "runtime: goroutine " << static_cast<std::int64_t>(gp->goid)
       << " overflowed; start it with mn::Go({.stack_size = BYTES}, f)\n"
       << "fatal error: stack overflow\n";
  text.Print();
  if (fatal_traceback != nullptr) fatal_traceback(false);
  Die();
}

}  // namespace

void InstallOverflowReport() {
  struct sigaction action = {};
  action.sa_sigaction = OnFault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  // Nothing may interrupt the report: it leaves the signal stack for a larger
  // one, and the next signal would begin at the top of the one it left.
  sigfillset(&action.sa_mask);
  ::sigaction(SIGSEGV, &action, &previous_segv);
  ::sigaction(SIGBUS, &action, &previous_bus);
}

void* InstallSignalStack(bool keep) {
  stack_t present = {};
  ::sigaltstack(nullptr, &present);
  if (keep && !(present.ss_flags & SS_DISABLE)) return nullptr;
  void* p = ::mmap(nullptr, kSignalStackSize, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) {
    Throw("cannot map a signal stack", "out of memory");
  }
  stack_t stack = {};
  stack.ss_sp = p;
  stack.ss_size = kSignalStackSize;
  ::sigaltstack(&stack, nullptr);
  return p;
}

void RemoveSignalStack(void* given) {
  if (given == nullptr) return;
  stack_t present = {};
  ::sigaltstack(nullptr, &present);
  // A library may have put its own in the place of ours.
  if (present.ss_sp == given) {
    stack_t off = {};
    off.ss_flags = SS_DISABLE;
    ::sigaltstack(&off, nullptr);
  }
  ::munmap(given, kSignalStackSize);
}

}  // namespace mn
