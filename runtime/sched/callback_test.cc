// Callback from a foreign call: back into the runtime, on the goroutine that
// left it.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>

#include "runtime/core/getg.h"
#include "runtime/foreign.h"
#include "runtime/mn.h"
#include "runtime/testing/kernel_threads.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::microseconds;
using test::Died;
using test::KernelTid;
using test::Pinned;
using test::RunProgram;
using test::Watchdog;

TEST(Callback, RunsOnTheSameGoroutineAndThread) {
  G* const gp = getg();
  int outer = 0, inner = 0;
  G* inner_g = nullptr;
  Foreign([&] {
    outer = KernelTid();
    Callback([&] {
      inner = Gettid();
      inner_g = getg();
    });
  });
  EXPECT_EQ(inner, outer);
  EXPECT_EQ(inner_g, gp);
}

// go:CGO-16.
TEST(Callback, MayWaitForChannels) {
  Watchdog dog("a callback and a goroutine");
  Chan<int> ping(0), pong(0);
  Go([ping, pong]() mutable {
    while (auto v = ping.Next()) pong.Send(*v + 1);
  });
  int sum = 0, moved = 0;
  Foreign([&] {
    const int tid = KernelTid();
    Callback([&] {
      for (int i = 0; i < 10; i++) {
        ping.Send(i);
        sum += pong.Recv();
        Sleep(microseconds(10));
        if (Gettid() != tid) moved++;
      }
    });
    if (KernelTid() != tid) moved++;
  });
  ping.Close();
  EXPECT_EQ(sum, 55);
  EXPECT_EQ(moved, 0);
}

TEST(Callback, NestsInForeignCalls) {
  std::string order;
  int tid[4] = {};
  Foreign([&] {
    tid[0] = KernelTid();
    Callback([&] {
      order += "a";
      Gosched();
      Foreign([&] {
        tid[1] = KernelTid();
        Callback([&] {
          order += "b";
          Sleep(microseconds(10));
          tid[2] = Gettid();
          EXPECT_TRUE(Pinned());
        });
        order += "c";
      });
      EXPECT_TRUE(Pinned());  // the outer one's frames are still there
      Gosched();
      tid[3] = Gettid();
      order += "d";
    });
    order += "e";
  });
  EXPECT_EQ(order, "abcde");
  for (int t : tid) EXPECT_EQ(t, tid[0]);
  EXPECT_FALSE(Pinned());
}

thread_local int of_the_thread = 0;
__attribute__((noinline)) void SetThreadLocal(int v) { of_the_thread = v; }
__attribute__((noinline)) int GetThreadLocal() { return of_the_thread; }

TEST(Callback, ThreadLocalStateOfTheLibraryStays) {
  std::atomic<bool> stop{false};
  WaitGroup wg;
  wg.Go([&] {  // somebody to be moved by
    while (!stop) Gosched();
  });
  int inside = 0, after = 0;
  Foreign([&] {
    SetThreadLocal(17);
    Callback([&] {
      for (int i = 0; i < 100; i++) Gosched();
      inside = GetThreadLocal();
    });
    after = GetThreadLocal();
    SetThreadLocal(0);
  });
  EXPECT_EQ(inside, 17);
  EXPECT_EQ(after, 17);
  stop = true;
  wg.Wait();
}

// go:LCK-10, four ways.
void ExpectPinIsRestored(bool pinned, bool by_exception) {
  if (pinned) LockOSThread();
  bool inside = false;
  try {
    Foreign([&] {
      Callback([&] {
        inside = Pinned();
        if (by_exception) throw 1;
      });
    });
    EXPECT_FALSE(by_exception);
  } catch (int) {
    EXPECT_TRUE(by_exception);
  }
  EXPECT_TRUE(inside);
  EXPECT_EQ(Pinned(), pinned);
  if (pinned) UnlockOSThread();
  EXPECT_FALSE(Pinned());
}

TEST(Callback, Lot1_IsPinnedAndRestoresAnUnpinnedGoroutine) {
  ExpectPinIsRestored(false, false);
}
TEST(Callback, Lot1_IsPinnedAndRestoresAPinnedGoroutine) {
  ExpectPinIsRestored(true, false);
}
TEST(Callback, Lot1_AnExceptionRestoresAnUnpinnedGoroutine) {
  ExpectPinIsRestored(false, true);
}
TEST(Callback, Lot1_AnExceptionRestoresAPinnedGoroutine) {
  ExpectPinIsRestored(true, true);
}

// go:LCK-01: two counters.
TEST(Callback, Lot1_UnlockInsideDoesNotUnpinTheCallback) {
  Foreign([] {
    Callback([] {
      UnlockOSThread();
      EXPECT_TRUE(Pinned());
      LockOSThread();
      UnlockOSThread();
      EXPECT_TRUE(Pinned());
    });
  });
  EXPECT_FALSE(Pinned());
}

TEST(Callback, Lot1_LockInsideOutlastsTheCallback) {
  Foreign([] { Callback([] { LockOSThread(); }); });
  EXPECT_TRUE(Pinned());
  UnlockOSThread();
  EXPECT_FALSE(Pinned());
}

// go:CGO-15.
TEST(Callback, AnExceptionReachesTheCallerOfTheForeignCall) {
  const int n = 5000 / test::kSlowdown;
  int caught = 0;
  for (int i = 0; i < n; i++) {
    try {
      Foreign([&] { Callback([&] { throw std::out_of_range("x"); }); });
    } catch (const std::out_of_range&) {
      caught++;
    }
  }
  EXPECT_EQ(caught, n);
  EXPECT_FALSE(Pinned());
}

// Through frames of C: libc's are compiled with unwind tables.
TEST(Callback, AnExceptionPassesFramesOfC) {
  const int n = 5000 / test::kSlowdown;
  for (const bool pinned : {false, true}) {
    if (pinned) LockOSThread();
    int caught = 0;
    for (int i = 0; i < n; i++) {
      int two[] = {2, 1};
      try {
        Foreign([&] {
          ::qsort(two, 2, sizeof(int), [](const void*, const void*) -> int {
            Callback([] { throw std::out_of_range("x"); });
            return 0;
          });
        });
      } catch (const std::out_of_range&) {
        caught++;
      }
    }
    EXPECT_EQ(caught, n);
    EXPECT_EQ(Pinned(), pinned);
    if (pinned) UnlockOSThread();
  }
}

TEST(Callback, AnExceptionMayEndInTheForeignCode) {
  bool caught = false;
  Foreign([&] {
    try {
      Callback([] {
        Gosched();
        throw 5;
      });
    } catch (int i) {
      caught = i == 5;
    }
  });
  EXPECT_TRUE(caught);
}

TEST(Callback, OnAGoroutineIsACall) {
  G* inside = nullptr;
  Callback([&] { inside = getg(); });
  EXPECT_EQ(inside, getg());
}

TEST(Callback, WorksFromABlockingCallToo) {
  int got = 0;
  Chan<int> ch(0);
  Go([ch]() mutable { ch.Send(6); });
  BlockingCall([&] { Callback([&] { got = ch.Recv(); }); });
  EXPECT_EQ(got, 6);
}

MN_PROGRAM(GoexitInACallback) {
  Foreign([] { Callback([] { Goexit(); }); });
  return 0;
}

TEST(Callback, GoexitInsideAForeignCallIsFatal) {
  EXPECT_TRUE(Died(
      RunProgram("GoexitInACallback"),
      "runtime: mn::Goexit was called inside mn::Callback; return instead"));
}

}  // namespace
}  // namespace mn
