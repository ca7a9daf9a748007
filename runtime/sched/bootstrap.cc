// The program's start (Go's rt0, schedinit and main) and its end.
//
// The order matters. Reports and signal handlers come first, so that a failure
// of any later step is reported. The Ps come before the first M, which needs a
// P. sysmon comes before the first goroutine, which sysmon may have to preempt.
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

// As large as main()'s stack usually is. This is address space only. The kernel
// brings memory for the pages that main touches.
constexpr std::size_t kMainStackSize = 8 << 20;

void RunMain(void* arg) {
  const int status = (*static_cast<std::function<int()>*>(arg))();
  // No preemption from here on. Exit handlers may hold locks, and a thread that
  // is stopped would keep them.
  EnterRuntime();
  // Another thread may be writing a fatal report. Its exit status wins over
  // main's, as in Go.
  WaitIfDying();
  std::exit(status);
}

}  // namespace

int Main(std::function<int()> fn) {
  if (sched.started) Throw("mn::Main was called twice", "mn::Main");
  sched.started = true;
  if (fn == nullptr) internal::GoOfNil();

  // First. Before this line Throw prints no goroutines.
  FatalReportInit();
  std::set_terminate(TerminateHandler);
  // Before PreemptInit. InstallCrashSignals finds the program's own text, and
  // the handler of the preemption signal asks for the text.
  InstallCrashSignals();
  NetpollInit();
  DeadlockInit();
  PreemptInit();

  ProcResize(SchedInitGomaxprocs());
  {
    RtLock lock(sched.lock);
    const AllPs& all = Allp();
    // The highest first. The idle list is LIFO, so main gets P 0.
    for (std::int32_t i = all.n - 1; i >= 0; i--) PidlePut(all.p[i]);
  }

  M* m = AllocM(/*foreign=*/false);
  // MExit asks for m0, since the end of the main thread would end the process.
  sched.m0 = m;
  MInit(m);
  {
    RtLock lock(sched.lock);
    AcquireP(m, PidleGet());
  }
  StartSysmon();

  G* gp = NewG(m->p, 0, kMainStackSize);
  // fn lies on the main thread's own stack. That stack stays, since Schedule
  // below does not return.
  gp->arg = &fn;
  // Before main runs and can start a thread that calls in.
  // release: pairs with the acquire in NeedExtraM.
  sched.running.store(true, memory_order_release);
  // No Wakep follows. Another M could steal main, and main begins on the main
  // thread, as in Go.
  StartG(m->p, gp, RunMain);
  Schedule(m);
}

}  // namespace mn
