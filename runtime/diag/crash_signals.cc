#include "runtime/diag/crash_signals.h"

#include <setjmp.h>
#include <signal.h>

#include <cstdint>
#include <cstdlib>

#include "runtime/base/sanitizer.h"
#include "runtime/core/fatal.h"
#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/ctx/stack.h"
#include "runtime/diag/gotraceback.h"
#include "runtime/diag/names.h"
#include "runtime/diag/own_text.h"
#include "runtime/diag/signal_text.h"
#include "runtime/diag/sigpanic.h"
#include "runtime/diag/stack_walk.h"
#include "runtime/diag/traceback.h"

namespace mn {

namespace {

using internal::FaultAt;
using internal::FaultKind;
using internal::StackPoint;

// Below it an access is a null pointer that was followed.
constexpr std::uintptr_t kNullPage = 4096;

constexpr int kFaults[] = {SIGSEGV, SIGBUS, SIGFPE};
constexpr int kOthers[] = {SIGQUIT, SIGABRT,   SIGILL,
                           SIGTRAP, SIGSTKFLT, SIGSYS};

struct sigaction previous[NSIG];

// Handlers that a sanitizer's runtime installed before the program began.
struct sigaction sanitizers[NSIG];

// There if any of them is linked.
extern "C" __attribute__((weak)) void __sanitizer_set_report_path(const char*);

__attribute__((constructor)) void FindSanitizersHandlers() {
  if (&__sanitizer_set_report_path == nullptr || MN_ASAN) return;
  for (int sig : kFaults) ::sigaction(sig, nullptr, &sanitizers[sig]);
}

bool HadHandler(int sig) {
  const struct sigaction& old = previous[sig];
  if (old.sa_handler == sanitizers[sig].sa_handler) return false;
  return (old.sa_flags & SA_SIGINFO) != 0 ||
         (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN);
}

void CallPrevious(int sig, siginfo_t* info, void* context) {
  const struct sigaction& old = previous[sig];
  if ((old.sa_flags & SA_SIGINFO) != 0) {
    old.sa_sigaction(sig, info, context);
  } else {
    old.sa_handler(sig);
  }
}

// The kernel's verdict on an instruction, not somebody's kill(2).
bool IsSynchronous(const siginfo_t* info) { return info->si_code > 0; }

// What a thread was doing when the signal came.
struct Where {
  M* m;
  G* gp;  // the goroutine, null on a scheduler's stack or a foreign thread
  StackPoint point;
  bool runtime;  // inside the runtime
  bool away;     // inside Syscall, BlockingCall or Foreign
  bool called;   // what cannot be accessed is the instruction itself
};

Where Look(int sig, const siginfo_t* info, const void* context) {
  Where w{.m = getm(),
          .gp = nullptr,
          .point = internal::Interrupted(context),
          .runtime = InRuntime(),
          .away = false,
          .called = false};
  w.called = IsSynchronous(info) && (sig == SIGSEGV || sig == SIGBUS) &&
             reinterpret_cast<std::uintptr_t>(info->si_addr) == w.point.pc;
  if (w.m == nullptr || w.m->curg == nullptr || w.m->curg == &w.m->g0) return w;
  w.gp = w.m->curg;
  w.away = w.gp->status.load(memory_order_relaxed) == GStatus::kSyscall;
  return w;
}

// The program's text, or a function that was called from there.
bool CalledFromOwnText(const Where& w) {
  if (internal::InOwnText(w.point.pc)) return true;
  if (w.called) {
    return internal::InOwnText(internal::CallerAt(w.point.sp, w.point.fp).pc);
  }
  struct Callers {
    std::uintptr_t pc[2];
    int n = 0;
  } callers;
  // One further: the walk takes its start for a return address.
  internal::WalkByTables(
      {w.point.pc + 1, w.point.sp, w.point.fp},
      {w.gp->stack_lo, w.gp->stack_hi},
      [](void* arg, std::uintptr_t pc, bool) {
        auto& c = *static_cast<Callers*>(arg);
        if (c.n < 2) c.pc[c.n++] = pc;
      },
      &callers);
  return callers.n == 2 && internal::InOwnText(callers.pc[1]);
}

// OWN-1.
bool InOwnCode(const Where& w) {
  return w.gp != nullptr && !w.runtime && !w.away &&
         w.point.sp >= w.gp->stack_lo && w.point.sp < w.gp->stack_hi &&
         CalledFromOwnText(w);
}

// Where the trace of this thread starts: through the signal frame; a call to
// nowhere has no frame, so from its caller.
StackPoint TraceFrom(const Where& w, const StackPoint& handler) {
#if defined(__x86_64__)
  return w.called ? internal::CallerAt(w.point.sp, w.point.fp) : handler;
#else
  (void)handler;  // frame pointers do not lead through it
  return {w.point.pc + 1, w.point.sp, w.point.fp};
#endif
}

struct Report {
  TracebackSettings settings;
  StackPoint from;
};

// `machine`: the signal's context, if its registers are to be shown.
[[noreturn]] void PrintAndDie(Report report, const void* machine = nullptr) {
  report.settings.may_allocate = false;
  internal::CallOnFreshStack(
      [](void* arg) {
        const auto& r = *static_cast<Report*>(arg);
        internal::PrintTraces(r.settings, r.from);
      },
      &report);
  if (machine != nullptr && report.settings.level > 0) {
    FatalText out;
    out << "\n";
    internal::AppendRegisters(out, machine);
    out.Print();
  }
  internal::CrashIfAsked(report.settings);
  Die();
}

// A null pointer or a division that cannot be thrown here.
[[noreturn]] void ReportUncatchable(const FaultAt& fault,
                                    const StackPoint& from) {
  EnterFatal();
  FatalText out;
  out << "panic: " << internal::FaultText(fault.kind) << "\n";
  internal::AppendSignalLine(out, fault.sig, fault.code, fault.addr, fault.pc);
  out.Print();
  PrintAndDie({CurrentTraceback(), from});
}

[[noreturn]] void ReportBadAddress(const FaultAt& fault,
                                   const StackPoint& from) {
  EnterFatal();
  FatalText out;
  out << "unexpected fault address " << Hex{fault.addr} << "\n";
  if (fault.sig == SIGSEGV && fault.code == SI_KERNEL) {
    out << "runtime: the processor does not tell the address: it is not a "
           "canonical one\n";
  }
  out << "fatal error: fault\n";
  internal::AppendSignalLine(out, fault.sig, fault.code, fault.addr, fault.pc);
  out.Print();
  Report report{CurrentTraceback(), from};
  report.settings.all = true;  // as for every fatal error
  PrintAndDie(report);
}

[[noreturn]] void ReportCrash(int sig, const siginfo_t* info, void* context,
                              const Where& w, const StackPoint& from) {
  EnterFatal();
  FatalText out;
  internal::AppendSignal(out, sig);
  out << "\nPC=" << Hex{w.point.pc} << " m=" << (w.m != nullptr ? w.m->id : -1)
      << " sigcode=" << std::int64_t{info->si_code};
  if (IsSynchronous(info) && (sig == SIGSEGV || sig == SIGBUS)) {
    out << " addr=" << Hex{reinterpret_cast<std::uintptr_t>(info->si_addr)};
  }
  out << "\n";
  if (w.away) {
    out << "signal arrived inside mn::Syscall, mn::BlockingCall or "
           "mn::Foreign\n";
  }
  out.Print();
  Report report{CurrentTraceback(), from};
  report.settings.all = true;
  // The program's frames say little about a crash of the runtime itself.
  if (IsSynchronous(info) && w.runtime && report.settings.level == 1) {
    report.settings.level = 2;
  }
  PrintAndDie(report, context);
}

// Where the reporting thread goes on after a fault; null: nowhere.
sigjmp_buf* after_fault = nullptr;

__attribute__((noinline)) void OnSignal(int sig, siginfo_t* info,
                                        void* context) {
  const StackPoint handler = MN_CALLERS_STACK_POINT();
  const auto addr = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const bool fault = sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE;
  if (IsDying()) {
    if (fault && IsSynchronous(info) && after_fault != nullptr) {
      ::siglongjmp(*after_fault, 1);
    }
    if (!IsSynchronous(info) && sig != SIGABRT) return;  // we are at it
    EnterFatal();                                        // does not return
  }
  if ((sig == SIGSEGV || sig == SIGBUS) && IsSynchronous(info)) {
    ReportIfOverflow(addr, context);
  }
  const Where w = Look(sig, info, context);
  if (!MN_ASAN && fault && IsSynchronous(info) && InOwnCode(w)) {
    FaultAt at{.sig = sig,
               .code = info->si_code,
               .addr = addr,
               .pc = w.point.pc,
               .called = w.called};
    bool panics = w.gp->panic_on_fault;
    if (sig == SIGFPE) {
      at.kind = internal::ArithmeticFault(info->si_code, context);
      panics = true;
    } else if (addr < kNullPage && info->si_code != SI_KERNEL) {
      panics = true;
    }
    if (panics) {
      if (internal::ThrowOnReturn(w.gp, context, at)) return;
      ReportUncatchable(at, TraceFrom(w, handler));
    }
    if (!HadHandler(sig)) ReportBadAddress(at, TraceFrom(w, handler));
  }
  if (HadHandler(sig)) return CallPrevious(sig, info, context);
  ReportCrash(sig, info, context, w, TraceFrom(w, handler));
}

void Install(int sig) {
  struct sigaction action = {};
  action.sa_sigaction = OnSignal;
  // NODEFER: a crash in here must be seen, not kill the process without a word.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  // Everything else waits: no goroutine is preempted in here, and the report
  // leaves the signal stack for a larger one, so that the next signal would
  // begin at the top of the one it left.
  sigfillset(&action.sa_mask);
  for (int s : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) {
    sigdelset(&action.sa_mask, s);
  }
  ::sigaction(sig, &action, &previous[sig]);
}

}  // namespace

void InstallCrashSignals() {
  internal::FindOwnText();
  for (int sig : kFaults) Install(sig);
  for (int sig : kOthers) {
    struct sigaction now = {};
    ::sigaction(sig, nullptr, &now);
    const bool is_default =
        (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
    if (is_default) Install(sig);
  }
}

bool internal::SurvivesFaults(void (*fn)(void*), void* arg) {
  if (MN_TSAN || MN_ASAN) {
    fn(arg);
    return true;
  }
  sigjmp_buf here;
  const bool faulted = sigsetjmp(here, 0) != 0;
  if (!faulted) {
    after_fault = &here;
    fn(arg);
  }
  after_fault = nullptr;
  return !faulted;
}

void internal::LetAbortEnd() {
  struct sigaction now = {};
  ::sigaction(SIGABRT, nullptr, &now);
  if ((now.sa_flags & SA_SIGINFO) == 0 || now.sa_sigaction != OnSignal) return;
  struct sigaction dfl = {};
  dfl.sa_handler = SIG_DFL;
  ::sigaction(SIGABRT, &dfl, nullptr);
}

}  // namespace mn
