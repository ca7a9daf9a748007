// The start of everything (Go's rt0 and schedinit) and its end.
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include <exception>

#include "runtime/core/getg.h"
#include "runtime/core/sched.h"
#include "runtime/ctx/stack.h"
#include "runtime/ctx/switch.h"
#include "runtime/diag/traceback.h"
#include "runtime/go.h"
#include "runtime/net/netpoll.h"
#include "runtime/sched/gomaxprocs.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/schedule.h"
#include "runtime/sched/spawn.h"

namespace mn {

namespace {

// Main's stack is as large as people expect of main(): address space only.
constexpr std::size_t kMainStackSize = 8 << 20;

std::int32_t CountCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const int n = CPU_COUNT(&set);
  return n > 0 ? n : 1;
}

void RunMain(void* arg) {
  const int status = (*static_cast<std::function<int()>*>(arg))();
  WaitIfDying();
  std::exit(status);
}

}  // namespace

int Main(std::function<int()> fn) {
  if (sched.started) Throw("mn::Main was called twice", "mn::Main");
  sched.started = true;
  if (fn == nullptr) internal::GoOfNil();

  fatal_traceback = TracebackForFatal;
  std::set_terminate(TerminateHandler);
  InstallOverflowReport();
  InstallSignalStack();
  NetpollInit();

  sched.ncpu = CountCpus();
  sched.gomaxprocs = InitialGomaxprocs(::getenv("GOMAXPROCS"), sched.ncpu);
  sched.allp = new P[static_cast<std::size_t>(sched.gomaxprocs)];
  for (std::int32_t i = sched.gomaxprocs - 1; i >= 0; i--) {
    sched.allp[i].id = i;
    PidlePut(&sched.allp[i]);
  }

  M* m = new M;
  m->id = sched.mcount++;
  m->thread = pthread_self();
  m->rand = 0x9E3779B97F4A7C15u;
  tls_m = m;
  InitThreadStack(m);
  AcquireP(m, PidleGet());

  G* gp = NewG(m->p, 0, kMainStackSize);
  gp->arg = &fn;  // on the main thread's stack, which g0 keeps for ever
  StartG(m->p, gp, RunMain);
  Schedule(m);
}

int GOMAXPROCS() { return sched.gomaxprocs; }

int NumCPU() { return sched.ncpu; }

int NumGoroutine() {
  // All ends before all beginnings: a goroutine that moves and ends meanwhile
  // may be counted too often, never too rarely.
  std::int64_t n = 0;
  for (std::int32_t i = 0; i < sched.gomaxprocs; i++) {
    // acquire: pairs with the release in Bump.
    n -= sched.allp[i].destroyed.load(memory_order_acquire);
  }
  for (std::int32_t i = 0; i < sched.gomaxprocs; i++) {
    n += sched.allp[i].created.load(memory_order_relaxed);
  }
  return static_cast<int>(n);
}

}  // namespace mn
