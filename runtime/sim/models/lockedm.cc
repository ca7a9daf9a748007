// Pinning (sched/lockedm.cc): the hand-off between a pinned goroutine's thread
// and whoever comes to run it (LOT-2, LOT-3, LOT-8).
//
// G1 pins itself, parks, and must go on on the same thread with a P of its own;
// the thread that picks it from a queue hands its P off and finds another one.
#include "runtime/sched/lockedm.h"

#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/go.h"
#include "runtime/sched/park.h"
#include "runtime/sim/host/world.h"
#include "runtime/sim/model.h"

namespace mn::sim {

namespace {

RtMutex lock;
bool ready;  // guarded by lock, both
G* waiter;

// What LockOSThread does.
void Pin() {
  M* m = getm();
  m->locked_ext = 1;
  m->lockedg = m->curg;
  m->curg->lockedm = m;
}

void Unpin() {
  M* m = getm();
  m->locked_ext = 0;
  m->lockedg = nullptr;
  m->curg->lockedm = nullptr;
}

void Pinned(void*) {
  Pin();
  const M* m = getm();
  lock.Lock();
  if (ready) {
    lock.Unlock();
  } else {
    waiter = getg();
    GoparkUnlock(&lock, WaitReason::kSemacquire);
  }
  Expect(getm() == m, "LOT-2: the same thread");
  Expect(getm()->p != nullptr, "MN-1: with a P");
  Unpin();
}

void PinnedYielder(void*) {
  Pin();
  const M* m = getm();
  Gosched();
  Expect(getm() == m, "LOT-2: the same thread");
  Unpin();
}

void Waker(void*) {
  G* gp;
  {
    RtLock hold(lock);
    ready = true;
    gp = waiter;
    waiter = nullptr;
  }
  if (gp != nullptr) Goready(gp);
}

void Other(void*) {}

void Begin(const Scene& scene) {
  NewWorld(scene);
  Renew(lock);
  Name(lock, "lock");
  ready = false;
  waiter = nullptr;
}

void PinnedWaker(void*) {
  Pin();
  const M* m = getm();
  Waker(nullptr);
  Gosched();
  Expect(getm() == m, "LOT-2: the same thread");
  Unpin();
}

// What the signal handler does when the world is being stopped, with the world
// started again by the time it hands the P off.
void StoppedInPlace(void*) {
  M* m = getm();
  G* gp = getg();
  EnterRuntime();
  StopInPlace(m, gp);
  LeaveRuntime();
  Expect(getm() == m, "PRE-4: the same thread");
  Expect(m->p != nullptr, "MN-1: with a P");
  Expect(gp->lockedm == nullptr, "LOT-1: pinned no more");
}

constexpr Config kConfigs[] = {
    {.name = "one_p",
     .what = "1 P; G1 is pinned and waits, G2 wakes it",
     .setup = [] { Begin(Scene().OnP(Pinned, Waker).Asleep(1)); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "yield",
     .what = "1 P; G1 is pinned and yields to G2",
     .setup = [] { Begin(Scene().OnP(PinnedYielder, Other).Asleep(1)); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "yield_spin",
     .what =
         "as yield, and whoever hands off watches for a while before it sleeps",
     .setup =
         [] { Begin(Scene().OnP(PinnedYielder, Other).Asleep(1).Ncpu(2)); },
     .check = CheckWorld,
     .quick = {.preemptions = 1, .delays = 1},
     .proof = {.preemptions = 2, .delays = 1}},
    {.name = "both",
     .what =
         "1 P; G1 is pinned and waits, G2 is pinned, wakes it and yields to it",
     .setup = [] { Begin(Scene().OnP(Pinned, PinnedWaker).Asleep(1)); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "two_ps",
     .what = "2 Ps; G1 is pinned and waits, G2 on the other P wakes it",
     .setup = [] { Begin(Scene().OnP(Pinned).OnP(Waker).Asleep(1)); },
     .check = CheckWorld,
     .quick = {.preemptions = 1},
     .proof = {.preemptions = 2, .delays = 1}},
    {.name = "in_place",
     .what = "1 P; G1 is stopped in place, with G2 behind it",
     .setup = [] { Begin(Scene().OnP(StoppedInPlace, Other).Asleep(1)); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "in_place_stolen",
     .what = "2 Ps; G1 is stopped in place, M1 looks for something to steal",
     .setup = [] { Begin(Scene().OnP(StoppedInPlace).OnP().Asleep(1)); },
     .check = CheckWorld,
     .quick = {.preemptions = 1},
     .proof = {.preemptions = 2, .delays = 1}},
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
