#include "runtime/sim/host/world.h"

#include <new>

#include "runtime/core/getg.h"
#include "runtime/ctx/stack.h"
#include "runtime/ctx/switch.h"
#include "runtime/net/netpoll.h"
#include "runtime/sched/deadlock.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/park.h"
#include "runtime/sched/preempt_signal.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/schedule.h"
#include "runtime/sched/sysmon.h"
#include "runtime/sched/threads.h"
#include "runtime/sim/model.h"
#include "runtime/sim/ops.h"

namespace mn::sim {

namespace {

constexpr int kMaxPs = 4;
constexpr int kMaxGs = 6;
constexpr std::size_t kStackSize = 64 * 1024;

struct World {
  P p[kMaxPs];
  P* table[kMaxPs] = {};
  AllPs all;
  int ms = 0;
  int gs = 0;
};

alignas(64) World world;
alignas(4096) char stacks[kMaxGs][kStackSize];
G* goroutines[kMaxGs];
bool per_thread = false;

void End(G* gp, void*) {
  SetStatus(gp, GStatus::kRunning, GStatus::kDead);
  Say("ended:", gp);
}

void Entry(void* self) {
  G* gp = static_cast<G*>(self);
  EnterSwitched(gp);
  Say("runs:", gp);
  gp->fn(gp->arg);
  SwitchAway(gp, End, nullptr, /*dying=*/true);
  __builtin_unreachable();
}

void BeginM(M* m) {
  tls_m = m;
  InitThreadStack(m);
}

void RunWithP(void* arg) {
  M* m = static_cast<M*>(arg);
  BeginM(m);
  P* p = m->nextp;
  m->nextp = nullptr;
  AcquireP(m, p);
  Schedule(m);
}

void RunIdle(void* arg) {
  M* m = static_cast<M*>(arg);
  BeginM(m);
  StopM(m);
  Schedule(m);
}

M* MakeM() {
  M* m = new M;
  m->id = world.ms++;
  m->rand = 0x9E3779B97F4A7C15u * static_cast<std::uint64_t>(m->id + 1);
  Name(m->park, "m.park", static_cast<int>(m->id));
  Name(m->nextp, "m.nextp", static_cast<int>(m->id), true);
  Name(*m, "M", static_cast<int>(m->id));
  return m;
}

// A thread whose M holds the P and looks for work at once.
void AddM(const char* name, P* p) {
  M* m = MakeM();
  // Off the idle list, wherever it is.
  for (P** link = &sched.pidle;; link = &(*link)->link) {
    if (*link == p) {
      *link = p->link;
      break;
    }
  }
  p->link = nullptr;
  p->status.store(PStatus::kRunning);
  sched.npidle.fetch_sub(1);
  m->nextp = p;
  Spawn(name, RunWithP, m, /*daemon=*/true);
}

void AddIdleM(const char* name) {
  M* m = MakeM();
  Spawn(name, RunIdle, m, /*daemon=*/true);
}

const char* const kMNames[] = {"M0", "M1", "M2", "M3"};
const char* const kGNames[] = {"G1", "G2", "G3", "G4", "G5", "G6"};

void NewPs(int ps, int ncpu) {
  if (!per_thread) {
    PerThread(reinterpret_cast<void**>(&tls_m));
    per_thread = true;
  }
  Renew(sched);
  Renew(world);
  Name(sched.lock, "sched.lock");
  Name(sched.midle, "sched.midle", -1, true);
  Name(sched.npidle, "npidle");
  Name(sched.pidle, "sched.pidle", -1, true);
  Name(sched.runqsize, "runqsize");
  Name(sched.nmspinning, "nmspinning");
  Name(sched.needspinning, "needspinning");
  Name(sched.lastpoll, "lastpoll");
  Name(sched.poll_until, "poll_until");
  Name(sched.urgent, "urgent");
  Name(sched.gcwaiting, "gcwaiting");
  Name(sched.gomaxprocs, "gomaxprocs");
  Name(sched.allps, "allps");
  Name(sched.sysmon_until, "sysmon_until");
  Name(sched, "sched");
  world.all.n = ps;
  world.all.made = ps;
  world.all.p = world.table;
  sched.allps.store(&world.all);
  sched.gomaxprocs.store(ps);
  sched.ncpu = ncpu;
  for (int i = ps - 1; i >= 0; i--) {
    P& p = world.p[i];
    world.table[i] = &p;
    p.id = i;
    // Past the 61st tick: the global queue first is another model's business.
    p.schedtick.store(1);
    PidlePut(&p);
    Name(p.runq.head, "runq.head", i);
    Name(p.runq.tail, "runq.tail", i);
    Name(p.runq.runnext, "runq.runnext", i);
    for (auto& slot : p.runq.ring) Name(slot, "runq.ring", i);
    Name(p.status, "p.status", i);
    Name(p.schedtick, "p.schedtick", i);
    Name(p.m, "p.m", i);
    Name(p.preempt, "p.preempt", i);
    Name(p.timers, "p.timers", i);
    Name(p, "P", i);
  }
}

}  // namespace

void NewWorld(const Scene& scene) {
  NewPs(scene.ps_, scene.ncpu_);
  for (int i = 0; i < scene.ps_; i++) {
    const Scene::Ring& ring = scene.rings_[i];
    for (int k = 0; k < ring.n; k++) {
      RunqPut(world.p[i].runq, AddG(ring.body[k]), false);
    }
  }
  const int looking = scene.looking_ < 0 ? scene.ps_ : scene.looking_;
  for (int i = 0; i < looking; i++) AddM(kMNames[i], &world.p[i]);
  for (int i = 0; i < scene.asleep_; i++) AddIdleM(kMNames[looking + i]);
}

P* PNumber(int i) { return world.table[i]; }

G* AddG(void (*fn)(void*)) {
  const int i = world.gs++;
  G* gp = new (stacks[i] + kStackSize - sizeof(G)) G;
  goroutines[i] = gp;
  gp->goid = static_cast<std::uint64_t>(i + 1);
  gp->stack_lo = reinterpret_cast<std::uintptr_t>(stacks[i]);
  gp->stack_hi = reinterpret_cast<std::uintptr_t>(gp);
  gp->fn = fn;
  MakeContext(gp, reinterpret_cast<void*>(gp->stack_hi & ~std::uintptr_t{15}),
              Entry);
  gp->status.store(GStatus::kRunnable);
  Name(*gp, kGNames[i]);
  Name(gp->status, "status of G", i + 1);
  return gp;
}

int Goroutines() { return world.gs; }

void CheckWorld() {
  for (int i = 0; i < world.gs; i++) {
    Expect(goroutines[i]->status.load() == GStatus::kDead,
           "MN-7: every M sleeps and a goroutine has not run to its end");
  }
  int n = 0;
  for (P* p = sched.pidle; p != nullptr && n <= world.all.n; p = p->link) n++;
  Expect(n == world.all.n && sched.npidle.load() == n,
         "MN-2: every M sleeps and a P is not on the idle list, or twice");
  Expect(sched.nmspinning.load() == 0,
         "S1: every M sleeps and one is still counted as spinning");
}

}  // namespace mn::sim

