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

// Whether the number is fixed. atomic: written before the start or in a stopped
// world, and read by any thread. The flag publishes nothing else, so relaxed is
// enough.
mn::atomic<bool> custom{false};

// The CPU limit of the process. Main opens the files once, at the start, and
// nobody closes them, because sysmon reads them while the process exits.
const cgroup::CPU* cpu_limit = nullptr;

// Returns what GOMAXPROCS is when nobody has set the number. `explain` prints
// how the number comes about (GODEBUG=maxprocs=1).
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

// Moves the runnable goroutines of p to the head of the global queue, in order.
// REQUIRES: sched.lock is held, and the world is stopped.
void EmptyRunq(P* p) {
  // runnext and a full ring. From behind, each goroutine goes to the head, so
  // the first one ends up first.
  G* queued[kRunqSize + 1];
  std::int32_t n = 0;
  while (G* gp = RunqGet(p->runq)) queued[n++] = gp;
  for (std::int32_t i = n - 1; i >= 0; i--) sched.runq.PushFront(queued[i]);
  sched.runqsize.store(sched.runqsize.load(memory_order_relaxed) + n,
                       memory_order_relaxed);
}

// Returns the old number. Called by a goroutine, in the runtime. May yield, and
// then the goroutine may be on another thread.
std::int32_t SetGomaxprocs(std::int32_t n, bool by_hand) {
  StopTheWorld();
  custom.store(by_hand, memory_order_relaxed);
  const std::int32_t before = Gomaxprocs();
  // Under the same stop, so that sysmon cannot change the number between the
  // flag and the Ps.
  if (n != before) ProcResize(n);
  StartTheWorld(getm());
  return before;
}

}  // namespace

// More than any machine has. Without this limit a number with a digit too many
// would make Ps until the kernel's OOM killer ends the process.
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
  table->older = old;  // reachable, so LSan sees no leak
  // Removed Ps stay in the table, because NumGoroutine still sums their
  // counters.
  table->made = made > n ? made : n;
  table->p = new P*[static_cast<std::size_t>(table->made)];
  for (std::int32_t i = 0; i < table->made; i++) {
    if (i < made) {
      table->p[i] = old->p[i];
    } else {
      table->p[i] = new P;
      table->p[i]->id = i;
    }
    // The world is stopped, so no compare-and-swap can take a P meanwhile. The
    // caller hands the Ps out later, by StartTheWorld or as Main does.
    table->p[i]->status.store(i < n ? PStatus::kGcstop : PStatus::kDead,
                              memory_order_relaxed);
  }
  if (old != nullptr) {
    // TakeAll allocates, so this loop must not hold sched.lock. A thread that
    // was interrupted inside malloc has malloc's lock and may want sched.lock.
    for (std::int32_t i = n; i < old->n; i++) {
      table->p[0]->timers.TakeAll(old->p[i]->timers);  // GMP-3
    }
    RtLock lock(sched.lock);
    // From the last P to the first, because each P puts its goroutines before
    // those of the P that came before it. So the goroutines of the first
    // removed P come first.
    for (std::int32_t i = old->n - 1; i >= n; i--)
      EmptyRunq(old->p[i]);  // GMP-1
  }
  // A removed P hands out no goroutine, so its free Gs would be lost to the
  // others. This loop also visits Ps that were removed earlier, which have none
  // left.
  for (std::int32_t i = n; i < made; i++) ReleaseGfree(table->p[i]);
  // release: pairs with the acquire in Allp. The old table stays, because other
  // threads may be reading it. A table costs a few bytes per P.
  sched.allps.store(table, memory_order_release);
  sched.gomaxprocs.store(n, memory_order_relaxed);
}

bool GomaxprocsIsCustom() { return custom.load(memory_order_relaxed); }

std::int32_t SchedInitGomaxprocs() {
  sched.ncpu = cgroup::AffinityCount();
  // With containermaxprocs=0, as in Go, nobody reads the cgroup, now or later.
  if (Godebug("containermaxprocs") != "0") {
    cpu_limit = new cgroup::CPU(cgroup::CPU::Open());
  }
  const char* env = std::getenv("GOMAXPROCS");
  // 0 stands for no usable value, since a usable value is greater than 0.
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
  // sysmon never waits for the lock of the world. If another thread stops the
  // world now, sysmon tries again a second later.
  if (!TryStopTheWorld()) return;
  // A call of GOMAXPROCS(n) may have come between the first look and the stop.
  if (!GomaxprocsIsCustom()) ProcResize(n);
  // sysmon has no P and wants none.
  StartTheWorld(nullptr);
}

int GOMAXPROCS() { return Gomaxprocs(); }

int GOMAXPROCS(int n) {
  // The mere question must not stop the world.
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
  // Before Main has made the first Ps there are no goroutines. acquire: pairs
  // with the release in ProcResize.
  if (sched.allps.load(memory_order_acquire) == nullptr) return 0;
  const AllPs& all = Allp();
  // First all ends, then all beginnings. A goroutine may move and end between
  // the two loops. Such a goroutine may be counted too often, but never too
  // rarely.
  std::int64_t n = 0;
  for (std::int32_t i = 0; i < all.made; i++) {
    // acquire: pairs with the release in Bump.
    n -= all.p[i]->destroyed.load(memory_order_acquire);
  }
  for (std::int32_t i = 0; i < all.made; i++) {
    n += all.p[i]->created.load(memory_order_relaxed);
  }
  // A goroutine on a foreign thread was made without a P, so no P counts its
  // beginning.
  return static_cast<int>(n + sched.nforeigng.load(memory_order_relaxed));
}

}  // namespace mn
