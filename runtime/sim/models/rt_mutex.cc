// RtMutex (core/lock.cc): mutual exclusion, and no lost wake-up (LCK-1, LCK-2).
//
// Each thread enters the critical section once or twice and counts in a plain
// variable there. Two threads inside at once are a data race; a wake-up that is
// lost is a deadlock.
#include "runtime/core/lock.h"
#include "runtime/sim/model.h"

namespace mn::sim {

namespace {

RtMutex mu;
int counter;

struct Params {
  int threads;
  int rounds;  // of each
};
Params params;

void Enter(void*) {
  for (int i = 0; i < params.rounds; i++) {
    RtLock lock(mu);
    counter++;
  }
}

void Setup(const Params& s) {
  Renew(mu);
  Name(mu, "mu");
  Name(counter, "counter", -1, true);
  counter = 0;
  params = s;
  const char* const names[] = {"T1", "T2", "T3"};
  for (int i = 0; i < s.threads; i++) Spawn(names[i], Enter, nullptr);
}

void Check() {
  Expect(counter == params.threads * params.rounds, "every round counted");
}

constexpr Config kConfigs[] = {
    {.name = "two_twice",
     .what = "2 threads, 2 rounds each",
     .setup = [] { Setup({.threads = 2, .rounds = 2}); },
     .check = Check,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 4, .delays = 2}},
    {.name = "three_once",
     .what = "3 threads, 1 round each",
     .setup = [] { Setup({.threads = 3, .rounds = 1}); },
     .check = Check,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 4, .delays = 1}},
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
