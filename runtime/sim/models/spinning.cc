// The spinning protocol (sched/spinning.h): no runnable goroutine beside an
// idle P with every M asleep (MN-3, MN-7).
//
// Everything is the runtime's own: find_runnable.cc, idle.cc, spinning.cc,
// steal.cc, schedule.cc, park.cc, globrunq.cc, the run queue, the switch. The
// goroutines wait for each other while running, so that each of them needs a P
// of its own: a wake-up that is lost leaves them waiting for ever.
#include "runtime/sched/spinning.h"

#include "runtime/core/getg.h"
#include "runtime/go.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/idle.h"
#include "runtime/sim/host/world.h"
#include "runtime/sim/model.h"

namespace mn::sim {

namespace {

mn::atomic<int> arrived;
int expected;
G* children[2];
int nchildren;
int next_child;

// Until all are here.
void Meet() {
  arrived.fetch_add(1, memory_order_acq_rel);
  Await(arrived, expected);
}

void Child(void*) { Meet(); }

// What Go() does: the new goroutine is next on this P, and another M is woken.
void Start(G* gp) {
  RunqPut(getp()->runq, gp, true);
  Wakep();
}

void Parent(void*) {
  for (int i = 0; i < nchildren; i++) Start(children[i]);
  Meet();
}

// Starts the next one, which does the same.
void Chain(void*) {
  if (next_child < nchildren) Start(children[next_child++]);
  Meet();
}

// Queues itself behind the other one of its P, which it then has to meet.
void Yielder(void*) {
  Gosched();
  Meet();
}

// A thread that is no M makes a goroutine runnable.
void Injector(void*) { InjectGlobal(children[0]); }

// `starts`: what the goroutines run that somebody will start. All meet.
template <class... Starts>
void Begin(const Scene& scene, Starts... starts) {
  NewWorld(scene);
  Renew(arrived);
  Name(arrived, "arrived");
  next_child = 0;
  nchildren = 0;
  ((children[nchildren++] = AddG(starts)), ...);
  expected = Goroutines();
}

constexpr Config kConfigs[] = {
    {.name = "fork_1",
     .what = "2 Ps; G1 starts G2 while M1 goes to sleep",
     .setup = [] { Begin(Scene().OnP(Parent).OnP(), Child); },
     .check = CheckWorld,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 4, .delays = 1}},
    {.name = "fork_1_asleep",
     .what = "2 Ps; G1 starts G2, M1 sleeps",
     .setup =
         [] { Begin(Scene().OnP(Parent).OnP().Looking(1).Asleep(1), Child); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "fork_1_look",
     .what = "as fork_1, and idle Ms look for a while before they sleep",
     .setup = [] { Begin(Scene().OnP(Parent).OnP().Ncpu(2), Child); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "yield",
     .what = "2 Ps; G1 yields to G2 on P0 while M1 goes to sleep",
     .setup = [] { Begin(Scene().OnP(Yielder, Child).OnP()); },
     .check = CheckWorld,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 4, .delays = 1}},
    {.name = "fork_2",
     .what = "3 Ps; G1 starts G2 and G3 while M1 and M2 go to sleep",
     .setup = [] { Begin(Scene().OnP(Parent).OnP().OnP(), Child, Child); },
     .check = CheckWorld,
     .quick = {.preemptions = 1},
     .proof = {.preemptions = 2}},
    {.name = "chain",
     .what = "3 Ps; G1 starts G2, which starts G3; M1 and M2 sleep",
     .setup =
         [] {
           Begin(Scene().OnP(Chain).OnP().OnP().Looking(1).Asleep(2), Chain,
                 Chain);
         },
     .check = CheckWorld,
     .quick = {},
     .proof = {.preemptions = 1, .delays = 1}},
    {.name = "inject",
     .what = "2 Ps; a thread without a P queues G1 while both Ms go to sleep",
     .setup =
         [] {
           Begin(Scene().OnP().OnP(), Child);
           Spawn("thread", Injector, nullptr);
         },
     .check = CheckWorld,
     .quick = {.preemptions = 1, .delays = 1},
     .proof = {.preemptions = 2, .delays = 1}},
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
