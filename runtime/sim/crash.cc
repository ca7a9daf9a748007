#include "runtime/sim/crash.h"

#include <signal.h>
#include <ucontext.h>

#include <csignal>
#include <cstdio>

#include "runtime/sim/arena.h"
#include "runtime/sim/execution.h"
#include "runtime/sim/names.h"

namespace mn::sim {

namespace {

void OnFault(int, siginfo_t* info, void* context) {
  if (Outside()) {
    std::signal(SIGSEGV, SIG_DFL);
    return;  // the explorer's own: again, and for good
  }
  // The registers' order is the kernel's; only x86-64 names the place.
  const void* pc = nullptr;
#if defined(__x86_64__)
  pc = reinterpret_cast<const void*>(
      static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP] + 1);
#endif
  (void)context;
  UseArena(-1);
  char text[512];
  std::snprintf(text, sizeof text, "%s touches address %p at %s",
                Current().name, info->si_addr, SourceOf(pc).c_str());
  Violate("crash", text);
}

}  // namespace

void CatchFaults() {
  static bool done = false;
  if (done) return;
  done = true;
  alignas(16) static char stack[64 * 1024];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = OnFault;
  // The handler does not return, so the signal must not stay blocked.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace mn::sim
