// CTX-5: entry functions that return, after some turns. What is left of a
// context that has returned is made a new one, on the same stack.
#include <map>

#include "exercises/02_context_switch/judge/contexts.h"

namespace mn {

constexpr int kLives = 2;

#ifdef MN_CASE_PROCESS

// The host's end of a context (the piece's contract).
MN_ALIGNS_STACK void CtxReturned() {
  driver->Phase("");
  Fiber* self = fibers->At(__builtin_frame_address(0));
  driver->Observe("returned", self == nullptr ? -1 : self->id);
  if (self == nullptr || self->id == kMain) std::abort();
  Leave(*self, fibers->main());
}

namespace {

void Body(Fiber& self) {
  const std::int64_t returns_at =
      driver->work("turns")[static_cast<std::size_t>(self.id - 1)];
  while (self.turns < returns_at) {
    driver->Observe("ran", {self.id, ++self.turns});
    Swap(self, fibers->main());
  }
}

void Drive(Driver& d) {
  Fibers all(std::ssize(d.work("turns")));
  Begin(d, all);
  for (int life = 0; life < kLives; life++) {
    position = 0;
    for (std::int64_t id = 1; id <= std::ssize(d.work("turns")); id++) {
      all[id].turns = 0;
      all[id].body = nullptr;
    }
    while (Fiber* next = Next()) {
      if (next->body == nullptr) all.Make(*next, Body);
      Swap(all.main(), *next);
    }
  }
}

const bool kRegistered = judge::RegisterDriver("Context.EntryReturns", Drive);

#else

namespace {

Workload Make(Random& rng) {
  Numbers turns, schedule;
  for (std::int64_t id = 1; id <= 8; id++) {
    turns.push_back(id == 1 ? 0 : rng.Between(0, 6));
    schedule.insert(schedule.end(), static_cast<std::size_t>(turns.back() + 1),
                    id);
  }
  Shuffle(rng, &schedule);
  return {{"turns", turns}, {"schedule", schedule}};
}

Observations Right(const Workload& work) {
  Observations right;
  for (int life = 0; life < kLives; life++) {
    std::map<std::int64_t, std::int64_t> ran;
    for (std::int64_t id : work.at("schedule")) {
      if (ran[id] == work.at("turns")[static_cast<std::size_t>(id - 1)]) {
        right.push_back({"returned", {id}});
      } else {
        right.push_back({"ran", {id, ++ran[id]}});
      }
    }
  }
  return right;
}

std::string Describe(const Observation& o) {
  if (o.values.empty()) return o.kind;
  if (o.kind != "returned") return Who(o.values[0]) + " runs";
  if (o.values[0] < 0) return "CtxReturned on a stack of nobody";
  return Who(o.values[0]) + " reaches CtxReturned, on its stack";
}

std::string Complaint(const Observation& want, const Observation&, int) {
  if (want.kind != "returned") return "the wrong one ran";
  return "the entry function of " + Who(want.values[0]) + " returned";
}

Verdict Decide(const Workload& work, const Observations& seen) {
  if (OnlyMainRan(seen)) return NothingRan();
  return judge::CompareWithModel(Right(work), seen, Describe, Complaint);
}

const bool kRegistered = judge::RegisterCases({
    {"Context.EntryReturns", Make, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
