#include "runtime/sched/preempt.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>
#include <string_view>

#include "runtime/base/sanitizer.h"
#include "runtime/core/getg.h"
#include "runtime/core/godebug.h"
#include "runtime/core/in_runtime.h"
#include "runtime/diag/own_text.h"
#include "runtime/diag/pcs.h"
#include "runtime/preempt.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/lockedm.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"

namespace mn {

namespace {

PreemptMode mode = PreemptMode::kStop;
bool trace_hogs = false;
struct sigaction previous;

// What is asked for; bits of M::preempt_request.
constexpr std::uint32_t kPreempt = 1;    // somebody else is to have the P
constexpr std::uint32_t kStopWorld = 2;  // the world stops, for a moment

struct Interruption {
  std::uint32_t wanted;
  std::uintptr_t pc;
  std::uintptr_t fp;
  ucontext_t* context;
};

Interruption Where(std::uint32_t wanted, void* context) {
  auto* uc = static_cast<ucontext_t*>(context);
#if defined(__x86_64__)
  return {wanted, static_cast<std::uintptr_t>(uc->uc_mcontext.gregs[REG_RIP]),
          static_cast<std::uintptr_t>(uc->uc_mcontext.gregs[REG_RBP]), uc};
#elif defined(__aarch64__)
  return {wanted, uc->uc_mcontext.pc, uc->uc_mcontext.regs[29], uc};
#else
#error "add this processor's program counter"
#endif
}

// ---- signal yield: PreemptibleScope ----------------------------------------

#if defined(__x86_64__)

// The vector state that is saved: x87, SSE, AVX, AVX-512. Not tiles (8 KiB) and
// not protection keys, which are the thread's.
constexpr std::uint32_t kXsaveMask = 0xE7;
// Room for the trampoline's frame and for the switch below it.
constexpr std::uintptr_t kYieldStack = 6 * 1024;
constexpr std::uintptr_t kRedZone = 128;

}  // namespace
}  // namespace mn

extern "C" {
__attribute__((used)) std::uint64_t mn_xsave_size = 0;
void mn_async_preempt();

// On the goroutine's stack, every register saved.
__attribute__((used)) void mn_async_preempt_yield() {
  const int saved_errno = mn::internal::GetErrno();
  {
    // Not EnterRuntime alone: another signal may have come between the handler
    // and here, found us in libc and taken the P.
    mn::RuntimeCall call("preemption");
    mn::internal::YieldToPreemption();
  }
  mn::internal::SetErrno(saved_errno);
}
}

// Entered as if the interrupted instruction had called it, with the red zone
// skipped: saves everything, yields, goes back.
asm(R"(
  .text
  .globl mn_async_preempt
  .type mn_async_preempt, @function
mn_async_preempt:
  .cfi_startproc
  .cfi_signal_frame
  .cfi_def_cfa %rsp, 136
  .cfi_offset %rip, -136
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_offset %rbp, -144
  movq %rsp, %rbp
  .cfi_def_cfa_register %rbp
  pushfq
  cld
  pushq %rax
  pushq %rcx
  pushq %rdx
  pushq %rbx
  pushq %rsi
  pushq %rdi
  pushq %r8
  pushq %r9
  pushq %r10
  pushq %r11
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, %rbx
  subq mn_xsave_size(%rip), %rsp
  andq $-64, %rsp
  xorl %eax, %eax
  movq %rax, 512(%rsp)
  movq %rax, 520(%rsp)
  movq %rax, 528(%rsp)
  movq %rax, 536(%rsp)
  movq %rax, 544(%rsp)
  movq %rax, 552(%rsp)
  movq %rax, 560(%rsp)
  movq %rax, 568(%rsp)
  movl $0xE7, %eax
  xorl %edx, %edx
  xsave64 (%rsp)
  call mn_async_preempt_yield
  movl $0xE7, %eax
  xorl %edx, %edx
  xrstor64 (%rsp)
  movq %rbx, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %r11
  popq %r10
  popq %r9
  popq %r8
  popq %rdi
  popq %rsi
  popq %rbx
  popq %rdx
  popq %rcx
  popq %rax
  popfq
  popq %rbp
  .cfi_def_cfa %rsp, 136
  ret $128
  .cfi_endproc
  .size mn_async_preempt, . - mn_async_preempt
)");

