#include "tools/judge/fault_report.h"

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include <algorithm>
#include <vector>

#include "absl/debugging/symbolize.h"
#include "runtime/base/sanitizer.h"
#include "tools/judge/protocol.h"

namespace mn::judge {
namespace {

struct Stack {
  std::uintptr_t lo, hi;
  char name[32];
};
std::vector<Stack> stacks;
char phase[200];

// The program itself, without its shared libraries.
std::uintptr_t base, code_lo, code_hi;

int OnModule(dl_phdr_info* info, std::size_t, void*) {
  base = info->dlpi_addr;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    code_lo = base + segment.p_vaddr;
    code_hi = code_lo + segment.p_memsz;
  }
  return 1;  // the first module is the program
}

bool InProgram(std::uintptr_t pc) { return pc >= code_lo && pc < code_hi; }

// A load that cannot fault. Returns the bytes that could be read: none where a
// container forbids the call.
std::size_t Read(std::uintptr_t from, void* to, std::size_t n) {
  const iovec local = {to, n};
  const iovec remote = {reinterpret_cast<void*>(from), n};
  const ssize_t got = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
  return got < 0 ? 0 : static_cast<std::size_t>(got);
}

// Code that stands behind a call instruction, where a callee returns to.
bool IsBehindCall(std::uintptr_t pc) {
#if defined(__x86_64__)
  unsigned char b[7];
  if (!InProgram(pc) || Read(pc - 7, b, 7) != 7) return false;
  const auto indirect = [&](int at) {  // ff /2
    return b[at] == 0xff && (b[at + 1] & 0x38) == 0x10;
  };
  return b[2] == 0xe8 || indirect(5) || indirect(4) || indirect(3) ||
         indirect(1) || indirect(0);
#else
  return InProgram(pc);
#endif
}

// Lines that arrive together: one write, and not more than a pipe takes at
// once.
class Lines {
 public:
  // An observation may have been cut in the middle.
  Lines() { Add("\n"); }
  ~Lines() { WriteToJudge({text_, n_}); }
  void Add(const char* format, ...) __attribute__((format(printf, 2, 3))) {
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(text_ + n_, sizeof(text_) - n_, format, args);
    va_end(args);
    if (n > 0) n_ = std::min(n_ + static_cast<std::size_t>(n), sizeof(text_));
  }

