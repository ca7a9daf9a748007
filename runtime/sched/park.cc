// The runtime's own park and ready, which is the piece of lesson 03.
//
// The contract is runtime/plug/park.h (invariants PARK-1 to PARK-7).
//
// Rejected: a state "about to wait". The waker would have to spin while a
// goroutine is in this state. A waiter that publishes itself was rejected too.
// If the wake-up came first, the waiter would have to take itself off the list
// again. Every list of waiters would have two more cases.
#include "runtime/plug/park.h"

namespace mn {

namespace {

// What Gopark leaves for CommitPark to do.
struct Park {
  bool (*commit)(G*, void*);
  void* arg;
};

// Queues gp on this P, to run next there.
void MakeRunnable(G* gp) {
  // The status before the queue. A thief may run gp as soon as gp is queued.
  SetStatus(gp, GStatus::kWaiting, GStatus::kRunnable);
  RunqPut(getp()->runq, gp, true);
  Wakep();
}

// Runs on the next stack. gp's registers are saved by then (PARK-5).
void CommitPark(G* gp, void* arg) {
  // A copy, since the Park lies on gp's stack. Once the commit has published
  // gp, gp may run again and leave the frame of Gopark.
  const Park park = *static_cast<Park*>(arg);
  // First waiting, then published. If the commit refuses, the park is
  // cancelled. gp has left its stack already, so gp comes back by way of the
  // queue.
  SetStatus(gp, GStatus::kRunning, GStatus::kWaiting);
  if (park.commit != nullptr && !park.commit(gp, park.arg)) MakeRunnable(gp);
}

// Runs on the next stack, as CommitPark does.
void CommitUnlock(G* gp, void* lock) {
  // First waiting, then published (PARK-1). The waker may be on another thread,
  // and takes the lock as soon as the lock is free.
  SetStatus(gp, GStatus::kRunning, GStatus::kWaiting);
  static_cast<RtMutex*>(lock)->Unlock();
}

}  // namespace

void Gopark(bool (*commit)(G*, void*), void* arg, WaitReason reason) {
  G* gp = getg();
  // For dumps, which read the reason of a goroutine that is kWaiting.
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
  // PARK-2, in every build. A goroutine that is queued twice would run on two
  // threads at once, and the damage would show far from here.
  if (gp->status.load(memory_order_relaxed) != GStatus::kWaiting) [[unlikely]] {
    Throw("Goready of a goroutine that does not wait", "PARK-2");
  }
  MakeRunnable(gp);
}

}  // namespace mn