namespace mn {
namespace {

std::uint64_t XsaveSize() {
  std::uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return 0;
  std::uint32_t lo, hi;
  asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  std::uint64_t size = 512 + 64;
  for (std::uint32_t i = 2; i < 8; i++) {
    if (!(lo & kXsaveMask & (1u << i))) continue;
    if (!__get_cpuid_count(0xD, i, &a, &b, &c, &d)) return 0;
    size = std::max<std::uint64_t>(size, std::uint64_t{a} + b);
  }
  return size;
}

// Makes the interrupted goroutine call mn_async_preempt when the handler
// returns. False: there is no room.
__attribute__((no_sanitize("address"))) bool PrepareSignalYield(
    G* gp, const Interruption& at) {
  auto& regs = at.context->uc_mcontext.gregs;
  std::uintptr_t sp = static_cast<std::uintptr_t>(regs[REG_RSP]);
  if (mn_xsave_size == 0 || sp < gp->stack_lo + kYieldStack ||
      sp > gp->stack_hi) {
    return false;
  }
  sp -= kRedZone + sizeof(std::uintptr_t);
  *reinterpret_cast<std::uintptr_t*>(sp) = at.pc;
  regs[REG_RSP] = static_cast<greg_t>(sp);
  regs[REG_RIP] = reinterpret_cast<greg_t>(&mn_async_preempt);
  return true;
}

#else

bool PrepareSignalYield(G*, const Interruption&) { return false; }

#endif

// ---- the handler -----------------------------------------------------

// The goroutine that runs on m is detached from its P, or no more.
void SetDetached(M* m, bool on) {
  // release: pairs with the acquire in sysmon, which reads m->tid.
  m->detached.store(on, memory_order_release);
  sched.ndetached.fetch_add(on ? 1 : -1, memory_order_relaxed);
}

void NoteHog(M* m, const Interruption& at);

// PRE-3: on m's own thread, outside the runtime.
void Interrupted(M* m, const Interruption& at) {
  G* gp = m->curg;
  const GStatus status = gp->status.load(memory_order_relaxed);
  const bool detached = status == GStatus::kDetached;
  if (status != GStatus::kRunning && !detached) return;  // in a system call
  if (at.wanted == kStopWorld && !sched.gcwaiting.load(memory_order_relaxed)) {
    return;  // it goes on already
  }
  const bool own = internal::InOwnText(at.pc);
  gp->fp = reinterpret_cast<void*>(at.fp);
  if (trace_hogs) NoteHog(m, at);
  if (!detached && own && gp->preemptible > 0 && gp->lockedm == nullptr &&
      PrepareSignalYield(gp, at)) {
    return;
  }
  if (own && mode == PreemptMode::kStop) {
    EnterRuntime();
    m->in_handler = true;
    // Two cannot be next: a goroutine in runnext has its turn, as in Go.
    if (!detached && at.wanted == kStopWorld &&
        m->p->runq.runnext.load(memory_order_relaxed) == nullptr) {
      StopInPlace(m, gp);  // PRE-4
    } else {
      if (detached) {
        SetDetached(m, false);
      } else {
        HandoffP(ReleaseP(m));
      }
      WaitForP(m, gp);  // PRE-4
    }
    m->in_handler = false;
    LeaveRuntime();
    return;
  }
  if (detached) return;  // not in own text: asked again at the next tick
  EnterRuntime();
  m->in_handler = true;
  SetStatus(gp, GStatus::kRunning, GStatus::kDetached);
  SetDetached(m, true);
  HandoffP(ReleaseP(m));
  m->in_handler = false;
  LeaveRuntime();
}

void Forward(int sig, siginfo_t* info, void* context) {
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(sig, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(sig);
  }
}

void OnSigurg(int sig, siginfo_t* info, void* context) {
  M* m = getm();
  // Ours too, as in Go: the kernel may have made one of it and somebody else's.
  Forward(sig, info, context);
  if (m == nullptr) return;
  // acquire: pairs with the release in Ask.
  const std::uint32_t wanted =
      m->preempt_request.exchange(0, memory_order_acquire);
  if (wanted == 0) return;
  if (InRuntime()) return SetPreemptPending(true);  // PRE-2
  const int saved_errno = internal::GetErrno();
  Interrupted(m, Where(wanted, context));
  internal::SetErrno(saved_errno);
}

void Ask(M* m, std::uint32_t what) {
  // release: pairs with the acquire in OnSigurg.
  m->preempt_request.fetch_or(what, memory_order_release);
  ::syscall(SYS_tgkill, ::getpid(), m->tid.load(memory_order_relaxed), SIGURG);
}

void AskP(P* p, std::uint32_t what) {
  p->preempt.store(true, memory_order_relaxed);
  // acquire: pairs with the release in AcquireP.
  M* m = p->m.load(memory_order_acquire);
  if (m == nullptr) return;
  if (mode != PreemptMode::kOff) return Ask(m, what);
  // Cooperation only: what the handler would leave in the runtime. The byte is
  // the thread's own; one that holds p does not end before it had the lock
  // (FreeM).
  RtLock lock(sched.lock);
  m = p->m.load(memory_order_relaxed);
  if (m == nullptr) return;
  m->preempt_pending.load(memory_order_relaxed)
      ->store(true, memory_order_relaxed);
}

// ---- GODEBUG=preempttrace=1 ------------------------------------------

constexpr int kHogFrames = 32;
struct Hog {
  mn::atomic<std::uint32_t> state{0};  // 0 free, 1 being written, 2 to print
  std::uint64_t goid = 0;
  int frames = 0;
  std::uintptr_t pc[kHogFrames];
};
Hog hog;

void NoteHog(M* m, const Interruption& at) {
  std::uint32_t free = 0;
  // acquire: pairs with the release in ReportHogs.
  if (!hog.state.compare_exchange_strong(free, 1, memory_order_acquire)) return;
  const G* gp = m->curg;
  hog.goid = gp->goid;
  hog.pc[0] = at.pc;
  hog.frames = 1 + StackPcs(at.fp, gp->stack_lo, gp->stack_hi, hog.pc + 1,
                            kHogFrames - 1);
  // release: pairs with the acquire in ReportHogs.
  hog.state.store(2, memory_order_release);
}

}  // namespace

__attribute__((noinline)) int internal::GetErrno() { return errno; }
__attribute__((noinline)) void internal::SetErrno(int value) { errno = value; }

void ReportHogs() {
  // acquire: pairs with the release in NoteHog.
  if (hog.state.load(memory_order_acquire) != 2) return;
  constexpr int kPlaces = 64;
  static std::uintptr_t places[kPlaces];
  static int known = 0;
  const std::uintptr_t place = ProgramFunction(hog.pc, hog.frames);
  const bool fresh = known < kPlaces &&
                     std::find(places, places + known, place) == places + known;
  if (fresh) {
    places[known++] = place;
    FatalText text;
    text << "runtime: goroutine " << static_cast<std::int64_t>(hog.goid)
         << " ran without a call that may park; it was interrupted at\n";
    text.Print();
    PrintPcs(hog.pc, hog.frames);
  }
  // release: pairs with the acquire in NoteHog.
  hog.state.store(0, memory_order_release);
}

void PreemptInit() {
  const std::string_view how = Godebug("preempt");
  if (Godebug("asyncpreemptoff") == "1" || how == "off") {
    mode = PreemptMode::kOff;
  } else {
    // A thread that TSan's runtime has interrupted must not sleep there.
    if (how == "handoff" || MN_TSAN) mode = PreemptMode::kHandoff;
    if (!how.empty() && how != "handoff" && how != "stop") {
      FatalText text;
      text << "runtime: GODEBUG=preempt= takes stop, handoff or off; using "
           << (mode == PreemptMode::kStop ? "stop\n" : "handoff\n");
      text.Print();
    }
  }
  trace_hogs = Godebug("preempttrace") == "1";
  // InstallCrashSignals has found where the program's own text is.
  if (mode == PreemptMode::kOff) return;
#if defined(__x86_64__)
  mn_xsave_size = XsaveSize();
#endif
  struct sigaction action = {};
  action.sa_sigaction = OnSigurg;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGURG, &action, &previous);
}