 private:
  char text_[2048];
  std::size_t n_ = 0;
};

// A stack's neighbourhood: its guard, or what was put on top.
constexpr std::uintptr_t kNextTo = 4096;

const Stack* StackAt(std::uintptr_t sp) {
  for (const Stack& s : stacks) {
    if (sp >= s.lo && sp < s.hi) return &s;
  }
  for (const Stack& s : stacks) {
    if (sp < s.lo && s.lo - sp <= kNextTo) return &s;
  }
  for (const Stack& s : stacks) {
    if (sp >= s.hi && sp - s.hi <= kNextTo) return &s;
  }
  return nullptr;
}

// The stacks that are noted were zero before their first use, or filled.
bool TopWasUsed(const Stack& s) {
  std::uint64_t words[64];
  for (std::uintptr_t at = s.hi; at > s.lo && s.hi - at < 2 * kNextTo;) {
    at -= sizeof(words);
    const std::size_t n = Read(at, words, sizeof(words)) / 8;
    if (std::any_of(words, words + n, [](std::uint64_t w) {
          return w != 0 && w != kStackFillWord;
        })) {
      return true;
    }
  }
  return false;
}

std::uintptr_t PcOf(const ucontext_t* uc) {
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(uc->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return uc->uc_mcontext.pc;
#endif
}

void ReportState(Lines& lines, const ucontext_t* uc) {
  const std::uintptr_t pc = PcOf(uc);
#if defined(__x86_64__)
  const auto& regs = uc->uc_mcontext.gregs;
  const auto sp = static_cast<std::uintptr_t>(regs[REG_RSP]);
#elif defined(__aarch64__)
  const auto sp = static_cast<std::uintptr_t>(uc->uc_mcontext.sp);
#endif
  lines.Add("fault at %lx %lx %lx %lx\n", pc, sp, base, code_hi);
#if defined(__x86_64__)
  lines.Add("fault regs");
  for (const int reg :
       {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
        REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15}) {
    lines.Add(" %llx", regs[reg]);
  }
  lines.Add("\n");
#endif
  unsigned char code[16];
  const std::size_t bytes = Read(pc, code, sizeof(code));
  lines.Add("fault code");
  for (std::size_t i = 0; i < bytes; i++) lines.Add(" %x", code[i]);
  lines.Add("\n");
  std::uintptr_t words[2];
  if (Read(sp - 8, words, sizeof(words)) == sizeof(words)) {
    lines.Add("fault words %lx %lx\n", words[0], words[1]);
    if (IsBehindCall(words[1])) {
      lines.Add("fault call %lx\n", words[1]);
    }
  }
#if defined(__x86_64__)
  constexpr unsigned char kCall[] = {0x0f, 0x05};
#else
  constexpr unsigned char kCall[] = {0x01, 0x00, 0x00, 0xd4};
#endif
  // The signal interrupts a call behind it, or before it is made once more.
  for (const std::uintptr_t at : {pc - sizeof(kCall), pc}) {
    if (Read(at, code, sizeof(kCall)) == sizeof(kCall) &&
        memcmp(code, kCall, sizeof(kCall)) == 0) {
      lines.Add("fault syscall 1\n");
    }
  }
  lines.Add("fault stacks %zx\n", stacks.size());
  if (const Stack* s = StackAt(sp)) {
    lines.Add("fault stack %lx %lx %x %s\n", s->lo, s->hi, TopWasUsed(*s),
              s->name);
  }
  if (phase[0] != 0) lines.Add("fault phase %s\n", phase);
}

const char* NameAt(std::uintptr_t pc, char* buffer, int size) {
  return absl::Symbolize(reinterpret_cast<void*>(pc), buffer, size) ? buffer
                                                                    : "?";
}

// Down the stack to the first caller in the program.
struct Walk {
  std::uintptr_t from;  // frames above this one are the handler's
  std::uintptr_t callee = 0, caller = 0;
  int frames = 0;
};

_Unwind_Reason_Code OnFrame(_Unwind_Context* context, void* arg) {
  auto& walk = *static_cast<Walk*>(arg);
  const std::uintptr_t pc = _Unwind_GetIP(context);
  if (++walk.frames > 64) return _URC_NORMAL_STOP;
  if (walk.callee == 0 && pc != walk.from) return _URC_NO_REASON;
  if (InProgram(pc)) {
    walk.caller = pc;
    return _URC_NORMAL_STOP;
  }
  walk.callee = pc;
  return _URC_NO_REASON;
}

void ReportNames(std::uintptr_t pc) {
  Lines lines;
  char name[256];
  lines.Add("fault in %s\n", NameAt(pc, name, sizeof(name)));
  if (!InProgram(pc) && pc != 0) {
    Walk walk{.from = pc};
    _Unwind_Backtrace(OnFrame, &walk);
    if (walk.caller != 0) {
      // "__pthread_mutex_lock" is the library's own name for it.
      const char* callee = NameAt(walk.callee, name, sizeof(name));
      callee += strspn(callee, "_");
      lines.Add("fault from %lx %s\n", walk.caller, callee);
    }
  }
  lines.Add("fault done\n");
}

void OnWhere(int, siginfo_t*, void* context) {
  const int saved = errno;
  const auto* uc = static_cast<ucontext_t*>(context);
  {
    Lines lines;
    ReportState(lines, uc);
  }
  ReportNames(PcOf(uc));
  errno = saved;
}

#if !MN_ASAN && !MN_TSAN  // the sanitizers report faults themselves
void OnFault(int sig, siginfo_t* info, void* context) {
  // Whatever goes wrong below kills. So does the fault, which returning
  // repeats.
  for (const int each : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
    signal(each, SIG_DFL);
  }
  const auto* uc = static_cast<ucontext_t*>(context);
  unsigned long long error = 0;
#if defined(__x86_64__)
  error = static_cast<unsigned long long>(uc->uc_mcontext.gregs[REG_ERR]);
#endif
  {
    Lines lines;
    lines.Add("fault signal %d %d %lx %llx\n", sig, info->si_code,
              reinterpret_cast<std::uintptr_t>(info->si_addr), error);
    ReportState(lines, uc);
  }
  ReportNames(PcOf(uc));
  if (sig == SIGABRT) raise(sig);
}
#endif

_Unwind_Reason_Code NoFrame(_Unwind_Context*, void*) {
  return _URC_NORMAL_STOP;
}

}  // namespace

void InstallFaultReports() {
  dl_iterate_phdr(OnModule, nullptr);
  // A stack of its own: the learner's stack may be what is broken. A sanitizer
  // has one already, and frees what it finds.
  static char stack[64 * 1024];
  stack_t alternate = {}, present = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof(stack);
  sigaltstack(nullptr, &present);
  if ((present.ss_flags & SS_DISABLE) != 0) sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
#if !MN_ASAN && !MN_TSAN
  action.sa_sigaction = OnFault;
  for (const int sig : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
    sigaction(sig, &action, nullptr);
  }
#endif
#if !MN_TSAN  // it holds a signal back for as long as nothing is called
  action.sa_sigaction = OnWhere;
  action.sa_flags |= SA_RESTART;
  sigaction(kWhereSignal, &action, nullptr);
#endif
  // The first calls allocate and open files.
  char warm[64];
  NameAt(reinterpret_cast<std::uintptr_t>(&InstallFaultReports), warm,
         sizeof(warm));
  _Unwind_Backtrace(NoFrame, nullptr);
  // The thread's own stack has been used from its top, and may grow.
  pthread_attr_t attributes;
  void* lo = nullptr;
  std::size_t size = 0;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &lo, &size);
    pthread_attr_destroy(&attributes);
    NoteStack(lo, static_cast<char*>(lo) + size, "the thread");
  }
}

void NoteStack(const void* lo, const void* hi, std::string_view name) {
  Stack s = {reinterpret_cast<std::uintptr_t>(lo),
             reinterpret_cast<std::uintptr_t>(hi),
             {}};
  name.copy(s.name, sizeof(s.name) - 1);
  stacks.push_back(s);
}

void NotePhase(std::string_view text) {
  const std::size_t n = text.copy(phase, sizeof(phase) - 1);
  phase[n] = 0;
}

std::int64_t CodeOffset(std::uintptr_t pc) {
  return static_cast<std::int64_t>(pc - base);
}

void WriteToJudge(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(kObservationFd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace mn::judge
