#include "runtime/diag/signal_text.h"

#include <signal.h>
#include <ucontext.h>

#include "runtime/diag/names.h"

namespace mn::internal {

namespace {

const char* SignalName(int sig) {
  switch (sig) {
    case SIGABRT:
      return "SIGABRT: abort";
    case SIGBUS:
      return "SIGBUS: bus error";
    case SIGFPE:
      return "SIGFPE: floating-point exception";
    case SIGILL:
      return "SIGILL: illegal instruction";
    case SIGQUIT:
      return "SIGQUIT: quit";
    case SIGSEGV:
      return "SIGSEGV: segmentation violation";
    case SIGSTKFLT:
      return "SIGSTKFLT: stack fault";
    case SIGSYS:
      return "SIGSYS: bad system call";
    case SIGTRAP:
      return "SIGTRAP: trace trap";
    default:
      return nullptr;
  }
}

}  // namespace

void AppendSignal(FatalText& out, int sig) {
  if (const char* name = SignalName(sig)) {
    out << name;
  } else {
    out << "signal " << std::int64_t{sig};
  }
}

void AppendSignalLine(FatalText& out, int sig, int code, std::uintptr_t addr,
                      std::uintptr_t pc) {
  out << "[signal ";
  AppendSignal(out, sig);
  out << " code=" << Hex{static_cast<std::uint32_t>(code)}
      << " addr=" << Hex{addr} << " pc=" << Hex{pc} << "]\n";
}

StackPoint Interrupted(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return {.pc = static_cast<std::uintptr_t>(machine.gregs[REG_RIP]),
          .sp = static_cast<std::uintptr_t>(machine.gregs[REG_RSP]),
          .fp = static_cast<std::uintptr_t>(machine.gregs[REG_RBP])};
#elif defined(__aarch64__)
  return {.pc = machine.pc, .sp = machine.sp, .fp = machine.regs[29]};
#else
#error "add this processor's program counter, stack and frame pointer"
#endif
}

void AppendRegisters(FatalText& out, const void* context) {
#if defined(__x86_64__)
  constexpr struct {
    const char* name;
    int index;
  } kRegisters[] = {
      {"rax    ", REG_RAX}, {"rbx    ", REG_RBX}, {"rcx    ", REG_RCX},
      {"rdx    ", REG_RDX}, {"rdi    ", REG_RDI}, {"rsi    ", REG_RSI},
      {"rbp    ", REG_RBP}, {"rsp    ", REG_RSP}, {"r8     ", REG_R8},
      {"r9     ", REG_R9},  {"r10    ", REG_R10}, {"r11    ", REG_R11},
      {"r12    ", REG_R12}, {"r13    ", REG_R13}, {"r14    ", REG_R14},
      {"r15    ", REG_R15}, {"rip    ", REG_RIP}, {"rflags ", REG_EFL},
  };
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
  for (const auto& r : kRegisters) {
    out << r.name << Hex{static_cast<std::uint64_t>(machine.gregs[r.index])}
        << "\n";
  }
#else
  (void)out;
  (void)context;
#endif
}

}  // namespace mn::internal
