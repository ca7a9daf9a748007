// Callback: back into the runtime, from a foreign call and from a thread that
// it does not know.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/core/sched.h"
#include "runtime/foreign.h"
#include "runtime/mn.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"
#include "runtime/testing/threads.h"

namespace mn {
namespace {

using std::chrono::microseconds;
using test::Died;
using test::Exited;
using test::Join;
using test::kCooperative;
using test::KernelTid;
using test::OnForeignThread;
using test::OnProcs;
using test::ProcessResult;
using test::RunProgram;
using test::Watchdog;

bool Pinned() { return getg()->lockedm == getm() && getm()->lockedg == getg(); }

// ---- Callback from a foreign call ---------------------------------------

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

// Row CGO-16.
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

// Row LCK-10, four ways.
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

// Row LCK-01: two counters.
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

// Row CGO-15.
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

// ---- Callback from a foreign thread -------------------------------------

TEST(ForeignThread, SendsAndReceives) {
  Chan<int> in(0), out(0);
  int sum = 0;
  WaitGroup wg;
  wg.Go([&] {
    for (int i = 0; i < 10; i++) {
      in.Send(i);
      sum += out.Recv();
    }
  });
  OnForeignThread([&] {
    Callback([&] {
      for (int i = 0; i < 10; i++) out.Send(in.Recv() * 2);
    });
  });
  wg.Wait();
  EXPECT_EQ(sum, 90);
}

TEST(ForeignThread, StartsGoroutines) {
  std::atomic<int> ran{0};
  OnForeignThread([&] {
    Callback([&] {
      WaitGroup wg;
      for (int i = 0; i < 10; i++) wg.Go([&] { ran++; });
      wg.Wait();
    });
  });
  EXPECT_EQ(ran.load(), 10);
}

TEST(ForeignThread, SleepsYieldsAndBlocks) {
  bool same = true;
  OnForeignThread([&] {
    const int tid = KernelTid();
    Callback([&] {
      for (int i = 0; i < 20; i++) {
        Sleep(microseconds(20));
        same = same && Gettid() == tid;
        Gosched();
        same = same && Gettid() == tid;
        BlockingCall([] { ::usleep(10); });
        same = same && Gettid() == tid;
      }
    });
  });
  EXPECT_TRUE(same);
}

TEST(ForeignThread, SharesAMutexWithGoroutines) {
  Mutex mu;
  int count = 0;
  WaitGroup wg;
  auto add = [&] {
    for (int i = 0; i < 200; i++) {
      mu.Lock();
      count++;
      mu.Unlock();
    }
  };
  std::thread t([&] { Callback(add); });
  for (int i = 0; i < 3; i++) wg.Go(add);
  wg.Wait();
  Join(t);
  EXPECT_EQ(count, 800);
}

TEST(ForeignThread, IsPinnedWhateverItUnlocks) {
  bool pinned = false;
  OnForeignThread([&] {
    Callback([&] {
      LockOSThread();
      UnlockOSThread();
      UnlockOSThread();
      pinned = Pinned();
    });
  });
  EXPECT_TRUE(pinned);
}

TEST(ForeignThread, MayEndTheCallbackLocked) {
  // The thread is not ours to end.
  bool after = false;
  OnForeignThread([&] {
    Callback([] { LockOSThread(); });
    Callback([&] { after = getm()->locked_ext == 0; });
  });
  EXPECT_TRUE(after);
}

TEST(ForeignThread, NestsForeignCallsAndCallbacks) {
  std::string order;
  OnForeignThread([&] {
    Callback([&] {
      order += "a";
      Foreign([&] {
        Callback([&] {
          order += "b";
          Sleep(microseconds(10));
        });
        order += "c";
      });
      EXPECT_TRUE(Pinned());
      order += "d";
    });
  });
  EXPECT_EQ(order, "abcd");
}

// Row CGO-17.
TEST(ForeignThread, TenWithSixCallbacksEach) {
  std::atomic<int> sum{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; i++) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 6; k++) Callback([&, i] { sum += i; });
    });
  }
  for (auto& t : threads) Join(t);
  EXPECT_EQ(sum.load(), 270);
}

TEST(ForeignThread, ManyWaitInCallbacksAtOnce) {
  Watchdog dog("callbacks that wait");
  constexpr int kThreads = 20;
  Chan<int> ch(0);
  std::atomic<int> inside{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; i++) {
    threads.emplace_back([&] {
      Callback([&] {
        inside++;
        ch.Send(1);
      });
    });
  }
  while (inside != kThreads) Gosched();
  int sum = 0;
  for (int i = 0; i < kThreads; i++) sum += ch.Recv();
  EXPECT_EQ(sum, kThreads);
  for (auto& t : threads) Join(t);
}