PreemptMode CurrentPreemptMode() { return mode; }

void PreemptOne(P* p) { AskP(p, kPreempt); }

void PreemptDetached(M* m) { Ask(m, kPreempt); }

void PreemptAll() {
  for (P* p : Allp()) {
    if (p->status.load(memory_order_relaxed) == PStatus::kRunning)
      AskP(p, kStopWorld);
  }
}

void internal::EnterWithoutP(const char* function) {
  M* m = getm();
  if (m == nullptr || m->curg == &m->g0) NotOnGoroutine(function);
  if (m->p != nullptr) return;  // a call inside another one
  if (m->curg->status.load(memory_order_relaxed) == GStatus::kDetached) {
    SetDetached(m, false);
    return WaitForP(m, m->curg);
  }
  NotOnGoroutine(function);
}

void internal::YieldToPreemption() {
  SetPreemptPending(false);
  G* gp = getg();
  SwitchAway(
      gp,
      [](G* g, void*) {
        getp()->preempt.store(sched.gcwaiting.load(memory_order_relaxed),
                              memory_order_relaxed);
        SetStatus(g, GStatus::kRunning, GStatus::kRunnable);
        InjectGlobal(g);
      },
      nullptr);
}

void internal::BeginPreemptible() {
  RuntimeCall call("mn::PreemptibleScope");
  call.g()->preemptible++;
}

void internal::EndPreemptible() {
  RuntimeCall call("mn::PreemptibleScope");
  call.g()->preemptible--;
}

}  // namespace mn
