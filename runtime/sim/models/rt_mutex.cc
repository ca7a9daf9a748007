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
int rounds;
int threads;

void Enter(void*) {
  for (int i = 0; i < rounds; i++) {
    RtLock lock(mu);
    counter++;
  }
}

void Setup(int n, int each) {
  Renew(mu);
  Name(mu, "mu");
  Name(counter, "counter", -1, true);
  counter = 0;
  threads = n;
  rounds = each;
  const char* const names[] = {"T1", "T2", "T3"};
  for (int i = 0; i < n; i++) Spawn(names[i], Enter, nullptr);
}

void Check() { Expect(counter == threads * rounds, "every round counted"); }

constexpr Config kConfigs[] = {
    {"two_twice",
     "2 threads, 2 rounds each",
     [] { Setup(2, 2); },
     Check,
     {3, 1},
     {4, 2}},
    {"three_once",
     "3 threads, 1 round each",
     [] { Setup(3, 1); },
     Check,
     {3, 1},
     {4, 1}},
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