// Row CGO-05.
TEST(ForeignThread, KeepsItsMUntilItEnds) {
  std::atomic<int> turn{0};
  bool kept[2] = {true, true};
  M* m[2] = {};
  std::int64_t id[2] = {};
  auto body = [&](int me) {
    for (int i = 0; i < 10; i++) {
      while (turn % 2 != me) ::usleep(10);
      Callback([&] {
        if (m[me] == nullptr) {
          m[me] = getm();
          id[me] = getm()->id;
        }
        kept[me] = kept[me] && m[me] == getm() && id[me] == getm()->id;
      });
      turn++;
    }
  };
  std::thread a(body, 0), b(body, 1);
  Join(a);
  Join(b);
  EXPECT_TRUE(kept[0] && kept[1]);
  EXPECT_NE(m[0], m[1]);
}

int ForeignMs() {
  InRuntimeScope scope;
  RtLock lock(sched.lock);
  return sched.nforeign;
}

TEST(ForeignThread, GivesItsMBackWhenItEnds) {
  while (ForeignMs() != 0) Gosched();  // of the tests before
  int inside = 0;
  OnForeignThread([&] {
    Callback([&] { inside = ForeignMs(); });
    EXPECT_EQ(ForeignMs(), 1);
  });
  EXPECT_EQ(inside, 1);
  EXPECT_EQ(ForeignMs(), 0);
}

TEST(ForeignThread, DoesNotCountAsAThreadOfOurs) {
  OnForeignThread([] {
    Callback([] {
      InRuntimeScope scope;
      RtLock lock(sched.lock);
      int ours = 0, foreign = 0;
      for (const M* m = sched.allm; m != nullptr; m = m->alllink) {
        (m->foreign ? foreign : ours)++;
      }
      EXPECT_GE(foreign, 1);
      EXPECT_EQ(ours, NumThreads());
    });
  });
}

// Row CGO-07.
MN_PROGRAM(CountsGoroutines) {
  const int before = NumGoroutine();
  int inside = 0;
  std::thread([&] { Callback([&] { inside = NumGoroutine(); }); }).join();
  MUST(before == 1);
  MUST(inside == 2);
  MUST(NumGoroutine() == before);
  return 12;
}

TEST(ForeignThread, ItsCallbackIsOneGoroutineMore) {
  // Two Ps: goroutine 1 keeps one of them while it joins.
  EXPECT_TRUE(
      Exited(RunProgram("CountsGoroutines", OnProcs(2, kCooperative)), 12));
}

TEST(ForeignThread, AnExceptionReachesItsCaller) {
  std::string what;
  OnForeignThread([&] {
    for (int i = 0; i < 100; i++) {
      try {
        Callback([] {
          Gosched();
          throw std::runtime_error("from a callback");
        });
      } catch (const std::runtime_error& e) {
        what = e.what();
      }
    }
  });
  EXPECT_EQ(what, "from a callback");
}

// Row CGO-02.
MN_PROGRAM(NobodyCatches) {
  std::thread t([] { Callback([] { throw Panic("BOOM"); }); });
  Join(t);
  return 0;
}

TEST(ForeignThread, AnExceptionThatNobodyCatchesIsAPanic) {
  const ProcessResult r = RunProgram("NobodyCatches");
  EXPECT_TRUE(Died(r, "panic: BOOM"));
}

// Row LCK-08.
MN_PROGRAM(GoexitOnAForeignThread) {
  std::thread t([] { Callback([] { Goexit(); }); });
  Join(t);
  return 0;
}

TEST(ForeignThread, GoexitIsFatal) {
  EXPECT_TRUE(Died(
      RunProgram("GoexitOnAForeignThread"),
      "runtime: mn::Goexit was called inside mn::Callback; return instead"));
}

MN_BARE_PROGRAM(CallsBackTooEarly) {
  Callback([] {});
  return 0;
}

TEST(ForeignThread, BeforeMainIsFatal) {
  const ProcessResult r = RunProgram("CallsBackTooEarly");
  EXPECT_TRUE(Died(r, "runtime: mn::Callback was called before mn::Main"));
}

// Row CGO-12.
pthread_key_t callback_key;
std::atomic<int> destructor_got{0};

