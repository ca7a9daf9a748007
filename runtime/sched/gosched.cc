// Gosched: a goroutine leaves its thread and stays runnable. And the way off a
// stack that every goroutine takes.
#include "runtime/core/getg.h"
#include "runtime/ctx/switch.h"
#include "runtime/go.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/schedule.h"

namespace mn {

namespace {

void CommitYield(G* gp, void*) {
  SetStatus(gp, GStatus::kRunning, GStatus::kRunnable);
  RunqPut(getp()->runq, gp, false);
  Wakep();
}

}  // namespace

__attribute__((noinline)) void SwitchAway(G* gp, void (*after)(G*, void*),
                                          void* arg, bool dying) {
  M* m = gp->m;
  // The next goroutine straight from this stack if it is at hand: half the cost
  // of going through g0. Safe since `after` publishes gp only on that stack.
  G* next = PickLocal(m);
  SwitchTo(gp, next != nullptr ? next : &m->g0, after, arg, dying);
}

void YieldNow() { SwitchAway(getg(), CommitYield, nullptr); }

void Gosched() {
  ParkingCall call("mn::Gosched");
  // To the tail of the own ring, not of the global queue as in Go: goroutines
  // that yield to each other need no lock, and the 1/61 rule keeps the global
  // queue served.
  SwitchAway(call.g(), CommitYield, nullptr);
}

void GoparkForever(WaitReason reason) {
  Gopark(nullptr, nullptr, reason);
  Throw("a goroutine that waits for ever was made ready", "PARK-2");
}

}  // namespace mn
