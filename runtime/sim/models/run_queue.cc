// The run queue (sched/run_queue.cc) and RunqSteal (sched/steal.cc): one owner
// puts and gets, thieves take. RQ-4, WS-2: every goroutine is handed out
// exactly once; and whoever gets one sees what its maker wrote into it.
// RunqEmpty (core/p.h) never says so of a queue that always holds one.
//
// The ring has 4 slots, so it overflows into the global queue and its counters'
// slots are used again. Goroutines are tokens: a plain field that the owner
// writes before the put and whoever gets it takes back.
#include "runtime/plug/run_queue.h"

#include "runtime/core/sched.h"
#include "runtime/sched/steal.h"
#include "runtime/sim/model.h"

namespace mn::sim {

namespace {

constexpr int kMax = 8;

P* owner;
P* thieves[2];
G tokens[kMax];
int taken[kMax];
int global[kMax];
mn::atomic<bool> out[kMax];

enum Place : bool { kRing = false, kRunnext = true };

struct Params {
  int puts;
  int thieves = 0;
  int steals = 0;       // of each thief
  Place place = kRing;  // puts go there; kRunnext: steals look there too
};
Params params;

int Number(G* gp) { return static_cast<int>(gp - tokens); }

void Take(G* gp) {
  // relaxed: orders nothing, so that only the queue publishes.
  Expect(!out[Number(gp)].exchange(true, memory_order_relaxed),
         "RQ-4: handed out twice");
  Expect(gp->goid == 100 + static_cast<std::uint64_t>(Number(gp)),
         "what the maker wrote is seen");
  gp->goid = 0;
  taken[Number(gp)]++;
}

G* Make(int i) {
  tokens[i].goid = 100 + static_cast<std::uint64_t>(i);
  return &tokens[i];
}

// An owner that hears "empty" goes to sleep. Thieves can only take, so a queue
// that holds a goroutine now was never empty during the get.
G* Get() {
  G* gp = RunqGet(owner->runq);
  const RunQueue& q = owner->runq;
  Expect(gp != nullptr || (q.head.load(memory_order_relaxed) ==
                               q.tail.load(memory_order_relaxed) &&
                           q.runnext.load(memory_order_relaxed) == nullptr),
         "RQ-4: null, and the queue was not empty");
  return gp;
}

// Puts all, with a get after every second.
void Owner(void*) {
  for (int i = 0; i < params.puts; i++) {
    RunqPut(owner->runq, Make(i), params.place);
    if (i % 2 == 1) {
      if (G* gp = Get()) Take(gp);
    }
  }
  while (G* gp = Get()) Take(gp);
}

// The budget of RQ-7 is used up. The ring has its turn, and runnext waits.
void OwnerOwesTheRing(void*) {
  owner->runq.runnext_streak = kRunnextBudget;
  RunqPut(owner->runq, Make(0), kRing);
  RunqPut(owner->runq, Make(1), kRunnext);
  while (G* gp = Get()) Take(gp);
}

void Thief(void* arg) {
  P* self = static_cast<P*>(arg);
  for (int i = 0; i < params.steals; i++) {
    if (G* gp = RunqSteal(self, owner, params.place)) {
      Take(gp);
      while ((gp = RunqGet(self->runq))) Take(gp);
    }
  }
}

// Between the two the queue, which SetupLooker gave a goroutine, holds two.
void PutsAndGets(void*) {
  RunqPut(owner->runq, Make(1), params.place);
  Take(RunqGet(owner->runq));
}

void Looker(void*) {
  Expect(!RunqEmpty(owner->runq), "a queue that holds a goroutine is empty");
}

void NameQueue(RunQueue& q, const char* head, const char* tail,
               const char* runnext, const char* ring) {
  Name(q.head, head);
  Name(q.tail, tail);
  Name(q.runnext, runnext);
  for (int i = 0; i < static_cast<int>(kRunqSize); i++) {
    Name(q.ring[i], ring, i);
  }
}

void SetupOwner(const Params& s) {
  params = s;
  Renew(sched);
  Name(sched.lock, "sched.lock");
  Name(sched.runqsize, "runqsize");
  owner = new P;
  NameQueue(owner->runq, "head", "tail", "runnext", "ring");
  Name(owner->schedtick, "schedtick");
  for (int i = 0; i < kMax; i++) {
    Renew(tokens[i]);
    taken[i] = 0;
    Renew(out[i]);
    Name(out[i], "out", i);
    global[i] = 0;
    Name(tokens[i], "G", i);
  }
  // The counters wrap on the way (RQ-6).
  owner->runq.head.store(0xFFFFFFFE);
  owner->runq.tail.store(0xFFFFFFFE);
}

// go:SCH-18.
void SetupLooker(Place first, Place second) {
  SetupOwner({.puts = 2, .place = second});
  RunqPut(owner->runq, Make(0), first);
  Spawn("owner", PutsAndGets, nullptr);
  Spawn("looker", Looker, nullptr);
}

void Setup(const Params& s, void (*run)(void*) = Owner) {
  SetupOwner(s);
  Spawn("owner", run, nullptr);
  const char* const names[] = {"thief 1", "thief 2"};
  for (int i = 0; i < s.thieves; i++) {
    thieves[i] = new P;
    NameQueue(thieves[i]->runq, i == 0 ? "t1.head" : "t2.head",
              i == 0 ? "t1.tail" : "t2.tail",
              i == 0 ? "t1.runnext" : "t2.runnext",
              i == 0 ? "t1.ring" : "t2.ring");
    Spawn(names[i], Thief, thieves[i]);
  }
}

void CheckLooker() {
  while (G* gp = RunqGet(owner->runq)) Take(gp);
  Expect(taken[0] == 1 && taken[1] == 1, "RQ-4: a goroutine is lost");
}

void Check() {
  while (G* gp = sched.runq.Pop()) global[Number(gp)]++;
  for (int i = 0; i < params.puts; i++) {
    Expect(taken[i] + global[i] == 1, "RQ-4: a goroutine is lost");
  }
}

constexpr Config kConfigs[] = {
    {.name = "ring_1_thief",
     .what = "ring of 4, 4 puts, 1 thief that steals twice",
     .setup = [] { Setup({.puts = 4, .thieves = 1, .steals = 2}); },
     .check = Check,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 5, .delays = 2}},
    {.name = "overflow_1_thief",
     .what = "6 puts without gets in between would not fit: half goes",
     .setup = [] { Setup({.puts = 8, .thieves = 1, .steals = 2}); },
     .check = Check,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 5, .delays = 1}},
    {.name = "ring_2_thieves",
     .what = "ring of 4, 4 puts, 2 thieves, a steal each",
     .setup = [] { Setup({.puts = 4, .thieves = 2, .steals = 1}); },
     .check = Check,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 4, .delays = 1}},
    {.name = "runnext_1_thief",
     .what = "3 puts to runnext, 1 thief that takes runnext",
     .setup =
         [] {
           Setup({.puts = 3, .thieves = 1, .steals = 2, .place = kRunnext});
         },
     .check = Check,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 5, .delays = 2}},
    {.name = "runnext_2_thieves",
     .what = "2 puts to runnext, 2 thieves that take runnext",
     .setup =
         [] {
           Setup({.puts = 2, .thieves = 2, .steals = 1, .place = kRunnext});
         },
     .check = Check,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 4, .delays = 1}},
    {.name = "budget_1_thief",
     .what =
         "the budget of RQ-7 is used up, one in the ring and one in runnext, "
         "1 thief",
     .setup =
         [] {
           Setup({.puts = 2, .thieves = 1, .steals = 1}, OwnerOwesTheRing);
         },
     .check = Check,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 5, .delays = 2}},
    {.name = "empty_ring_ring",
     .what =
         "one in the ring, another is put there and one taken; is it empty?",
     .setup = [] { SetupLooker(kRing, kRing); },
     .check = CheckLooker,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 5, .delays = 2}},
    {.name = "empty_ring_runnext",
     .what = "... another is put into runnext and taken from there",
     .setup = [] { SetupLooker(kRing, kRunnext); },
     .check = CheckLooker,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 5, .delays = 2}},
    {.name = "empty_runnext_ring",
     .what = "... one in runnext",
     .setup = [] { SetupLooker(kRunnext, kRing); },
     .check = CheckLooker,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 5, .delays = 2}},
    {.name = "empty_runnext_runnext",
     .what = "... one in runnext, which another displaces",
     .setup = [] { SetupLooker(kRunnext, kRunnext); },
     .check = CheckLooker,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 5, .delays = 2}},
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
