// The runtime's own park and ready: the piece of lesson 03.
//
// What: see the contract, runtime/plug/park.h (invariants PARK-1 to PARK-5).
//
// Rejected: a state "about to wait" that the waker would have to spin on; a
// waiter that publishes itself and takes itself off the list again if it was
// too late (two more cases in every list of waiters).
#include "runtime/plug/park.h"

namespace mn {

namespace {

struct Park {
  bool (*commit)(G*, void*);
  void* arg;
};

void MakeRunnable(G* gp) {
  SetStatus(gp, GStatus::kWaiting, GStatus::kRunnable);
  RunqPut(getp()->runq, gp, true);
  Wakep();
}

// On the next stack: gp's registers are saved (PARK-5).
void CommitPark(G* gp, void* arg) {
  // The Park lies on gp's stack, which is gp's again once gp is published.
  const Park park = *static_cast<Park*>(arg);
  SetStatus(gp, GStatus::kRunning, GStatus::kWaiting);
  if (park.commit != nullptr && !park.commit(gp, park.arg)) MakeRunnable(gp);
}

void CommitUnlock(G* gp, void* lock) {
  // First waiting, then published: the waker may be on another thread and take
  // the lock at once (PARK-1).
  SetStatus(gp, GStatus::kRunning, GStatus::kWaiting);
  static_cast<RtMutex*>(lock)->Unlock();
}

}  // namespace

void Gopark(bool (*commit)(G*, void*), void* arg, WaitReason reason) {
  G* gp = getg();
  gp->waitreason.store(reason, memory_order_relaxed);
  Park park{commit, arg};
  SwitchAway(gp, CommitPark, &park);
}

void GoparkUnlock(RtMutex* lock, WaitReason reason) {
  G* gp = getg();
  gp->waitreason.store(reason, memory_order_relaxed);
  SwitchAway(gp, CommitUnlock, lock);
}

void Goready(G* gp) {
  if (gp->status.load(memory_order_relaxed) != GStatus::kWaiting) [[unlikely]] {
    Throw("Goready of a goroutine that does not wait", "PARK-2");
  }
  MakeRunnable(gp);
}

}  // namespace mn
