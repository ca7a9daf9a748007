// CTX-7: what is thrown in one context is caught there, and what nobody catches
// ends at the entry.
#include <algorithm>
#include <exception>
#include <map>

#include "exercises/02_context_switch/judge/contexts.h"

namespace mn {
namespace {

#ifdef MN_CASE_PROCESS

struct Tagged {
  std::int64_t id, nth;
};

// Counts the frames that are unwound, and on the way leaves for somebody else.
struct Unwound {
  Fiber& self;
  std::int64_t& count;
  bool leaves;
  ~Unwound() {
    count++;
    if (!leaves) return;
    if (Fiber* next = Next()) Swap(self, *next);
  }
};

__attribute__((noinline)) void ThrowBelow(Fiber& self, std::int64_t nth,
                                          std::int64_t depth,
                                          std::int64_t* unwound) {
  const Unwound frame{self, *unwound, depth == 2};
  if (depth == 1) throw Tagged{self.id, nth};
  ThrowBelow(self, nth, depth - 1, unwound);
  asm volatile("" ::: "memory");  // not a tail call
}

// Leaves inside the try block, while unwinding, and inside the handler.
void Turn(Fiber& self, Fiber& next) {
  const std::int64_t nth = ++self.turns;
  const std::int64_t depth = 2 + nth % 5;
  std::int64_t unwound = 0;
  try {
    Swap(self, next);
    ThrowBelow(self, nth, depth, &unwound);
  } catch (const Tagged& first) {
    if (Fiber* another = Next()) Swap(self, *another);
    try {
      throw;
    } catch (const Tagged& again) {
      driver->Observe(
          "caught", {self.id, nth, again.id, again.nth, &first == &again, depth,
                     unwound, std::uncaught_exceptions()});
    }
  }
}

void Body(Fiber& self) {
  Swap(self, fibers->main());
  FollowSchedule(self, Turn);
}

void DriveCaught(Driver& d) {
  Fibers all(kContexts);
  Begin(d, all);
  all.StartAll(Body);
  FollowSchedule(all.main(), Turn);
}

// What is above a stack looks like frames of this function, so an unwinder that
// goes on past the entry lands in its handler.
constexpr std::size_t kNeighbour = 4096;  // bytes
std::uintptr_t inside_the_neighbour;

// Reports who is on the stack of `address`, and leaves.
void Report(const char* kind, const void* address) {
  Fiber* self = fibers->At(address);
  driver->Observe(kind, self == nullptr ? -1 : self->id);
  if (self == nullptr || self->id == kMain) std::abort();
  Leave(*self, fibers->main());
}

MN_ALIGNS_STACK __attribute__((noinline)) void CaughtByTheNeighbour() {
  // The handler runs at the top of the stack that was unwound, or just above.
  Report("neighbour",
         static_cast<char*>(__builtin_frame_address(0)) - kNeighbour);
}

MN_ALIGNS_STACK void OnTerminate() {
  Report("terminate", __builtin_frame_address(0));
}

__attribute__((noinline)) void NoteReturnAddress() {
  inside_the_neighbour =
      reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  asm volatile("" ::: "memory");
  if (inside_the_neighbour == 0) throw 0;  // so that the caller has a handler
}

#if defined(__clang__)
__attribute__((noinline, no_sanitize("address", "thread", "undefined")))
#else
__attribute__((noinline, no_sanitize("address"), no_sanitize("thread"),
               no_sanitize("undefined")))
#endif
void Neighbour() {
  try {
    NoteReturnAddress();
  } catch (...) {
    CaughtByTheNeighbour();
  }
}

void UncaughtBody(Fiber& self) {
  Swap(self, fibers->main());
  std::int64_t unwound = 0;
  ThrowBelow(self, 1, /*depth=*/1, &unwound);
}

void DriveUncaught(Driver& d) {
  Fibers all(kContexts, kNeighbour);
  Begin(d, all);
  Neighbour();
  std::set_terminate(OnTerminate);
  for (std::int64_t id = 1; id <= kContexts; id++) {
    std::fill_n(reinterpret_cast<std::uintptr_t*>(all[id].hi),
                kNeighbour / sizeof(std::uintptr_t), inside_the_neighbour);
  }
  all.StartAll(UncaughtBody);
  while (Fiber* next = Next()) {
    try {
      Swap(all.main(), *next);
    } catch (...) {  // not ours
      d.Observe("neighbour", kMain);
    }
    d.Observe("main_went_on", next->id);
  }
}

const bool kRegistered[] = {
    judge::RegisterDriver("Context.ExceptionsStayHome", DriveCaught),
    judge::RegisterDriver("Context.UncaughtEndsAtTheEntry", DriveUncaught),
};

#else

// ---- what is caught

Workload MakeCaught(Random& rng) {
  return {{"schedule", MakeSchedule(rng, rng.Between(200, 400))}};
}

Observation Caught(std::int64_t id, std::int64_t nth) {
  const std::int64_t depth = 2 + nth % 5;
  return {"caught", {id, nth, id, nth, 1, depth, depth, 0}};
}

// A turn takes three entries of the schedule, and everybody's last turn may be
// cut short by the end.
std::int64_t LeastCaught(const Workload& work) {
  return std::ssize(work.at("schedule")) / 3 - (kContexts + 1);
}

Observations RightCaught(const Workload& work) {
  Observations right;
  for (std::int64_t i = 0; i < LeastCaught(work); i++) {
    right.push_back(Caught(i % (kContexts + 1), i / (kContexts + 1) + 1));
  }
  return right;
}

std::string DescribeCaught(const Numbers& n) {
  return Who(n[0]) + " catches exception " + std::to_string(n[3]) + " of " +
         Who(n[2]) + (n[4] == 1 ? "" : " (a copy)") + " after " +
         std::to_string(n[6]) + " of " + std::to_string(n[5]) +
         " frames, with " + std::to_string(n[7]) + " more in flight";
}

Verdict DecideCaught(const Workload& work, const Observations& seen) {
  if (OnlyMainRan(seen)) return NothingRan();
  std::map<std::int64_t, std::int64_t> turns;
  for (std::size_t i = 0; i < seen.size(); i++) {
    const Numbers& v = seen[i].values;
    const int at = static_cast<int>(i);
    if (seen[i].kind != "caught" || v.size() != 8) {
      return judge::Unexpected(seen[i], at);
    }
    const Observation want = Caught(v[0], ++turns[v[0]]);
    if (v == want.values) continue;
    return Verdict::Failed(
        Who(v[0]) + " did not get back what it had thrown while others ran",
        DescribeCaught(want.values), DescribeCaught(v), at);
  }
  const std::int64_t least = LeastCaught(work);
  if (std::ssize(seen) >= least) return Verdict::Passed();
  return judge::TooLittle(std::to_string(least) + " exceptions caught");
}

// ---- what is not

Workload MakeUncaught(Random& rng) {
  return {{"schedule", Permutation(rng, kContexts)}};
}

Observations RightUncaught(const Workload& work) {
  Observations right;
  for (std::int64_t id : work.at("schedule")) {
    right.push_back({"terminate", {id}});
    right.push_back({"main_went_on", {id}});
  }
  return right;
}

std::string DescribeUncaught(const Observation& o) {
  if (o.kind == "main_went_on" || o.values.empty()) return "main goes on";
  if (o.kind == "terminate") return "std::terminate in " + Who(o.values[0]);
  return "the unwinder went on above the stack of " + Who(o.values[0]) +
         " and a neighbour caught it";
}

Verdict DecideUncaught(const Workload& work, const Observations& seen) {
  if (std::all_of(seen.begin(), seen.end(), [](const Observation& o) {
        return o.kind == "main_went_on";
      })) {
    return NothingRan();
  }
  return judge::CompareWithModel(
      RightUncaught(work), seen, DescribeUncaught,
      [](const Observation& want, const Observation&, int) {
        return Who(want.values[0]) + " throws what it does not catch";
      });
}

const bool kRegistered = judge::RegisterCases({
    {"Context.ExceptionsStayHome", MakeCaught, DecideCaught, RightCaught},
    {"Context.UncaughtEndsAtTheEntry", MakeUncaught, DecideUncaught,
     RightUncaught},
});

#endif

}  // namespace
}  // namespace mn
