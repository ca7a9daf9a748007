#include "runtime/sched/park.h"

#include "runtime/core/getg.h"
#include "runtime/ctx/switch.h"
#include "runtime/go.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/schedule.h"
#include "runtime/sched/spinning.h"

namespace mn {

namespace {

struct Park {
  bool (*commit)(G*, void*);
  void* arg;
};

void MakeRunnable(G* gp, GStatus from, bool next) {
  SetStatus(gp, from, GStatus::kRunnable);
  RunqPut(getp()->runq, gp, next);
  Wakep();
}

void CommitPark(G* gp, void* arg) {
  const Park park = *static_cast<Park*>(arg);  // on gp's stack: copy first
  SetStatus(gp, GStatus::kRunning, GStatus::kWaiting);
  if (park.commit != nullptr && !park.commit(gp, park.arg)) {
    MakeRunnable(gp, GStatus::kWaiting, true);
  }
}

void CommitUnlockOnly(G* gp, void* lock) {
  SetStatus(gp, GStatus::kRunning, GStatus::kWaiting);
  static_cast<RtMutex*>(lock)->Unlock();
}

void CommitYield(G* gp, void*) { MakeRunnable(gp, GStatus::kRunning, false); }

}  // namespace

void internal::NotOnGoroutine(const char* function) {
  const M* m = getm();
  const bool blocking = m != nullptr && m->p == nullptr && m->curg != &m->g0;
  FatalText text;
  text << "runtime: " << function
       << (blocking
               ? " was called inside mn::Syscall, mn::BlockingCall or "
                 "mn::Foreign, where the thread has no P; call it before or "
                 "after, or through mn::Callback\n"
               : " was called outside a goroutine; call it from inside "
                 "mn::Main or a function started with mn::Go, or through "
                 "mn::Callback\n");
  text.Print();
  Throw("not on a goroutine");
}

__attribute__((noinline)) void SwitchAway(G* gp, void (*after)(G*, void*),
                                          void* arg, bool dying) {
  M* m = gp->m;
  // The next goroutine straight from this stack if it is at hand: half the cost
  // of going through g0. Safe since `after` publishes gp only on that stack.
  G* next = PickLocal(m);
  SwitchTo(gp, next != nullptr ? next : &m->g0, after, arg, dying);
}

void Gopark(bool (*commit)(G*, void*), void* arg, WaitReason reason) {
  G* gp = getg();
  gp->waitreason.store(reason, memory_order_relaxed);
  Park park{commit, arg};
  SwitchAway(gp, CommitPark, &park);
}

void GoparkUnlock(RtMutex* lock, WaitReason reason) {
  G* gp = getg();
  gp->waitreason.store(reason, memory_order_relaxed);
  SwitchAway(gp, CommitUnlockOnly, lock);
}

void GoparkForever(WaitReason reason) {
  Gopark(nullptr, nullptr, reason);
  Throw("a goroutine that waits for ever was made ready", "PARK-2");
}

void Goready(G* gp) {
  if (gp->status.load(memory_order_relaxed) != GStatus::kWaiting) [[unlikely]] {
    Throw("Goready of a goroutine that does not wait", "PARK-2");
  }
  MakeRunnable(gp, GStatus::kWaiting, true);
}

void YieldNow() { SwitchAway(getg(), CommitYield, nullptr); }

void Gosched() {
  ParkingCall call("mn::Gosched");
  // To the tail of the own ring, not of the global queue as in Go: goroutines
  // that yield to each other need no lock, and the 1/61 rule keeps the global
  // queue served.
  SwitchAway(call.g(), CommitYield, nullptr);
}

}  // namespace mn
