#include "runtime/sched/preempt_signal.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

#include "runtime/base/sanitizer.h"
#include "runtime/core/fatal.h"
#include "runtime/core/getg.h"
#include "runtime/core/godebug.h"
#include "runtime/core/in_runtime.h"
#include "runtime/diag/own_text.h"
#include "runtime/diag/signal_text.h"
#include "runtime/plug/syscall_handoff.h"
#include "runtime/sched/detach.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/lockedm.h"
#include "runtime/sched/preempt_trace.h"
#include "runtime/sched/preemptible_scope.h"
#include "runtime/sched/runtime_call.h"

namespace mn {

namespace {

PreemptMode mode = PreemptMode::kStop;
struct sigaction previous;

// What is asked for; bits of M::preempt_request.
constexpr std::uint32_t kPreempt = 1;    // somebody else is to have the P
constexpr std::uint32_t kStopWorld = 2;  // the world stops, for a moment

// ---- the handler ----------------------------------------------------------

// m's goroutine was asked for `request` and interrupted in `context`. PRE-3: on
// m's own thread, outside the runtime.
void GiveWay(M* m, std::uint32_t request, void* context) {
  G* gp = m->curg;
  const GStatus status = gp->status.load(memory_order_relaxed);
  const bool detached = status == GStatus::kDetached;
  if (status != GStatus::kRunning && !detached) return;  // in a system call
  if (request == kStopWorld && !sched.gcwaiting.load(memory_order_relaxed)) {
    return;  // it goes on already
  }
  const internal::StackPoint at = internal::Interrupted(context);
  const bool own = internal::InOwnText(at.pc);
  gp->fp = reinterpret_cast<void*>(at.fp);
  NoteHog(gp, at.pc, at.fp);
  if (!detached && own && gp->preemptible > 0 && gp->lockedm == nullptr &&
      YieldOnReturn(gp, context)) {
    return;
  }
  const bool may_stop = own && mode == PreemptMode::kStop;
  // Not in own text: it is asked again at the next tick.
  if (detached && !may_stop) return;
  EnterRuntime();
  m->in_handler = true;
  if (!may_stop) {
    Detach(m, gp);
  } else if (detached) {
    Reattach(m, gp);  // PRE-4
  } else if (request == kStopWorld &&
             m->p->runq.runnext.load(memory_order_relaxed) == nullptr) {
    // Two cannot be next: a goroutine in runnext has its turn, as in Go.
    StopInPlace(m, gp);  // PRE-4
  } else {
    HandoffP(ReleaseP(m));
    WaitForP(m, gp);  // PRE-4
  }
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
  const std::uint32_t request =
      m->preempt_request.exchange(0, memory_order_acquire);
  if (request == 0) return;
  if (InRuntime()) return SetPreemptPending(true);  // PRE-2
  const int saved_errno = internal::GetErrno();
  GiveWay(m, request, context);
  internal::SetErrno(saved_errno);
}

// ---- those who ask --------------------------------------------------------

void Ask(M* m, std::uint32_t request) {
  // release: pairs with the acquire in OnSigurg.
  m->preempt_request.fetch_or(request, memory_order_release);
  ::syscall(SYS_tgkill, ::getpid(), m->tid.load(memory_order_relaxed), SIGURG);
}

void AskP(P* p, std::uint32_t request) {
  p->preempt.store(true, memory_order_relaxed);
  // acquire: pairs with the release in AcquireP.
  M* m = p->m.load(memory_order_acquire);
  if (m == nullptr) return;
  if (mode != PreemptMode::kOff) return Ask(m, request);
  // Cooperation only: what the handler would leave in the runtime. The byte is
  // the thread's own; one that holds p does not end before it had the lock
  // (FreeM).
  RtLock lock(sched.lock);
  m = p->m.load(memory_order_relaxed);
  if (m == nullptr) return;
  m->preempt_pending.load(memory_order_relaxed)
      ->store(true, memory_order_relaxed);
}

}  // namespace

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
  // InstallCrashSignals has found where the program's own text is.
  if (mode == PreemptMode::kOff) return;
  PreemptTraceInit();
  PreemptibleScopeInit();
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

}  // namespace mn
