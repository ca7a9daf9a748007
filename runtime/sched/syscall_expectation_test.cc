// SYS-8: a goroutine whose call lost its P hands the P off at once when it
// calls from the same place again.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "runtime/core/getg.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/sched/globrunq.h"
#include "runtime/syscall.h"
#include "runtime/testing/pipe.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using test::Exited;
using test::Pipe;
using test::RunProgram;

// One P, and only calls and sysmon move it.
test::ProcessOptions OnePWithoutPreemption() {
  return {.env = {{"GOMAXPROCS", "1"}, {"GODEBUG", "asyncpreemptoff=1"}}};
}

// What the call below blocks on; null: it is a short one. Volatile, so that no
// compiler makes a copy of the function, with a place of its own, for each.
Pipe* volatile blocks_on = nullptr;

// True: it handed its P off before it began.
[[gnu::noinline]] bool CallHandsItsPOff() {
  return Syscall([] {
    const bool gone = getm()->oldp == nullptr;
    if (Pipe* pipe = blocks_on) {
      pipe->Read();
      // How long the call lasts, not a wait for anybody: if the other goroutine
      // runs at once, a read alone may take less than a wake-up (5 us).
      ::usleep(100);
    }
    return gone;
  });
}

// Something to hand the P off for.
void QueueAGoroutine(std::function<void()> f) {
  // Nobody looks for work, then nobody can begin to: the P is ours.
  while (sched.nmspinning.load() != 0) {
  }
  Go(std::move(f));
}

// Blocks until another goroutine has run.
bool LongCallHandsItsPOff() {
  Pipe pipe;
  blocks_on = &pipe;
  QueueAGoroutine([&] { pipe.Write('w'); });
  const bool gone = CallHandsItsPOff();
  blocks_on = nullptr;
  return gone;
}

bool ShortCallHandsItsPOff() {
  QueueAGoroutine([] {});
  return CallHandsItsPOff();
}

MN_PROGRAM(CallsThatLast) {
  if (LongCallHandsItsPOff()) return 1;  // sysmon took it
  if (!LongCallHandsItsPOff()) return 2;
  if (!LongCallHandsItsPOff()) return 3;
  return 0;
}

TEST(Syscall, Sys8_ACallThatLastsAgainHandsItsPOffAtOnce) {
  EXPECT_TRUE(Exited(RunProgram("CallsThatLast", OnePWithoutPreemption()), 0));
}

MN_PROGRAM(NothingWaits) {
  LongCallHandsItsPOff();
  if (!LongCallHandsItsPOff()) return 1;
  while (WorkWaits(getm()->p)) Gosched();
  return CallHandsItsPOff() ? 2 : 0;
}

TEST(Syscall, Sys8_NothingThatWaitsIsNoReasonToHandThePOff) {
  EXPECT_TRUE(Exited(RunProgram("NothingWaits", OnePWithoutPreemption()), 0));
}

MN_PROGRAM(CallsFromElsewhere) {
  const void* slow;
  do {
    LongCallHandsItsPOff();
    slow = getg()->slowpc;
    QueueAGoroutine([] {});
    if (Syscall([] { return getm()->oldp == nullptr; })) return 1;
    // Unless the kernel held it up for so long that sysmon took the P.
  } while (getg()->slowpc != slow);
  return LongCallHandsItsPOff() ? 0 : 2;
}

TEST(Syscall, Sys8_ACallFromElsewhereIsNotExpectedToLast) {
  EXPECT_TRUE(
      Exited(RunProgram("CallsFromElsewhere", OnePWithoutPreemption()), 0));
}

MN_PROGRAM(ShortCallsAfterALongOne) {
  LongCallHandsItsPOff();
  // The kernel may hold up any of them, but not all.
  for (int i = 0; i < 1000; i++) {
    if (!ShortCallHandsItsPOff()) return 1;
    if (getg()->slowpc == nullptr) return 0;
  }
  return 2;
}

TEST(Syscall, Sys8_AShortCallEndsTheExpectation) {
  EXPECT_TRUE(Exited(
      RunProgram("ShortCallsAfterALongOne", OnePWithoutPreemption()), 0));
}

MN_PROGRAM(NewGoroutineAfterASlowOne) {
  const G* slow = nullptr;
  const G* next = nullptr;
  const void* expected = nullptr;
  WaitGroup wg;
  wg.Go([&] {
    LongCallHandsItsPOff();
    slow = getg();
    if (slow->slowpc == nullptr) abort();
  });
  wg.Wait();
  wg.Go([&] {
    next = getg();
    expected = next->slowpc;
  });
  wg.Wait();
  if (next != slow) return 1;
  return expected == nullptr ? 0 : 2;
}

TEST(Syscall, Sys8_ANewGoroutineIsNotExpectedToBeSlow) {
  EXPECT_TRUE(Exited(
      RunProgram("NewGoroutineAfterASlowOne", OnePWithoutPreemption()), 0));
}

}  // namespace
}  // namespace mn
