// What the cases of lesson 02 share: who takes part, and who leaves for whom.
//
// The participants of a case are the thread itself (0) and its contexts. Most
// cases follow a schedule from the workload: who runs reads the next entry and
// swaps to that participant directly. Who must have run is read off the
// schedule. What must have been in a register is computed from the seed. An
// oracle looks at its own invariant only: that the wrong one ran is the
// business of CTX-3.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "tools/judge/both.h"

namespace mn {

// Participant 0 is the thread's own stack, 1 … 3 are contexts.
inline constexpr std::int64_t kMain = 0;
inline constexpr std::int64_t kContexts = 3;

// The registers that a function must preserve (CTX-1).
#if defined(__x86_64__)
inline constexpr const char* kRegisters[] = {"rbx", "rbp", "r12",
                                             "r13", "r14", "r15"};
#else
inline constexpr const char* kRegisters[] = {
    "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28",
    "x29", "d8",  "d9",  "d10", "d11", "d12", "d13", "d14", "d15"};
#endif
inline constexpr std::size_t kRegisterCount = std::size(kRegisters);

// What participant `who` has in a register during its `nth` swap.
inline std::uint64_t RegisterValue(std::int64_t seed, std::int64_t who,
                                   std::int64_t nth, std::size_t reg) {
  Random rng(static_cast<std::uint64_t>(seed) ^
             (static_cast<std::uint64_t>(who) << 48) ^
             (static_cast<std::uint64_t>(nth) << 16) ^ reg);
  return rng.Next();
}

inline void Shuffle(Random& rng, Numbers* numbers) {
  for (std::size_t i = numbers->size() - 1; i > 0; i--) {
    const auto at = rng.Between(0, static_cast<std::int64_t>(i));
    std::swap((*numbers)[i], (*numbers)[static_cast<std::size_t>(at)]);
  }
}

// 1 … n in random order.
inline Numbers Permutation(Random& rng, std::int64_t n) {
  Numbers order;
  for (std::int64_t id = 1; id <= n; id++) order.push_back(id);
  Shuffle(rng, &order);
  return order;
}

}  // namespace mn

#ifdef MN_CASE_PROCESS

namespace mn {

// One case per process: what bodies, which get no arguments, need to know.
inline Driver* driver;

}  // namespace mn

#include "exercises/02_context_switch/judge/fiber.h"

namespace mn {

inline std::size_t position;  // in the schedule

inline void Begin(Driver& d, Fibers& f) {
  driver = &d;
  fibers = &f;
  f.NameStacks(d);
}

// The participant that is next by the schedule; null at its end.
inline Fiber* Next() {
  const Numbers& schedule = driver->work("schedule");
  if (position == schedule.size()) return nullptr;
  return &(*fibers)[schedule[position++]];
}

// Runs `turn` in each participant whose turn it is, until the schedule is at
// its end, which is main's turn. `turn` leaves for the participant it is given.
template <class Turn>
void FollowSchedule(Fiber& self, Turn turn) {
  while (Fiber* next = Next()) turn(self, *next);
  if (self.id != kMain) Leave(self, fibers->main());
}

}  // namespace mn

#else

namespace mn {

inline std::string Who(std::int64_t id) {
  return id == kMain ? "main" : "context " + std::to_string(id);
}

inline std::string Hex(std::int64_t value) {
  char text[32];
  std::snprintf(text, sizeof(text), "0x%llx",
                static_cast<unsigned long long>(value));
  return text;
}

inline Verdict NothingRan() {
  return Verdict::NotImplemented("no context ever ran");
}

// Two observations of registers: whose, after which swap, and what is in them.
inline Verdict CompareRegisters(const char* const* names, const Numbers& want,
                                const Numbers& got, const std::string& what,
                                int at) {
  for (std::size_t i = 2; i < want.size(); i++) {
    const std::string name = names[i - 2];
    if (got[i] == want[i]) continue;
    return Verdict::Failed(name + what, name + " = " + Hex(want[i]),
                           name + " = " + Hex(got[i]), at);
  }
  return Verdict::Passed();
}

inline std::string DidNotSurvive(const Numbers& seen) {
  return " did not survive swap number " + std::to_string(seen[1]) + " of " +
         Who(seen[0]);
}

// True if all that was seen is main's.
inline bool OnlyMainRan(const Observations& seen) {
  for (const Observation& o : seen) {
    if (o.values.empty() || o.values[0] != kMain) return false;
  }
  return true;
}

inline std::int64_t AnySeed(Random& rng) {
  return rng.Between(1, INT64_C(1) << 62);
}

// Participants in random order, nobody twice in a row, main first and last.
inline Numbers MakeSchedule(Random& rng, std::int64_t length) {
  Numbers schedule;
  std::int64_t running = kMain;
  for (std::int64_t i = 0; i < length; i++) {
    running = (running + rng.Between(1, kContexts)) % (kContexts + 1);
    schedule.push_back(running);
  }
  if (running != kMain) schedule.push_back(kMain);
  return schedule;
}

inline Workload MakeScheduled(Random& rng) {
  const std::int64_t length = rng.Between(150, 300);
  return {{"seed", {AnySeed(rng)}}, {"schedule", MakeSchedule(rng, length)}};
}

// The swaps of a schedule in the order in which they return: whose it is, and
// how many swaps that participant has begun. The contexts have begun one
// before, and main `begun`.
struct Return {
  std::int64_t id, nth;
};
inline std::vector<Return> Returns(const Numbers& schedule,
                                   std::int64_t begun) {
  std::vector<Return> returns;
  std::int64_t swaps[kContexts + 1] = {begun, 1, 1, 1};
  std::int64_t running = kMain;
  for (std::int64_t id : schedule) {
    swaps[running]++;
    running = id;
    returns.push_back({id, swaps[id]});
  }
  return returns;
}

}  // namespace mn

#endif