// ---- what is around the scheduler -----------------------------------------

namespace mn {

void CtxReturned() { Throw("a goroutine's outermost function returned"); }

void InitThreadStack(M* m) {
  m->g0.m = m;
  m->curg = &m->g0;
  m->eh = new EhGlobals;
}

void InstallSignalStack() {}

// A thread is made at once, whoever asks.
bool MayCreateThread() { return true; }

void NewM(P* p, bool spinning) {
  M* m = sim::MakeM();
  m->nextp = p;
  m->spinning = spinning;
  sim::Spawn("new M", sim::RunWithP, m, /*daemon=*/true);
}

void NeedM(P*, bool) { Throw("MayCreateThread said yes"); }

void MExit(M*) { Throw("no M of a model ends"); }

// A model ends with every M asleep; CheckWorld says whether that is right.
bool CheckDead() { return false; }

// A goroutine of a model comes to the scheduler by itself.
void PreemptAll() {}

// Of sysmon a model sees that it was woken.
void internal::WakeSysmon() {
  sched.sysmon_slow.store(false, memory_order_relaxed);
}
// Nothing takes the P of a goroutine that runs.
void internal::EnterWithoutP(const char*) { Throw("a call without a P"); }
void internal::YieldToPreemption() {}

void NetpollWait(std::int64_t until) {
  sim::OpBlock(&sched.lastpoll, until, {"netpoll", 0});
}
void NetpollBreak() { sim::OpUnblock(&sched.lastpoll, {"netpoll", 0}); }

}  // namespace mn
