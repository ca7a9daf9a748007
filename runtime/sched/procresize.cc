#include "runtime/sched/procresize.h"

#include <cstdlib>
#include <cstring>
#include <string>

#include "runtime/core/getg.h"
#include "runtime/core/godebug.h"
#include "runtime/core/profile.h"
#include "runtime/go.h"
#include "runtime/os/cgroup/affinity.h"
#include "runtime/os/cgroup/cpu.h"
#include "runtime/os/cgroup/default_gomaxprocs.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/gomaxprocs.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/spawn.h"
#include "runtime/sched/stw.h"

namespace mn {

namespace {

mn::atomic<bool> custom{false};

// The process's limit; opened once, at the start. Never closed: sysmon reads it
// while the process exits.
const cgroup::CPU* cpu_limit = nullptr;

// What GOMAXPROCS would be if nobody had set it.
std::int32_t DefaultProcs(std::int32_t ncpu, bool explain) {
  const cgroup::Profile profile = CurrentProfile() == Profile::kGo
                                      ? cgroup::Profile::kGo
                                      : cgroup::Profile::kDocument;
  cgroup::Limit limit;
  if (cpu_limit != nullptr) limit = cpu_limit->Read();
  const cgroup::Gomaxprocs g =
      cgroup::DefaultGomaxprocs(profile, ncpu, limit.cpus);
  if (explain && cpu_limit != nullptr) {
    FatalText text;
    text << cgroup::ExplainGomaxprocs(g, *cpu_limit, limit).c_str() << "\n";
    text.Print();
  }
  return g.procs;
}

// The runnable goroutines of p go to the head of the global queue, in order.
// REQUIRES: sched.lock, stopped world.
void EmptyRunq(P* p) {
  G* queued[kRunqSize + 1];
  std::int32_t n = 0;
  while (G* gp = RunqGet(p->runq)) queued[n++] = gp;
  for (std::int32_t i = n - 1; i >= 0; i--) sched.runq.PushFront(queued[i]);
  sched.runqsize.store(sched.runqsize.load(memory_order_relaxed) + n,
                       memory_order_relaxed);
}

// Returns the old number. Caller: a goroutine, in the runtime. May park.
std::int32_t SetGomaxprocs(std::int32_t n, bool by_hand) {
  StopTheWorld();
  custom.store(by_hand, memory_order_relaxed);
  const std::int32_t before = Gomaxprocs();
  if (n != before) ProcResize(n);
  StartTheWorld(getm());
  return before;
}

}  // namespace

// More than any machine has; a number with a digit too many would end in the
// kernel's OOM killer.
constexpr std::int32_t kMaxGomaxprocs = 1 << 16;

void ProcResize(std::int32_t n) {
  if (n > kMaxGomaxprocs) {
    FatalText text;
    text << "runtime: GOMAXPROCS=" << n << " exceeds the limit of "
         << kMaxGomaxprocs << "\n";
    text.Print();
    Throw("too many processors");
  }
  const AllPs* old = sched.allps.load(memory_order_relaxed);
  const std::int32_t made = old == nullptr ? 0 : old->made;
  auto* table = new AllPs;
  table->n = n;
  table->older = old;  // still somebody's: no leak
  table->made = made > n ? made : n;
  table->p = new P*[static_cast<std::size_t>(table->made)];
  for (std::int32_t i = 0; i < table->made; i++) {
    if (i < made) {
      table->p[i] = old->p[i];
    } else {
      table->p[i] = new P;
      table->p[i]->id = i;
    }
    table->p[i]->status.store(i < n ? PStatus::kGcstop : PStatus::kDead,
                              memory_order_relaxed);
  }
  if (old != nullptr) {
    // Allocates, so not under sched.lock: a thread that was interrupted inside
    // malloc may want that.
    for (std::int32_t i = n; i < old->n; i++) {
      table->p[0]->timers.TakeAll(old->p[i]->timers);  // GMP-3
    }
    RtLock lock(sched.lock);
    for (std::int32_t i = old->n - 1; i >= n; i--)
      EmptyRunq(old->p[i]);  // GMP-1
  }
  for (std::int32_t i = n; i < made; i++) ReleaseGfree(table->p[i]);
  // release: pairs with the acquire in Allp. The old table stays for those who
  // hold it (it is a few bytes per P and call).
  sched.allps.store(table, memory_order_release);
  sched.gomaxprocs.store(n, memory_order_relaxed);
}

bool GomaxprocsIsCustom() { return custom.load(memory_order_relaxed); }

std::int32_t SchedInitGomaxprocs() {
  sched.ncpu = cgroup::AffinityCount();
  if (Godebug("containermaxprocs") != "0") {
    cpu_limit = new cgroup::CPU(cgroup::CPU::Open());
  }
  const char* env = std::getenv("GOMAXPROCS");
  const std::int32_t fixed = InitialGomaxprocs(env, 0);
  const bool explain = Godebug("maxprocs") == "1";
  if (fixed != 0) {
    custom.store(true, memory_order_relaxed);
    if (explain) {
      FatalText text;
      text << "maxprocs: GOMAXPROCS=" << fixed << ": from the environment\n";
      text.Print();
    }
    return fixed;
  }
  return DefaultProcs(sched.ncpu, explain);
}

void UpdateGomaxprocs() {
  if (GomaxprocsIsCustom() || Godebug("updatemaxprocs") == "0") return;
  const std::int32_t n = DefaultProcs(cgroup::AffinityCount(), false);
  if (n == Gomaxprocs()) return;
  // sysmon never waits: if somebody else changes the number now, next time.
  if (!TryStopTheWorld()) return;
  if (!GomaxprocsIsCustom()) ProcResize(n);
  StartTheWorld(nullptr);
}

int GOMAXPROCS() { return Gomaxprocs(); }

int GOMAXPROCS(int n) {
  if (n <= 0) return Gomaxprocs();  // GMP-5
  ParkingCall call("mn::GOMAXPROCS");
  return SetGomaxprocs(n, /*by_hand=*/true);
}

void SetDefaultGOMAXPROCS() {
  ParkingCall call("mn::SetDefaultGOMAXPROCS");
  const std::int32_t n = DefaultProcs(cgroup::AffinityCount(), false);
  SetGomaxprocs(n, /*by_hand=*/false);
}

int NumCPU() { return sched.ncpu; }

int NumGoroutine() {
  // All ends before all beginnings: a goroutine that moves and ends meanwhile
  // may be counted too often, never too rarely. acquire: pairs with the
  // release in ProcResize.
  if (sched.allps.load(memory_order_acquire) == nullptr) return 0;
  const AllPs& all = Allp();
  std::int64_t n = 0;
  for (std::int32_t i = 0; i < all.made; i++) {
    // acquire: pairs with the release in Bump.
    n -= all.p[i]->destroyed.load(memory_order_acquire);
  }
  for (std::int32_t i = 0; i < all.made; i++) {
    n += all.p[i]->created.load(memory_order_relaxed);
  }
  return static_cast<int>(n + sched.nforeigng.load(memory_order_relaxed));
}

}  // namespace mn
