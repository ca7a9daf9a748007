// Note (core/lock.cc): a wake-up is never lost, whichever comes first, and what
// the waker wrote before it is seen by the sleeper.
//
// The sleeper goes through several rounds with one note, as an M does with its
// own; the waker writes a plain payload and wakes it.
#include "runtime/core/lock.h"
#include "runtime/sim/model.h"

namespace mn::sim {

namespace {

Note note;
Note ready;
int payload;

struct Params {
  void (*sleeper)(void*);
  void (*waker)(void*);
  int rounds = 1;
  std::int64_t spin_ns = 0;  // before the sleeper sleeps
};
Params params;

void Sleeper(void*) {
  for (int i = 1; i <= params.rounds; i++) {
    note.Clear();
    ready.Wakeup();
    note.Sleep(params.spin_ns);
    Expect(payload == i, "the sleeper sees the payload of its wake-up");
  }
}

void Waker(void*) {
  for (int i = 1; i <= params.rounds; i++) {
    ready.Sleep();
    ready.Clear();
    payload = i;
    note.Wakeup();
  }
}

void OneSleeper(void*) {
  note.Sleep(params.spin_ns);
  Expect(payload == 1, "the sleeper sees the payload of its wake-up");
}

void OneWaker(void*) {
  payload = 1;
  note.Wakeup();
}

void TimedSleeper(void*) {
  if (note.SleepFor(1'000'000)) {
    Expect(payload == 1, "the sleeper sees the payload of its wake-up");
  }
}

void Setup(const Params& s) {
  params = s;
  Renew(note);
  Renew(ready);
  Name(note, "note");
  Name(ready, "ready");
  Name(payload, "payload", -1, true);
  payload = 0;
  Spawn("sleeper", s.sleeper, nullptr);
  Spawn("waker", s.waker, nullptr);
}

constexpr Config kConfigs[] = {
    {.name = "once",
     .what = "1 sleeper, 1 waker",
     .setup = [] { Setup({.sleeper = OneSleeper, .waker = OneWaker}); },
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 6, .delays = 2}},
    {.name = "once_timed",
     .what = "the same, with a limit",
     .setup = [] { Setup({.sleeper = TimedSleeper, .waker = OneWaker}); },
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 6, .delays = 2}},
    {.name = "once_spin",
     .what = "1 sleeper that spins first, 1 waker",
     .setup =
         [] {
           Setup({.sleeper = OneSleeper, .waker = OneWaker, .spin_ns = 1'000});
         },
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 6, .delays = 2}},
    {.name = "twice",
     .what = "1 sleeper, 1 waker, the note used twice",
     .setup = [] { Setup({.sleeper = Sleeper, .waker = Waker, .rounds = 2}); },
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 6, .delays = 2}},
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
