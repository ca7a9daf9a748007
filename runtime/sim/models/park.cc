// Park and ready (sched/park.cc): a wake-up is never lost and never comes too
// early (PARK-1, PARK-2, PARK-5), a park lasts until Goready (PARK-6), and what
// was made ready runs next (PARK-7).
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

// Two goroutines that park at the same moment. Each commit has an `arg` of its
// own, and refuses.
struct Visit {
  G* gp;
  bool committed;
};

bool Refuse(G* gp, void* arg) {
  auto* visit = static_cast<Visit*>(arg);
  Expect(visit->gp == gp, "PARK-5: a commit has the arg of another goroutine");
  visit->committed = true;
  return false;
}

void RefusedWaiter(void*) {
  Visit visit{getg(), false};
  Gopark(Refuse, &visit, WaitReason::kChanReceive);
  Expect(visit.committed, "PARK-5: the park is over, and no commit has run");
}

// With a null commit nobody publishes the goroutine. So its waker runs on the
// same P, later.
bool readied;

constexpr char kRunsOn[] = "PARK-6: with a null commit the goroutine runs on";

void NullWaiter(void*) {
  parked = getg();
  Gopark(nullptr, nullptr, WaitReason::kChanReceive);
  Expect(readied, kRunsOn);
}

void NullWaker(void*) {
  Expect(parked->status.load(memory_order_relaxed) == GStatus::kWaiting,
         kRunsOn);
  readied = true;
  Goready(parked);
}

// Three parks in a row, each for another reason. The waker looks at the reason
// of whom it has found. A write that comes after the commit lands in the next
// park, or on a goroutine that has ended.
WaitReason reason;  // guarded by lock, of the goroutine in `parked`
mn::atomic<int> published;

bool Publish(G* gp, void* arg) {
  RtLock hold(lock);
  parked = gp;
  reason = *static_cast<WaitReason*>(arg);
  published.store(published.load(memory_order_relaxed) + 1,
                  memory_order_release);
  return true;
}

void ReasonWaiter(void*) {
  lock.Lock();
  parked = getg();
  reason = WaitReason::kSemacquire;
  published.store(1, memory_order_release);
  GoparkUnlock(&lock, reason);
  for (WaitReason why : {WaitReason::kChanReceive, WaitReason::kChanSend}) {
    Gopark(Publish, &why, why);
  }
}

void ReasonWaker(void*) {
  for (int i = 1; i <= 3; i++) {
    Await(published, i);
    G* gp;
    {
      RtLock hold(lock);
      gp = parked;
    }
    Expect(gp->waitreason.load(memory_order_relaxed) == reason,
           "PARK-6: waitreason is not the reason that the park was given");
    Goready(gp);
  }
}

// Who runs next. `ran` is the waiter's.
mn::atomic<bool> ran;

void NextWaiter(void*) {
  Acquire();
  ran.store(true, memory_order_release);
}

void NextWaker(void*) {
  Release();
  Expect(!ran.load(memory_order_acquire),
         "PARK-7: Goready gave the processor away");
}

void Bystander(void*) {
  Expect(ran.load(memory_order_acquire),
         "PARK-7: what stood in the queue ran before what was made ready");
}

// Keeps its P until the goroutine that it made ready has run on another one.
void BusyWaker(void*) {
  Release();
  Await(ran, true);
}

void Begin(const Scene& scene) {
  NewWorld(scene);
  Renew(lock);
  Renew(event);
  Renew(ran);
  Renew(published);
  permits = nwaiters = payload = 0;
  readied = false;
  reason = WaitReason::kNone;
  parked = nullptr;
  Name(lock, "lock");
  Name(event, "event");
  Name(permits, "permits", -1, true);
  Name(nwaiters, "nwaiters", -1, true);
  Name(payload, "payload", -1, true);
  Name(ran, "ran");
  Name(published, "published");
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
    {.name = "two_commits",
     .what = "2 Ps, on each one a goroutine whose commit refuses",
     .setup = [] { Begin(Scene().OnP(RefusedWaiter).OnP(RefusedWaiter)); },
     .check = CheckWorld,
     .quick = {.preemptions = 1, .delays = 1},
     .proof = {.preemptions = 2, .delays = 1}},
    {.name = "null_commit",
     .what = "1 P, 1 waits with a null commit, 1 wakes",
     .setup = [] { Begin(Scene().OnP(NullWaiter, NullWaker)); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "reasons",
     .what = "2 Ps, 1 waits for three reasons, 1 looks at each and wakes",
     .setup = [] { Begin(Scene().OnP(ReasonWaiter).OnP(ReasonWaker)); },
     .check = CheckWorld,
     .quick = {.preemptions = 1},
     .proof = {.preemptions = 2, .delays = 1}},
    {.name = "next",
     .what = "1 P, 1 waits, 1 wakes, 1 stood in the queue before",
     .setup = [] { Begin(Scene().OnP(NextWaiter, NextWaker, Bystander)); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "idle_p",
     .what = "2 Ps, 1 waits, 1 wakes and keeps its P, the other P idles",
     .setup =
         [] {
           Begin(Scene().OnP(NextWaiter, BusyWaker).OnP().Looking(1).Asleep(1));
         },
     .check = CheckWorld,
     .quick = {.preemptions = 1, .delays = 1},
     .proof = {.preemptions = 2, .delays = 1}},
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
