// Gosched: a goroutine leaves its thread and stays runnable. And SwitchAway, by
// which every goroutine leaves its stack, also to park or to die.
#include "runtime/core/getg.h"
#include "runtime/ctx/switch.h"
#include "runtime/go.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/schedule.h"

namespace mn {

namespace {

// Runs on the next stack. gp's registers are saved, so a thief may run gp as
// soon as RunqPut has queued gp (PARK-5).
void CommitYield(G* gp, void*) {
  SetStatus(gp, GStatus::kRunning, GStatus::kRunnable);
  RunqPut(getp()->runq, gp, false);
  Wakep();
}

}  // namespace

__attribute__((noinline)) void SwitchAway(G* gp, void (*after)(G*, void*),
                                          void* arg, bool dying) {
  M* m = gp->m;
  // If the next goroutine is at hand, the thread goes straight to its stack.
  // The way through g0 costs twice as much. PickLocal cannot return gp itself,
  // since gp is published by `after`, on the next stack.
  G* next = PickLocal(m);
  SwitchTo(gp, next != nullptr ? next : &m->g0, after, arg, dying);
}

void YieldNow() { SwitchAway(getg(), CommitYield, nullptr); }

void Gosched() {
  ParkingCall call("mn::Gosched");
  // To the tail of the own ring. Go takes the tail of the global queue. Here
  // goroutines that yield to each other need no lock, and the 1/61 rule keeps
  // the global queue served.
  SwitchAway(call.g(), CommitYield, nullptr);
}

void GoparkForever(WaitReason reason) {
  // Without a commit nobody learns of the goroutine, so nobody can wake it.
  Gopark(nullptr, nullptr, reason);
  Throw("a goroutine that waits for ever was made ready", "PARK-2");
}

}  // namespace mn