TEST(ForeignThread, CallsBackFromADestructorOfAPthreadKey) {
  ASSERT_EQ(::pthread_key_create(&callback_key,
                                 [](void* arg) {
                                   Callback([=] {
                                     Gosched();
                                     destructor_got = static_cast<int>(
                                         reinterpret_cast<std::intptr_t>(arg));
                                   });
                                 }),
            0);
  for (bool before_too : {false, true}) {
    destructor_got = 0;
    OnForeignThread([=] {
      if (before_too) Callback([] {});
      ::pthread_setspecific(callback_key, reinterpret_cast<void*>(23));
    });
    EXPECT_EQ(destructor_got.load(), 23);
    EXPECT_EQ(ForeignMs(), 0);
  }
  ::pthread_key_delete(callback_key);
}

stack_t SignalStack() {
  stack_t s = {};
  ::sigaltstack(nullptr, &s);
  return s;
}

TEST(ForeignThread, KeepsItsOwnSignalStack) {
  std::vector<char> memory(64 * 1024);
  bool inside = false, after = false;
  OnForeignThread([&] {
    stack_t mine = {}, old = {};
    mine.ss_sp = memory.data();
    mine.ss_size = memory.size();
    ASSERT_EQ(::sigaltstack(&mine, &old), 0);
    Callback([&] { inside = SignalStack().ss_sp == memory.data(); });
    after = SignalStack().ss_sp == memory.data();
    ::sigaltstack(&old, nullptr);
  });
  EXPECT_TRUE(inside);
  EXPECT_TRUE(after);
}

// Its locals are not in the frame that is cancelled, of which ASan would keep
// the redzones.
__attribute__((noinline)) void CallBack() {
  Callback([] {});
}

// Row CGO-19.
TEST(ForeignThread, CanBeCancelled) {
  Watchdog dog("pthread_cancel and join");
  std::atomic<bool> called{false};
  pthread_t t;
  ASSERT_EQ(::pthread_create(
                &t, nullptr,
                [](void* arg) -> void* {
                  CallBack();
                  *static_cast<std::atomic<bool>*>(arg) = true;
                  for (;;) {
                    ::pthread_testcancel();
                    ::sched_yield();
                  }
                },
                &called),
            0);
  while (!called) Gosched();
  EXPECT_EQ(::pthread_cancel(t), 0);
  void* result = nullptr;
  BlockingCall([&] { ::pthread_join(t, &result); });
  EXPECT_EQ(result, PTHREAD_CANCELED);
  EXPECT_EQ(ForeignMs(), 0);
}

// ---- deadlocks ----------------------------------------------------------

// Nothing of the runtime runs any more. Any thread.
bool NothingRuns() {
  RtLock lock(sched.lock);
  return sched.mcount.load() - sched.nmidle - sched.nmidlelocked -
             sched.nmsys <=
         0;
}

MN_PROGRAM(OnlyAForeignThreadIsLeft) {
  Chan<int> ch(0);
  std::atomic<bool> called{false};
  std::thread t([&] {
    Callback([&] { called = true; });
    while (!NothingRuns()) ::usleep(100);
    Callback([&] { ch.Send(13); });
  });
  while (!called) Gosched();
  const int got = ch.Recv();
  Join(t);
  return got;
}

TEST(ForeignThread, Dlk_IsNotReportedWhileOneThatCalledInLives) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(Exited(
        RunProgram("OnlyAForeignThreadIsLeft", OnProcs(procs, kCooperative)),
        13));
  }
}

// The policy of foreign.h: any thread that is not ours could call in.
MN_PROGRAM(AThreadHasNeverCalledIn) {
  Chan<int> ch(0);
  std::thread t([&] {
    while (!NothingRuns()) ::usleep(100);
    Callback([&] { ch.Send(13); });
  });
  const int got = ch.Recv();
  Join(t);
  return got;
}

TEST(ForeignThread, Dlk_IsNotReportedWhileOneThatMayCallInLives) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(Exited(
        RunProgram("AThreadHasNeverCalledIn", OnProcs(procs, kCooperative)),
        13));
  }
}

MN_PROGRAM(TheForeignThreadEnds) {
  Chan<int> ch(0);
  std::atomic<bool> called{false};
  std::thread([&] {
    Callback([&] { called = true; });
    while (!NothingRuns()) ::usleep(100);
    puts("the foreign thread ends");
    fflush(stdout);
  }).detach();
  while (!called) Gosched();
  ch.Recv();
  return 0;
}

TEST(ForeignThread, Dlk_IsReportedOnceItHasEnded) {
  for (int procs : {1, 4}) {
    const ProcessResult r =
        RunProgram("TheForeignThreadEnds", OnProcs(procs, kCooperative));
    EXPECT_TRUE(Died(r, "fatal error: all goroutines are asleep - deadlock!"));
    EXPECT_EQ(r.out, "the foreign thread ends\n");
  }
}

}  // namespace
}  // namespace mn
