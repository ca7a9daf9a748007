// The program's start (Go's rt0, schedinit and main) and its end.
//
// The order matters: reports and signal handlers come first, so that whatever
// fails after them is reported; Ps come before the first M that needs one, and
// sysmon before the first goroutine that may have to be preempted.
#include <stdlib.h>

#include <exception>

#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/core/sched.h"
#include "runtime/ctx/stack.h"
#include "runtime/ctx/switch.h"
#include "runtime/diag/crash_signals.h"
#include "runtime/diag/fatal_report.h"
#include "runtime/diag/panic_report.h"
#include "runtime/go.h"
#include "runtime/net/netpoll.h"
#include "runtime/sched/deadlock.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/preempt_signal.h"
#include "runtime/sched/procresize.h"
#include "runtime/sched/schedule.h"
#include "runtime/sched/spawn.h"
#include "runtime/sched/sysmon.h"
#include "runtime/sched/threads.h"

namespace mn {

namespace {

// Main's stack is as large as people expect of main(): address space only.
constexpr std::size_t kMainStackSize = 8 << 20;

void RunMain(void* arg) {
  const int status = (*static_cast<std::function<int()>*>(arg))();
  EnterRuntime();  // no preemption from here on: exit handlers hold locks
  WaitIfDying();
  std::exit(status);
}

}  // namespace

int Main(std::function<int()> fn) {
  if (sched.started) Throw("mn::Main was called twice", "mn::Main");
  sched.started = true;
  if (fn == nullptr) internal::GoOfNil();

  FatalReportInit();
  std::set_terminate(TerminateHandler);
  InstallCrashSignals();
  NetpollInit();
  DeadlockInit();
  PreemptInit();

  ProcResize(SchedInitGomaxprocs());
  {
    RtLock lock(sched.lock);
    const AllPs& all = Allp();
    for (std::int32_t i = all.n - 1; i >= 0; i--) PidlePut(all.p[i]);
  }

  M* m = AllocM(/*foreign=*/false);
  sched.m0 = m;
  MInit(m);
  {
    RtLock lock(sched.lock);
    AcquireP(m, PidleGet());
  }
  StartSysmon();

  G* gp = NewG(m->p, 0, kMainStackSize);
  gp->arg = &fn;  // on the main thread's stack, which g0 keeps for ever
  // Before another M may run it. release: pairs with the acquire in NeedExtraM.
  sched.running.store(true, memory_order_release);
  // No Wakep: nobody takes it from the main thread, where it begins, as in Go.
  StartG(m->p, gp, RunMain);
  Schedule(m);
}

}  // namespace mn
