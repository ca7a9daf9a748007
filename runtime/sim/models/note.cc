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
int rounds;
std::int64_t spin_ns;

void Sleeper(void*) {
  for (int i = 1; i <= rounds; i++) {
    note.Clear();
    ready.Wakeup();
    note.Sleep(spin_ns);
    Expect(payload == i, "the sleeper sees the payload of its wake-up");
  }
}

void Waker(void*) {
  for (int i = 1; i <= rounds; i++) {
    ready.Sleep();
    ready.Clear();
    payload = i;
    note.Wakeup();
  }
}

void OneSleeper(void*) {
  note.Sleep(spin_ns);
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

void Setup(int n, std::int64_t spin, void (*sleeper)(void*),
           void (*waker)(void*)) {
  Renew(note);
  Renew(ready);
  Name(note, "note");
  Name(ready, "ready");
  Name(payload, "payload", -1, true);
  payload = 0;
  rounds = n;
  spin_ns = spin;
  Spawn("sleeper", sleeper, nullptr);
  Spawn("waker", waker, nullptr);
}

constexpr Config kConfigs[] = {
    {"once",
     "1 sleeper, 1 waker",
     [] { Setup(1, 0, OneSleeper, OneWaker); },
     nullptr,
     {3, 1},
     {6, 2}},
    {"once_timed",
     "the same, with a limit",
     [] { Setup(1, 0, TimedSleeper, OneWaker); },
     nullptr,
     {3, 1},
     {6, 2}},
    {"once_spin",
     "1 sleeper that spins first, 1 waker",
     [] { Setup(1, 1'000, OneSleeper, OneWaker); },
     nullptr,
     {3, 1},
     {6, 2}},
    {"twice",
     "1 sleeper, 1 waker, the note used twice",
     [] { Setup(2, 0, Sleeper, Waker); },
     nullptr,
     {3, 1},
     {6, 2}},
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
