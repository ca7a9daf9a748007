// Lesson 02, case process: drives the piece and reports which context ran, and
// with what in its registers.
//
// The participants of a case are the thread itself (0) and its contexts. Most
// cases follow a schedule from the workload: whoever runs reads the next entry
// and swaps to that participant directly. What runs is reported at once; the
// oracle in judge.cc knows what should have.

#include "tools/judge/case.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

#include "exercises/02_context_switch/judge/fiber.h"
#include "exercises/02_context_switch/judge/probe.h"
#include "exercises/02_context_switch/judge/script.h"
#include "runtime/plug/context.h"

namespace mn {

std::uint64_t mn_entry_sp;
std::uint64_t mn_entry_arg;

namespace {

using judge::Driver;

// One case per process: what bodies, which get no arguments, need to know.
Driver* driver;
Fibers* fibers;
std::size_t position;  // in the schedule

void Begin(Driver& d, Fibers& f) {
  driver = &d;
  fibers = &f;
  position = 0;
}

// The participant that is next by the schedule; null at its end.
Fiber* Next() {
  const std::vector<std::int64_t>& schedule = driver->work("schedule");
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

// ---- CTX-3

// `turns` is a local of one activation: it counts on only if the participant
// goes on where it left off.
void PlayPingPong(Fiber& self, std::int64_t turns) {
  while (Fiber* next = Next()) {
    Swap(self, *next);
    driver->Observe("ran", {self.id, ++turns});
  }
  if (self.id != kMain) Leave(self, fibers->main());
}

void PingPongBody(Fiber& self) {
  std::int64_t turns = 0;
  Swap(self, fibers->main());
  driver->Observe("ran", {self.id, ++turns});
  PlayPingPong(self, turns);
}

void PingPong(Driver& d) {
  Fibers all(kContexts);
  Begin(d, all);
  for (std::int64_t id = 1; id <= kContexts; id++) {
    all.Start(all[id], PingPongBody);
  }
  PlayPingPong(all.main(), 0);
}

// ---- CTX-1

void RegistersTurn(Fiber& self, Fiber& next) {
  const std::int64_t nth = ++self.turns;
  Probe probe;
  for (std::size_t reg = 0; reg < kRegisterCount; reg++) {
    probe.before[reg] =
        RegisterValue(driver->number("seed"), self.id, nth, reg);
  }
  Swap(self, next, probe);
  std::vector<std::int64_t> seen = {self.id, nth};
  for (std::uint64_t value : probe.after) {
    seen.push_back(static_cast<std::int64_t>(value));
  }
  driver->Observe("registers", seen);
}

void RegistersBody(Fiber& self) {
  RegistersTurn(self, fibers->main());
  FollowSchedule(self, RegistersTurn);
}

void RegistersSurvive(Driver& d) {
  Fibers all(kContexts);
  Begin(d, all);
  for (std::int64_t id = 1; id <= kContexts; id++) {
    all.Start(all[id], RegistersBody);
  }
  FollowSchedule(all.main(), RegistersTurn);
}

// ---- CTX-2

Fiber* entered;  // whose entry is looked at

}  // namespace

MN_ALIGNS_STACK void mn_turn_is_over() {
  if (entered->turns++ == 0) Arrive();
  Swap(*entered, fibers->main());
}

namespace {

// Reports the stack pointer before the context does anything that needs it to
// be aligned: if that crashes, the cause has been seen.
void EntryAligned(Driver& d) {
  const std::vector<std::int64_t>& tops = d.work("tops");
  Fibers all(static_cast<std::int64_t>(tops.size()));
  Begin(d, all);
  for (std::int64_t id = 1; id <= all.contexts(); id++) {
    entered = &all[id];
    mn_entry_sp = 0;
    mn_entry_arg = 0;
    char* hi = entered->hi - tops[static_cast<std::size_t>(id - 1)];
    const auto arg = static_cast<std::uintptr_t>(d.rng().Between(1, 1 << 30));
#ifdef MN_JUDGE_TSAN
    entered->tsan = __tsan_create_fiber(0);
#endif
    CtxMake(entered->context, entered->lo, hi, entry_of_the_context,
            reinterpret_cast<void*>(arg));
    Swap(all.main(), *entered);
    if (mn_entry_sp == 0) continue;  // it never began
    const auto top = reinterpret_cast<std::uint64_t>(hi);
    d.Observe("argument_is_right", {id, mn_entry_arg == arg});
    d.Observe("bytes_below_the_top",
              {id, static_cast<std::int64_t>(top - mn_entry_sp)});
    d.Observe("sp_mod_16", {id, static_cast<std::int64_t>(mn_entry_sp % 16)});
    Swap(all.main(), *entered);
    d.Observe("went_on", id);
  }
}

// ---- CTX-4

void Look(const char* kind, Fiber& self) {
  const Control control = GetControl();
  driver->Observe(kind, {self.id, self.turns, control.sse, control.x87});
}

void ControlTurn(Fiber& self, Fiber& next) {
  SetControl(ControlValue(driver->number("seed"), self.id, ++self.turns));
  Swap(self, next);
  Look("control", self);
}

void ControlBody(Fiber& self) {
  Look("born", self);
  ControlTurn(self, fibers->main());
  FollowSchedule(self, ControlTurn);
}

void FloatingPointControl(Driver& d) {
  Fibers all(kContexts);
  Begin(d, all);
  Fiber& main = all.main();
  for (std::int64_t id = 1; id <= kContexts; id++) {
    // What main has when it makes the context is what the context has when it
    // begins, although main has something else by then.
    SetControl(ControlValue(d.number("seed"), kMain, -id));
    all.Make(all[id], ControlBody);
    ControlTurn(main, all[id]);
  }
  FollowSchedule(main, ControlTurn);
}

// ---- CTX-5

void ReturnsBody(Fiber& self) {
  const std::int64_t returns_at =
      driver->work("turns")[static_cast<std::size_t>(self.id - 1)];
  while (self.turns < returns_at) {
    driver->Observe("ran", {self.id, ++self.turns});
    Swap(self, fibers->main());
  }
}

void EntryReturns(Driver& d) {
  Fibers all(static_cast<std::int64_t>(d.work("turns").size()));
  Begin(d, all);
  std::vector<bool> made(d.work("turns").size() + 1);
  while (Fiber* next = Next()) {
    if (!made[static_cast<std::size_t>(next->id)]) {
      made[static_cast<std::size_t>(next->id)] = true;
      all.Make(*next, ReturnsBody);
    }
    Swap(all.main(), *next);
  }
}

}  // namespace

// The host's end of a context (the piece's contract).
MN_ALIGNS_STACK void CtxReturned() {
  Fiber* self = fibers->At(__builtin_frame_address(0));
  if (self == nullptr || self->id == kMain) {
    driver->Observe("returned", -1);
    std::abort();
  }
  driver->Observe("returned", self->id);
  Leave(*self, fibers->main());
}

namespace {

// ---- CTX-6

constexpr std::size_t kLocals = 16;
constexpr std::size_t kAbove = 64;  // bytes, filled with a pattern

std::vector<std::uint64_t> sums;
std::vector<std::int64_t> round_order;
std::size_t round_at;
std::int64_t turns_of_all;

Fiber& NextInRound() {
  if (round_at == round_order.size()) return fibers->main();
  return (*fibers)[round_order[round_at++]];
}

void ManyBody(Fiber& self) {
  const auto id = static_cast<std::uint64_t>(self.id);
  volatile std::uint64_t locals[kLocals];
  for (std::size_t i = 0; i < kLocals; i++) {
    locals[i] = judge::Random::Mix(id + i);
  }
  std::uint64_t sum = 0;
  for (;;) {
    sum = NextSum(sum, ++turns_of_all);
    for (std::size_t i = 0; i < kLocals; i++) {
      if (locals[i] != judge::Random::Mix(id + i)) sum++;
    }
    sums[id] = sum;
    Swap(self, NextInRound());
  }
}

std::uint64_t* WordsAbove(Fiber& f) {
  return reinterpret_cast<std::uint64_t*>(f.hi);
}

// How many words of a new context's stack are not zero, but for its top.
std::int64_t WrittenBelowTheTop(const Fiber& f) {
  const auto* word = reinterpret_cast<const std::uint64_t*>(f.lo);
  const auto* end = reinterpret_cast<const std::uint64_t*>(f.hi - 1024);
  return end - word - std::count(word, end, 0u);
}

void TenThousand(Driver& d) {
  const std::int64_t count = d.number("count");
  Fibers all(count, kAbove, /*stride=*/16 << 10, /*guards=*/false);
  Begin(d, all);
  sums.resize(static_cast<std::size_t>(count) + 1);
  std::int64_t outside = 0;
  for (std::int64_t id = 1; id <= count; id++) {
    for (std::size_t i = 0; i < kAbove / 8; i++) {
      WordsAbove(all[id])[i] = judge::Random::Mix(static_cast<uint64_t>(id));
    }
    all.Make(all[id], ManyBody);
    if (id % 100 == 0) outside += WrittenBelowTheTop(all[id]);
  }
  judge::Random order(static_cast<std::uint64_t>(d.number("seed")));
  for (std::int64_t round = 0; round < d.number("rounds"); round++) {
    round_order = Permutation(order, count);
    round_at = 0;
    Swap(all.main(), NextInRound());
  }
  d.Observe("turns", turns_of_all);
  constexpr std::int64_t kPerLine = 250;
  for (std::int64_t first = 1; first <= count; first += kPerLine) {
    std::vector<std::int64_t> line = {first};
    for (std::int64_t id = first; id < first + kPerLine && id <= count; id++) {
      line.push_back(
          static_cast<std::int64_t>(sums[static_cast<std::size_t>(id)]));
      for (std::size_t i = 0; i < kAbove / 8; i++) {
        outside += WordsAbove(all[id])[i] !=
                   judge::Random::Mix(static_cast<std::uint64_t>(id));
      }
    }
    d.Observe("sums", line);
  }
  d.Observe("written_outside", outside);
}

// ---- CTX-7

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
void ThrowingTurn(Fiber& self, Fiber& next) {
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

void ThrowingBody(Fiber& self) {
  Swap(self, fibers->main());
  FollowSchedule(self, ThrowingTurn);
}

void ExceptionsStayHome(Driver& d) {
  Fibers all(kContexts);
  Begin(d, all);
  for (std::int64_t id = 1; id <= kContexts; id++) {
    all.Start(all[id], ThrowingBody);
  }
  FollowSchedule(all.main(), ThrowingTurn);
}

// What is above a stack looks like frames of this function, so whoever unwinds
// past the entry lands in its handler.
constexpr std::size_t kNeighbour = 4096;  // bytes
std::uintptr_t inside_the_neighbour;

MN_ALIGNS_STACK __attribute__((noinline)) void CaughtByTheNeighbour() {
  // The handler runs at the top of the stack that was unwound, or just above.
  Fiber* self =
      fibers->At(static_cast<char*>(__builtin_frame_address(0)) - kNeighbour);
  driver->Observe("neighbour", self == nullptr ? -1 : self->id);
  if (self == nullptr || self->id == kMain) std::abort();
  Leave(*self, fibers->main());
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

MN_ALIGNS_STACK void OnTerminate() {
  Fiber* self = fibers->At(__builtin_frame_address(0));
  driver->Observe("terminate", self == nullptr ? -1 : self->id);
  if (self == nullptr || self->id == kMain) std::abort();
  Leave(*self, fibers->main());
}

void UncaughtBody(Fiber& self) {
  Swap(self, fibers->main());
  std::int64_t unwound = 0;
  ThrowBelow(self, 1, /*depth=*/1, &unwound);
}

void UncaughtEndsAtTheEntry(Driver& d) {
  Fibers all(kContexts, kNeighbour);
  Begin(d, all);
  Neighbour();
  std::set_terminate(OnTerminate);
  for (std::int64_t id = 1; id <= kContexts; id++) {
    std::fill_n(reinterpret_cast<std::uintptr_t*>(all[id].hi),
                kNeighbour / sizeof(std::uintptr_t), inside_the_neighbour);
    all.Start(all[id], UncaughtBody);
  }
  while (Fiber* next = Next()) {
    try {
      Swap(all.main(), *next);
    } catch (...) {  // not ours
      d.Observe("neighbour", kMain);
    }
    d.Observe("main_went_on", next->id);
  }
}

// ---- CTX-P

double NowNs() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

std::int64_t swaps;

void CountingBody(Fiber& self) {
  for (;;) {
    swaps++;
    CtxSwap(self.context, fibers->main().context);
  }
}

// Two threads on one CPU that wake each other through two pipes.
class KernelPingPong {
 public:
  KernelPingPong() {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(std::max(sched_getcpu(), 0)), &one);
    sched_setaffinity(0, sizeof(one), &one);  // the other thread inherits it
    if (pipe(to_) != 0 || pipe(from_) != 0) std::abort();
    other_ = std::thread([this] {
      char byte;
      while (read(to_[0], &byte, 1) == 1 && write(from_[1], &byte, 1) == 1) {
      }
    });
  }
  ~KernelPingPong() {
    close(to_[1]);
    other_.join();
  }
  void RoundTrip() {
    char byte = 0;
    if (write(to_[1], &byte, 1) != 1 || read(from_[0], &byte, 1) != 1) {
      std::abort();
    }
  }

 private:
  int to_[2], from_[2];
  std::thread other_;
};

void CheaperThanTheKernel(Driver& d) {
  constexpr int kSwaps = kSwapsPerBlock, kRoundTrips = 100;
  constexpr double kBudgetNs = 2e9;  // a busy machine gets fewer blocks
  Fibers all(1);
  Begin(d, all);
  Fiber& main = all.main();
  all.Make(all[1], CountingBody);
  KernelPingPong kernel;
  const double start = NowNs();
  std::int64_t blocks = 0;
  while (blocks < d.number("blocks") && NowNs() - start < kBudgetNs) {
    const double begin = NowNs();
    // As the context has it: in a loop like this one, some processors take ten
    // times as long between contexts that have set different flags, and
    // arithmetic sets one.
    feclearexcept(FE_ALL_EXCEPT);
    for (int i = 0; i < kSwaps; i++) CtxSwap(main.context, all[1].context);
    const double middle = NowNs();
    for (int i = 0; i < kRoundTrips; i++) kernel.RoundTrip();
    d.Measure((middle - begin) / (2 * kSwaps),
              (NowNs() - middle) / (2 * kRoundTrips));
    blocks++;
  }
  d.Observe("swaps", {swaps, blocks});
}

const bool kRegistered[] = {
    judge::RegisterDriver("Context.PingPong", PingPong),
    judge::RegisterDriver("Context.RegistersSurvive", RegistersSurvive),
    judge::RegisterDriver("Context.EntryAligned", EntryAligned),
    judge::RegisterDriver("Context.FloatingPointControl", FloatingPointControl),
    judge::RegisterDriver("Context.EntryReturns", EntryReturns),
    judge::RegisterDriver("Context.TenThousand", TenThousand),
    judge::RegisterDriver("Context.ExceptionsStayHome", ExceptionsStayHome),
    judge::RegisterDriver("Context.UncaughtEndsAtTheEntry",
                          UncaughtEndsAtTheEntry),
    judge::RegisterDriver("Context.CheaperThanTheKernel", CheaperThanTheKernel),
};

}  // namespace
}  // namespace mn
