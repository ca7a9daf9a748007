// CTX-3 with two threads. A context is made on one thread, and begins on
// either. It goes on on the thread that names it.
//
// The threads take turns, so nothing here is a race of the piece's. What the
// piece keeps in a thread_local is gone.
#include <semaphore.h>

#include <algorithm>
#include <thread>

#include "exercises/02_context_switch/judge/contexts.h"

namespace mn {
namespace {

constexpr std::int64_t kThreads = 2;

#ifdef MN_CASE_PROCESS

Fiber* resumer;  // the thread that has swapped to the context that runs

// Swaps to the thread that resumed it, again and again. Reports whether the
// registers have survived this.
void Body(Fiber& self) {
  for (;;) {
    Probe probe;
    self.turns++;
    for (std::size_t reg = 0; reg < kRegisterCount; reg++) {
      probe.before[reg] =
          RegisterValue(driver->number("seed"), self.id, self.turns, reg);
    }
    driver->Observe("ran", {self.id, self.turns});
    Swap(self, *resumer, probe);
    driver->Observe(
        "registers_survived",
        std::equal(probe.before, probe.before + kRegisterCount, probe.after));
  }
}

sem_t my_turn[kThreads];

// The entries of the schedule that are this thread's.
void Resume(std::int64_t thread, Fiber& self) {
  const Numbers& schedule = driver->work("schedule");
  const Numbers& threads = driver->work("threads");
  for (;;) {
    while (sem_wait(&my_turn[thread]) != 0) {
    }
    while (position < schedule.size() && threads[position] == thread) {
      resumer = &self;
      Swap(self, (*fibers)[schedule[position++]]);
    }
    if (position == schedule.size()) break;
    sem_post(&my_turn[threads[position]]);
  }
  for (sem_t& turn : my_turn) sem_post(&turn);  // the other one ends as well
}

void Drive(Driver& d) {
  Fibers all(kContexts);
  Begin(d, all);
  for (std::int64_t id = 1; id <= kContexts; id++) all.Make(all[id], Body);
  for (sem_t& turn : my_turn) sem_init(&turn, 0, 0);
  std::thread other([] {
    Fiber self;
    BecomeThread(self);
    Resume(1, self);
  });
  sem_post(&my_turn[d.work("threads")[0]]);
  Resume(0, all.main());
  other.join();
}

const bool kRegistered = judge::RegisterDriver("Context.AnotherThread", Drive);

#else

Workload Make(Random& rng) {
  Numbers schedule, threads;
  for (std::int64_t n = rng.Between(150, 200); n > 0; n--) {
    schedule.push_back(rng.Between(1, kContexts));
    threads.push_back(rng.Between(0, kThreads - 1));
  }
  return {
      {"seed", {AnySeed(rng)}}, {"schedule", schedule}, {"threads", threads}};
}

Observations Right(const Workload& work) {
  Observations right;
  std::int64_t turns[kContexts + 1] = {};
  for (std::int64_t id : work.at("schedule")) {
    if (turns[id] > 0) right.push_back({"registers_survived", {1}});
    right.push_back({"ran", {id, ++turns[id]}});
  }
  return right;
}

std::string Describe(const Observation& o) {
  if (o.kind == "registers_survived") {
    return o.values == Numbers{1} ? "all registers as they were"
                                  : "other values in the registers";
  }
  if (o.kind != "ran" || o.values.size() != 2) return o.kind;
  return Who(o.values[0]) + ", its turn number " + std::to_string(o.values[1]);
}

Verdict Decide(const Workload& work, const Observations& seen) {
  if (seen.empty()) return NothingRan();
  return judge::CompareWithModel(
      Right(work), seen, Describe,
      [](const Observation&, const Observation&, int) {
        return "contexts that move between two threads did not go on where "
               "they left off";
      });
}

const bool kRegistered = judge::RegisterCases({
    {"Context.AnotherThread", Make, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
