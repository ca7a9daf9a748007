// The preemption signal: who sends the signal, and what the handler does.
//
// preempt_signal.h says why preemption has this shape.
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

// PreemptInit writes both, before the first goroutine.
PreemptMode mode = PreemptMode::kStop;
struct sigaction previous;

// What is asked for. These are bits of M::preempt_request.
constexpr std::uint32_t kPreempt = 1;    // somebody else is to have the P
constexpr std::uint32_t kStopWorld = 2;  // the world stops, for a moment

// ---- the handler ----------------------------------------------------------

// m's goroutine gives way to `request`, which interrupted the goroutine in
// `context`. Runs on m's own thread, outside the runtime (PRE-3).
void GiveWay(M* m, std::uint32_t request, void* context) {
  G* gp = m->curg;
  const GStatus status = gp->status.load(memory_order_relaxed);
  const bool detached = status == GStatus::kDetached;
  // In a system call the thread has no P. sysmon takes the P that was left.
  if (status != GStatus::kRunning && !detached) return;
  // The world goes on already, and nobody else wants the P.
  if (request == kStopWorld && !sched.gcwaiting.load(memory_order_relaxed)) {
    return;
  }
  const internal::StackPoint at = internal::Interrupted(context);
  const bool own = internal::InOwnText(at.pc);
  // A dump begins to read the goroutine's stack here.
  gp->fp = reinterpret_cast<void*>(at.fp);
  NoteHog(gp, at.pc, at.fp);
  // Cheapest, since no thread has to sleep. Not for a pinned goroutine, whose
  // thread would sleep all the same.
  if (!detached && own && gp->preemptible > 0 && gp->lockedm == nullptr &&
      YieldOnReturn(gp, context)) {
    return;
  }
  // In a library the thread may hold a lock of libc's that everybody needs.
  const bool may_stop = own && mode == PreemptMode::kStop;
  // Already without a P. sysmon asks again at its next tick.
  if (detached && !may_stop) return;
  // What follows hands off a P or waits for a P, which is the runtime's work.
  EnterRuntime();
  // THR-3. A signal handler must not make threads.
  m->in_handler = true;
  if (!may_stop) {
    Detach(m, gp);
  } else if (detached) {
    Reattach(m, gp);  // PRE-4
  } else if (request == kStopWorld &&
             m->p->runq.runnext.load(memory_order_relaxed) == nullptr) {
    // gp takes runnext. A goroutine in runnext would lose its turn to gp, so
    // with such a goroutine gp goes the ordinary way below, as in Go.
    StopInPlace(m, gp);  // PRE-4
  } else {
    HandoffP(ReleaseP(m));
    WaitForP(m, gp);  // PRE-4
  }
  m->in_handler = false;
  LeaveRuntime();
}

// Calls the handler that had SIGURG before ours.
void Forward(int sig, siginfo_t* info, void* context) {
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(sig, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(sig);
  }
}

void OnSigurg(int sig, siginfo_t* info, void* context) {
  M* m = getm();
  // Every signal, also ours, as in Go. The kernel may have made one signal of
  // two, and the other signal was for the previous handler.
  Forward(sig, info, context);
  if (m == nullptr) return;
  // Taken back before acting. A request that comes during GiveWay is a new one.
  // acquire: pairs with the release in Ask.
  const std::uint32_t request =
      m->preempt_request.exchange(0, memory_order_acquire);
  // PRE-3. The signal is not from Ask.
  if (request == 0) return;
  if (InRuntime()) return SetPreemptPending(true);  // PRE-2
  // The goroutine may be between a system call and its look at errno.
  const int saved_errno = internal::GetErrno();
  GiveWay(m, request, context);
  internal::SetErrno(saved_errno);
}

// ---- those who ask --------------------------------------------------------

// Sends the preemption signal to m's thread. Mirrors: runtime.preemptM.
void Ask(M* m, std::uint32_t request) {
  // Before the signal. Without the request, the handler takes the signal for
  // somebody else's.
  // release: pairs with the acquire in OnSigurg.
  m->preempt_request.fetch_or(request, memory_order_release);
  // tgkill and not pthread_kill, since the thread of a stale m may have ended.
  // The signal goes astray then, which does no harm.
  ::syscall(SYS_tgkill, ::getpid(), m->tid.load(memory_order_relaxed), SIGURG);
}

// Asks the goroutine that runs on p.
void AskP(P* p, std::uint32_t request) {
  // For a thread that enters the scheduler before the signal comes.
  p->preempt.store(true, memory_order_relaxed);
  // acquire: pairs with the release in AcquireP.
  M* m = p->m.load(memory_order_acquire);
  if (m == nullptr) return;
  if (mode != PreemptMode::kOff) return Ask(m, request);
  // Cooperation only. Without signals, the note that the handler would leave is
  // left here. The note is in the thread's own storage. An M that holds p takes
  // the lock before its thread ends (FreeM), so under the lock the note is
  // there.
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
    // Under TSan the handler may run inside TSan's runtime, and a thread must
    // not sleep there.
    if (how == "handoff" || MN_TSAN) mode = PreemptMode::kHandoff;
    if (!how.empty() && how != "handoff" && how != "stop") {
      FatalText text;
      text << "runtime: GODEBUG=preempt= takes stop, handoff or off; using "
           << (mode == PreemptMode::kStop ? "stop\n" : "handoff\n");
      text.Print();
    }
  }
  if (mode == PreemptMode::kOff) return;
  // What the handler uses comes before the handler. InstallCrashSignals has
  // found the program's own text.
  PreemptTraceInit();
  PreemptibleScopeInit();
  struct sigaction action = {};
  action.sa_sigaction = OnSigurg;
  // SA_ONSTACK, since a goroutine's stack may be nearly full. SA_RESTART, since
  // a read that was interrupted should go on.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGURG, &action, &previous);
}

PreemptMode CurrentPreemptMode() { return mode; }

void PreemptOne(P* p) { AskP(p, kPreempt); }

void PreemptDetached(M* m) { Ask(m, kPreempt); }

void PreemptAll() {
  for (P* p : Allp()) {
    // Whoever stops the world takes the other Ps without asking.
    if (p->status.load(memory_order_relaxed) == PStatus::kRunning)
      AskP(p, kStopWorld);
  }
}

}  // namespace mn
