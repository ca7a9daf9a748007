// Park and ready (sched/park.cc): a wake-up is never lost and never comes too
// early (PARK-1, PARK-2, PARK-5).
//
// A semaphore as the runtime's own are made: a lock, a list of those who wait,
// GoparkUnlock; the waker takes one off the list and says Goready. Scheduler,
// switch and stacks are the runtime's own.
#include "runtime/sched/park.h"

#include "runtime/core/getg.h"
#include "runtime/go.h"
#include "runtime/sim/host/world.h"
#include "runtime/sim/model.h"

namespace mn::sim {

namespace {

RtMutex lock;
int permits;  // guarded by lock, both
G* waiters[3];
int nwaiters;
int payload;  // written before the release, read after the acquire

void Acquire() {
  lock.Lock();
  if (permits > 0) {
    permits--;
    lock.Unlock();
    return;
  }
  waiters[nwaiters++] = getg();
  GoparkUnlock(&lock, WaitReason::kSemacquire);
}

void Release() {
  G* gp = nullptr;
  {
    RtLock hold(lock);
    if (nwaiters > 0) {
      gp = waiters[--nwaiters];
    } else {
      permits++;
    }
  }
  if (gp != nullptr) Goready(gp);
}

void Waiter(void*) {
  Acquire();
  Expect(payload == 1, "what was written before the release is seen");
}

void Waker(void*) {
  payload = 1;
  Release();
}

void WaiterOfTwo(void*) {
  Acquire();
  Acquire();
}

void WakerOfTwo(void*) {
  payload = 1;
  Release();
  Release();
}

// Gopark whose commit finds that the event has come: it runs on.
mn::atomic<bool> event;
G* parked;

bool Commit(G* gp, void*) {
  RtLock hold(lock);
  if (event.load(memory_order_acquire)) return false;
  parked = gp;
  return true;
}

void CommitWaiter(void*) {
  if (!event.load(memory_order_acquire)) {
    Gopark(Commit, nullptr, WaitReason::kChanReceive);
  }
  Expect(payload == 1, "what was written before the event is seen");
}

void CommitWaker(void*) {
  payload = 1;
  G* gp;
  {
    RtLock hold(lock);
    event.store(true, memory_order_release);
    gp = parked;
    parked = nullptr;
  }
  if (gp != nullptr) Goready(gp);
}

void Yielder(void*) { Gosched(); }

void Begin(const Scene& scene) {
  NewWorld(scene);
  Renew(lock);
  Renew(event);
  permits = nwaiters = payload = 0;
  parked = nullptr;
  Name(lock, "lock");
  Name(event, "event");
  Name(permits, "permits", -1, true);
  Name(nwaiters, "nwaiters", -1, true);
  Name(payload, "payload", -1, true);
}

constexpr Config kConfigs[] = {
    {.name = "semaphore",
     .what = "2 Ps, 1 waits, 1 wakes",
     .setup = [] { Begin(Scene().OnP(Waiter).OnP(Waker)); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "two_waiters",
     .what = "2 Ps, 2 wait on one, 1 on the other wakes both",
     .setup = [] { Begin(Scene().OnP(Waiter, Waiter).OnP(WakerOfTwo)); },
     .check = CheckWorld,
     .quick = {.preemptions = 1, .delays = 1},
     .proof = {.preemptions = 2, .delays = 1}},
    {.name = "twice",
     .what = "2 Ps, 1 waits twice, 1 on the other wakes it twice",
     .setup = [] { Begin(Scene().OnP(WaiterOfTwo).OnP(WakerOfTwo)); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "one_p",
     .what = "1 P, 1 waits, 1 wakes, 1 yields",
     .setup = [] { Begin(Scene().OnP(Waiter, Yielder, Waker)); },
     .check = CheckWorld,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 3, .delays = 2}},
    {.name = "commit",
     .what = "2 Ps, the commit finds that the event has come, or not",
     .setup = [] { Begin(Scene().OnP(CommitWaiter).OnP(CommitWaker)); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
