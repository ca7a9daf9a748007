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
G* children[3];
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

void Begin(int ps, int ncpu) {
  NewWorld(ps, ncpu);
  Renew(arrived);
  Name(arrived, "arrived");
  next_child = 0;
}

void Children(int n, void (*fn)(void*)) {
  const char* const names[] = {"G2", "G3", "G4"};
  nchildren = n;
  expected = n + 1;
  for (int i = 0; i < n; i++) children[i] = AddG(names[i], fn);
}

// n children; Ms 1.. hold Ps and look for work, or sleep.
void Fork(int n, int ps, int looking, int ncpu) {
  Begin(ps, ncpu);
  Children(n, Child);
  Queue(PNumber(0), AddG("G1", Parent));
  const char* const names[] = {"M0", "M1", "M2"};
  AddM(names[0], PNumber(0));
  for (int i = 1; i < ps; i++) {
    if (i <= looking) {
      AddM(names[i], PNumber(i));
    } else {
      AddIdleM(names[i]);
    }
  }
}

void ForkChain(int n, int ps) {
  Begin(ps, 1);
  Children(n, Chain);
  Queue(PNumber(0), AddG("G1", Chain));
  AddM("M0", PNumber(0));
  AddIdleM("M1");
  AddIdleM("M2");
}

void Check() {
  CheckAllRan();
  CheckAllIdle();
}

constexpr Config kConfigs[] = {
    {"fork_1",
     "2 Ps; G1 starts G2 while M1 goes to sleep",
     [] { Fork(1, 2, 1, 1); },
     Check,
     {3, 1},
     {4, 1}},
    {"fork_1_asleep",
     "2 Ps; G1 starts G2, M1 sleeps",
     [] { Fork(1, 2, 0, 1); },
     Check,
     {2, 1},
     {3, 1}},
    {"fork_1_look",
     "as fork_1, and idle Ms look for a while before they sleep",
     [] { Fork(1, 2, 1, 2); },
     Check,
     {2, 1},
     {3, 1}},
    {"yield",
     "2 Ps; G1 yields to G2 on P0 while M1 goes to sleep",
     [] {
       Begin(2, 1);
       expected = 2;
       Queue(PNumber(0), AddG("G1", Yielder));
       Queue(PNumber(0), AddG("G2", Child));
       AddM("M0", PNumber(0));
       AddM("M1", PNumber(1));
     },
     Check,
     {3, 1},
     {4, 1}},
    {"fork_2",
     "3 Ps; G1 starts G2 and G3 while M1 and M2 go to sleep",
     [] { Fork(2, 3, 2, 1); },
     Check,
     {1, 0},
     {2, 0}},
    {"chain",
     "3 Ps; G1 starts G2, which starts G3; M1 and M2 sleep",
     [] { ForkChain(2, 3); },
     Check,
     {0, 0},
     {1, 1}},
    {"inject",
     "2 Ps; a thread without a P queues G1 while both Ms go to sleep",
     [] {
       Begin(2, 1);
       Children(1, Child);
       expected = 1;
       AddM("M0", PNumber(0));
       AddM("M1", PNumber(1));
       Spawn("thread", Injector, nullptr);
     },
     Check,
     {1, 1},
     {2, 1}},
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
