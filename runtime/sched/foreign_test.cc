// Foreign, Callback and ForeignPool: out of the runtime and back in.
#include "runtime/foreign.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/core/sanitizer.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/testing/fault.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using test::Died;
using test::Exited;
using test::ProcessOptions;
using test::ProcessResult;
using test::RunProgram;
using test::Watchdog;
using ::testing::HasSubstr;
using ::testing::Not;

// For programs: ends the child with a message unless `ok`.
#define MUST(ok)                                           \
  do {                                                     \
    if (!(ok)) {                                           \
      fprintf(stderr, "line %d: not " #ok "\n", __LINE__); \
      exit(10);                                            \
    }                                                      \
  } while (0)

constexpr int kRepeat = MN_TSAN ? 200 : 1000;

int KernelTid() { return static_cast<int>(::syscall(SYS_gettid)); }

int KernelThreads() {
  DIR* tasks = ::opendir("/proc/self/task");
  int n = 0;
  while (const dirent* entry = ::readdir(tasks)) {
    if (isdigit(entry->d_name[0])) n++;
  }
  ::closedir(tasks);
  return n;
}

// Blocks the thread, as C code does, until `flag`.
void BlockUntil(const std::atomic<bool>& flag) {
  while (!flag) ::usleep(200);
}

bool Pinned() { return getg()->lockedm == getm() && getm()->lockedg == getg(); }

// Joins without holding up the goroutines that it waits for.
void Join(std::thread& t) {
  BlockingCall([&] { t.join(); });
}

// Runs f on a thread that the runtime does not know.
template <class F>
void OnForeignThread(F f) {
  std::thread t(std::move(f));
  Join(t);
}

ProcessOptions OnProcs(int procs) {
  return {.env = {{"GOMAXPROCS", std::to_string(procs)},
                  {"GODEBUG", "asyncpreemptoff=1"}}};
}

// ---- Foreign ------------------------------------------------------------

TEST(Foreign, ReturnsWhatFReturns) {
  EXPECT_EQ(Foreign([] { return 42; }), 42);
  EXPECT_EQ(*Foreign([] { return std::make_unique<int>(3); }), 3);
  int x = 0;
  EXPECT_EQ(&Foreign([&]() -> int& { return x; }), &x);
}

TEST(Foreign, AnExceptionPassesThrough) {
  std::string what;
  try {
    Foreign([] { throw std::runtime_error("from inside"); });
  } catch (const std::runtime_error& e) {
    what = e.what();
  }
  EXPECT_EQ(what, "from inside");
  Gosched();  // the P is back
}

TEST(Foreign, ErrnoCanBeReadInside) {
  EXPECT_EQ(Foreign([] { return ::close(-1) == 0 ? 0 : errno; }), EBADF);
}

TEST(Foreign, Cgo1_ItsThreadRunsNothingElse) {
  Watchdog dog("goroutines beside a foreign call");
  std::atomic<int> tid{0};
  std::atomic<bool> release{false};
  WaitGroup wg;
  wg.Go([&] {
    Foreign([&] {
      tid = KernelTid();
      BlockUntil(release);
    });
  });
  while (tid == 0) Gosched();
  int ran = 0, there = 0;
  for (int i = 0; i < kRepeat; i++) {
    WaitGroup one;
    one.Go([&] {
      ran++;
      if (Gettid() == tid) there++;
    });
    one.Wait();
    dog.Progress();
  }
  EXPECT_EQ(ran, kRepeat);
  EXPECT_EQ(there, 0);
  release = true;
  wg.Wait();
}

// Row CGO-22.
TEST(Foreign, Cgo1_TheThreadStaysWhileOtherGoroutinesWake) {
  Watchdog dog("foreign calls beside a sleeper");
  std::atomic<bool> stop{false};
  std::atomic<int> woken{0};
  WaitGroup wg;
  wg.Go([&] {
    while (!stop) {
      Sleep(milliseconds(1));
      woken++;
    }
  });
  int moved = 0;
  for (int i = 0; i < kRepeat || woken < 3; i++) {
    Foreign([&] {
      const int before = KernelTid();
      if (i % 50 == 0) ::usleep(1000);
      if (KernelTid() != before) moved++;
    });
    dog.Progress();
  }
  EXPECT_EQ(moved, 0);
  stop = true;
  wg.Wait();
}

// On one P, with preemption off: only the call itself lets others go on.
MN_PROGRAM(BlocksUntilOthersRan) {
  std::atomic<bool> ran{false};
  Go([&] {
    for (int i = 0; i < 100; i++) Gosched();
    ran = true;
  });
  Foreign([&] { BlockUntil(ran); });
  return 11;
}

TEST(Foreign, Cgo2_OthersGoOnWhileItBlocks) {
  EXPECT_TRUE(Exited(RunProgram("BlocksUntilOthersRan", OnProcs(1)), 11));
}

TEST(Foreign, Cgo2_SleepersWakeWhileItBlocks) {
  std::atomic<bool> woken{false};
  Go([&] {
    Sleep(milliseconds(1));
    woken = true;
  });
  Foreign([&] { BlockUntil(woken); });
  EXPECT_TRUE(woken.load());
}

// Row CGO-23.
MN_PROGRAM(HundredForeignCalls) {
  std::atomic<int> inside{0};
  std::atomic<bool> release{false};
  WaitGroup wg;
  for (int i = 0; i < 100; i++) {
    wg.Go([&] {
      Foreign([&] {
        inside++;
        BlockUntil(release);
      });
    });
  }
  while (inside != 100) Gosched();  // and this goroutine goes on
  MUST(KernelThreads() >= 100);
  MUST(NumThreads() >= 100);
  release = true;
  wg.Wait();
  return 11;
}

TEST(Foreign, Cgo3_HundredCallsThatBlockNeedHundredThreads) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(Exited(RunProgram("HundredForeignCalls", OnProcs(procs)), 11));
  }
}

int ThreadsOfAStorm(int n) {
  std::atomic<int> inside{0};
  std::atomic<bool> release{false};
  WaitGroup wg;
  for (int i = 0; i < n; i++) {
    wg.Go([&] {
      Foreign([&] {
        inside++;
        BlockUntil(release);
      });
    });
  }
  while (inside != n) Gosched();
  const int threads = NumThreads();
  release = true;
  wg.Wait();
  return threads;
}

MN_PROGRAM(TwoStorms) {
  const int first = ThreadsOfAStorm(100);
  const int second = ThreadsOfAStorm(100);
  MUST(first >= 100);
  MUST(second <= first + 5);
  return 11;
}

TEST(Foreign, Thr2_ASecondStormUsesTheThreadsOfTheFirst) {
  EXPECT_TRUE(Exited(RunProgram("TwoStorms", OnProcs(2)), 11));
}

MN_PROGRAM(EmptyCalls) {
  const int before = NumThreads();
  int calls = 0;
  for (int i = 0; i < 100'000 / test::kSlowdown; i++) Foreign([&] { calls++; });
  MUST(calls == 100'000 / test::kSlowdown);
  // Two: for calls that the kernel made long by running somebody else.
  MUST(NumThreads() <= before + 2);
  return 11;
}

TEST(Foreign, EmptyCallsMakeNoThreads) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(Exited(RunProgram("EmptyCalls", OnProcs(procs)), 11));
  }
}

// Row CGO-18: each waits for the other, one of them in C.
TEST(Foreign, Cgo2_TwoThatWaitForEachOtherRunInParallel) {
  Watchdog dog("C and a goroutine in turns");
  std::atomic<int> turn{0};
  constexpr int kTurns = 100;
  WaitGroup wg;
  wg.Go([&] {
    for (int i = 0; i < kTurns; i++) {
      while (turn != 2 * i + 1) Gosched();
      turn++;
      dog.Progress();
    }
  });
  Foreign([&] {
    for (int i = 0; i < kTurns; i++) {
      turn++;
      while (turn != 2 * i + 2) ::usleep(10);
    }
  });
  wg.Wait();
  EXPECT_EQ(turn.load(), 2 * kTurns);
}

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
  EXPECT_TRUE(Exited(RunProgram("CountsGoroutines", OnProcs(2)), 12));
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

// Row CGO-19.
TEST(ForeignThread, CanBeCancelled) {
  Watchdog dog("pthread_cancel and join");
  std::atomic<bool> called{false};
  pthread_t t;
  ASSERT_EQ(::pthread_create(
                &t, nullptr,
                [](void* arg) -> void* {
                  Callback([] {});
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
    EXPECT_TRUE(
        Exited(RunProgram("OnlyAForeignThreadIsLeft", OnProcs(procs)), 13));
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
    const ProcessResult r = RunProgram("TheForeignThreadEnds", OnProcs(procs));
    EXPECT_TRUE(Died(r, "fatal error: all goroutines are asleep - deadlock!"));
    EXPECT_EQ(r.out, "the foreign thread ends\n");
  }
}

// ---- signals and C ------------------------------------------------------

// Row CGO-03, with the signal that this runtime uses.
MN_PROGRAM(StraySignals) {
  std::atomic<bool> stop{false};
  std::atomic<int> known_tid{0}, unknown_tid{0};
  std::thread known([&] {
    Callback([] {});
    known_tid = KernelTid();
    BlockUntil(stop);
  });
  std::thread unknown([&] {
    unknown_tid = KernelTid();
    BlockUntil(stop);
  });
  while (known_tid == 0 || unknown_tid == 0) Gosched();
  for (int i = 0; i < 200; i++) {
    MUST(::syscall(SYS_tgkill, ::getpid(), known_tid.load(), SIGURG) == 0);
    MUST(::syscall(SYS_tgkill, ::getpid(), unknown_tid.load(), SIGURG) == 0);
  }
  stop = true;
  known.join();
  unknown.join();
  return 14;
}

TEST(ForeignThread, ThePreemptionSignalIsHarmlessThere) {
  EXPECT_TRUE(
      Exited(RunProgram("StraySignals", {.env = {{"GOMAXPROCS", "4"}}}), 14));
}

// What a fault outside any goroutine's own code is: a report, and the end. The
// sanitizers have reports of their own.
void ExpectCrashReport(const ProcessResult& r, const char* first_line) {
  EXPECT_TRUE(Died(r, first_line));
}

bool SanitizerReportsFaults() { return MN_ASAN || MN_TSAN; }

// Rows CGO-04 and CGO-10.
MN_PROGRAM(FaultOnAForeignThread) {
  std::thread t([] {
    Callback([] {});
    test::fault::Store(nullptr);
  });
  Join(t);
  return 0;
}
TEST(ForeignThread, AFaultThereIsACrash) {
  if (SanitizerReportsFaults()) GTEST_SKIP() << "the sanitizer reports it";
  ExpectCrashReport(RunProgram("FaultOnAForeignThread"),
                    "SIGSEGV: segmentation violation\n");
}

MN_PROGRAM(FaultInAForeignCall) {
  Foreign([] { test::fault::Store(nullptr); });
  return 0;
}
TEST(Foreign, AFaultInsideIsACrash) {
  if (SanitizerReportsFaults()) GTEST_SKIP() << "the sanitizer reports it";
  ExpectCrashReport(RunProgram("FaultInAForeignCall"),
                    "SIGSEGV: segmentation violation\n");
}

MN_PROGRAM(FaultInAGoroutine) {
  test::fault::Store(nullptr);
  return 0;
}
TEST(Foreign, AFaultOutsideIsAPanic) {
  if (SanitizerReportsFaults()) GTEST_SKIP() << "the sanitizer reports it";
  ExpectCrashReport(RunProgram("FaultInAGoroutine"),
                    "panic: runtime error: invalid memory address or nil "
                    "pointer dereference\n");
}

MN_PROGRAM(SegvIsSent) {
  Foreign([] { ::syscall(SYS_tgkill, ::getpid(), KernelTid(), SIGSEGV); });
  return 0;
}
TEST(Foreign, ASegvThatIsSentIsACrash) {
  if (SanitizerReportsFaults()) GTEST_SKIP() << "the sanitizer reports it";
  ExpectCrashReport(RunProgram("SegvIsSent"),
                    "SIGSEGV: segmentation violation\n");
}

// Row CGO-11.
MN_PROGRAM(AbortsInAForeignCall) {
  Foreign([] { abort(); });
  return 0;
}
TEST(Foreign, AnAbortInsideIsACrash) {
  if (SanitizerReportsFaults()) GTEST_SKIP() << "the sanitizer reports it";
  ExpectCrashReport(RunProgram("AbortsInAForeignCall"), "SIGABRT: abort\n");
}

// Row CGO-20: glibc interrupts every thread for it.
TEST(Foreign, SetgidReachesEveryThread) {
  Watchdog dog("setgid");
  std::atomic<bool> stop{false};
  WaitGroup wg;
  for (int i = 0; i < 4; i++) {
    wg.Go([&] { Foreign([&] { BlockUntil(stop); }); });
    wg.Go([&] {
      while (!stop) Sleep(microseconds(100));
    });
  }
  for (int i = 0; i < 20; i++) {
    EXPECT_EQ(Foreign([] { return ::setgid(::getgid()); }), 0);
    dog.Progress();
  }
  stop = true;
  wg.Wait();
}

// Row CGO-01: exceptions in place of recovered faults.
MN_PROGRAM(PairsOfPinnedBesideExceptions) {
  constexpr int kPairs = MN_TSAN ? 16 : 64;
  std::atomic<bool> stop{false};
  std::atomic<int> thrown{0};
  Chan<int> ping(0), pong(0);
  WaitGroup wg;
  wg.Go([&] {
    while (!stop) {
      try {
        throw 1;
      } catch (int) {
        thrown++;
      }
    }
  });
  wg.Go([ping, pong]() mutable {
    while (auto v = ping.Next()) pong.Send(*v);
  });
  Chan<int> never(0);
  for (int i = 0; i < kPairs; i++) {
    for (int k = 0; k < 2; k++) {
      Go([never]() mutable {
        LockOSThread();
        never.Recv();
      });
    }
    ping.Send(i);
    MUST(pong.Recv() == i);
  }
  ping.Close();
  stop = true;
  wg.Wait();
  MUST(thrown > 0);
  return 15;
}

TEST(Foreign, PinnedPairsBesideEndlessExceptionsStopNobody) {
  EXPECT_TRUE(Exited(RunProgram("PairsOfPinnedBesideExceptions",
                                {.env = {{"GOMAXPROCS", "100"}}}),
                     15));
}

// ---- ForeignPool --------------------------------------------------------

// Calls that block until the test says so.
class Gate {
 public:
  void Pass() {
    entered_++;
    BlockUntil(open_);
  }
  void WaitFor(int entered) {
    while (entered_ != entered) Gosched();
  }
  void Open() { open_ = true; }
  int Entered() const { return entered_; }

 private:
  std::atomic<int> entered_{0};
  std::atomic<bool> open_{false};
};

void WaitUntilWaiting(const ForeignPool& pool, int n) {
  while (pool.Waiting() != n) Gosched();
}

MN_PROGRAM(PoolOfEight) {
  ForeignPool pool(8);
  const int calls = 1000 / (MN_TSAN ? 5 : 1);
  std::atomic<int> inside{0}, peak{0}, done{0};
  WaitGroup wg;
  for (int i = 0; i < calls; i++) {
    wg.Go([&] {
      pool.Call([&] {
        const int n = ++inside;
        int old = peak;
        while (old < n && !peak.compare_exchange_weak(old, n)) {
        }
        // The first eight meet: the pool is used to its limit.
        if (done == 0) {
          while (peak < 8) ::usleep(100);
        }
        ::usleep(100);
        inside--;
        done++;
      });
    });
  }
  wg.Wait();
  MUST(done == calls);
  MUST(peak == 8);
  MUST(NumThreads() >= 8);
  return 16;
}

TEST(ForeignPool, Cgo4_BoundsTheThreadsOfAThousandCalls) {
  for (int procs : {1, 2, 4}) {
    const ProcessResult r = RunProgram("PoolOfEight", OnProcs(procs));
    EXPECT_TRUE(Exited(r, 16));
    // Who looks for work, who comes back, sysmon, TSan's own.
    EXPECT_LE(r.max_threads, 8 + procs + 4);
  }
}

TEST(ForeignPool, ReturnsWhatFReturns) {
  ForeignPool pool(2);
  EXPECT_EQ(pool.Call([] { return 42; }), 42);
  EXPECT_EQ(*pool.Call([] { return std::make_unique<int>(3); }), 3);
}

TEST(ForeignPool, ALimitBelowOneIsOne) {
  for (int limit : {0, -5}) {
    ForeignPool pool(limit);
    Gate gate;
    WaitGroup wg;
    for (int i = 0; i < 3; i++) {
      wg.Go([&] { pool.Call([&] { gate.Pass(); }); });
    }
    gate.WaitFor(1);
    WaitUntilWaiting(pool, 2);
    EXPECT_EQ(pool.Running(), 1);
    gate.Open();
    wg.Wait();
    EXPECT_EQ(gate.Entered(), 3);
  }
}

TEST(ForeignPool, CountsWhoRunsAndWhoWaits) {
  ForeignPool pool(3);
  EXPECT_EQ(pool.Running(), 0);
  EXPECT_EQ(pool.Waiting(), 0);
  Gate gate;
  WaitGroup wg;
  for (int i = 0; i < 5; i++) {
    wg.Go([&] { pool.Call([&] { gate.Pass(); }); });
  }
  gate.WaitFor(3);
  WaitUntilWaiting(pool, 2);
  EXPECT_EQ(pool.Running(), 3);
  gate.Open();
  wg.Wait();
  EXPECT_EQ(pool.Running(), 0);
  EXPECT_EQ(pool.Waiting(), 0);
}

TEST(ForeignPool, WaitingTakesNoThread) {
  ForeignPool pool(1);
  Gate gate;
  WaitGroup wg;
  constexpr int kCalls = 50;
  for (int i = 0; i < kCalls; i++) {
    wg.Go([&] { pool.Call([&] { gate.Pass(); }); });
  }
  gate.WaitFor(1);
  WaitUntilWaiting(pool, kCalls - 1);
  int waiting = 0;
  ForEachG(
      [](G* gp, void* n) {
        if (gp->status == GStatus::kWaiting &&
            gp->waitreason == WaitReason::kSemacquire) {
          ++*static_cast<int*>(n);
        }
      },
      &waiting);
  EXPECT_GE(waiting, kCalls - 1);
  gate.Open();
  wg.Wait();
}

TEST(ForeignPool, TurnsAreInOrder) {
  ForeignPool pool(1);
  Gate gate;
  WaitGroup wg;
  wg.Go([&] { pool.Call([&] { gate.Pass(); }); });
  gate.WaitFor(1);
  std::vector<int> order, expected;  // one at a time
  for (int i = 0; i < 10; i++) {
    wg.Go([&, i] { pool.Call([&, i] { order.push_back(i); }); });
    WaitUntilWaiting(pool, i + 1);
    expected.push_back(i);
  }
  gate.Open();
  wg.Wait();
  EXPECT_EQ(order, expected);
}

TEST(ForeignPool, AnExceptionEndsTheTurn) {
  ForeignPool pool(1);
  for (int i = 0; i < 3; i++) {
    bool caught = false;
    try {
      pool.Call([] { throw std::runtime_error("x"); });
    } catch (const std::runtime_error&) {
      caught = true;
    }
    EXPECT_TRUE(caught);
    EXPECT_EQ(pool.Running(), 0);
  }
  EXPECT_EQ(pool.Call([] { return 1; }), 1);
}

TEST(ForeignPool, AnExceptionPassesTheTurnOn) {
  ForeignPool pool(1);
  Gate gate;
  bool caught = false;
  int second = 0;
  WaitGroup wg;
  wg.Go([&] {
    try {
      pool.Call([&] {
        gate.Pass();
        throw 1;
      });
    } catch (int) {
      caught = true;
    }
  });
  gate.WaitFor(1);
  wg.Go([&] { second = pool.Call([] { return 2; }); });
  WaitUntilWaiting(pool, 1);
  gate.Open();
  wg.Wait();
  EXPECT_TRUE(caught);
  EXPECT_EQ(second, 2);
}

TEST(ForeignPool, Cgo5_AQueuedCallCanBeCancelled) {
  ForeignPool pool(1);
  Gate gate;
  std::stop_source stop;
  bool ran = false, returned = true;
  WaitGroup holder, queued;
  holder.Go([&] { pool.Call([&] { gate.Pass(); }); });
  gate.WaitFor(1);
  queued.Go(
      [&] { returned = pool.Call(stop.get_token(), [&] { ran = true; }); });
  WaitUntilWaiting(pool, 1);
  stop.request_stop();
  queued.Wait();  // while the other call still runs
  EXPECT_EQ(pool.Running(), 1);
  EXPECT_EQ(pool.Waiting(), 0);
  EXPECT_FALSE(returned);
  EXPECT_FALSE(ran);
  gate.Open();
  holder.Wait();
  EXPECT_EQ(pool.Running(), 0);
}

TEST(ForeignPool, Cgo5_ACallWithAStopRequestedDoesNotWait) {
  ForeignPool pool(1);
  Gate gate;
  std::stop_source stop;
  stop.request_stop();
  WaitGroup wg;
  wg.Go([&] { pool.Call([&] { gate.Pass(); }); });
  gate.WaitFor(1);
  EXPECT_FALSE(pool.Call(stop.get_token(), [] {}));
  gate.Open();
  wg.Wait();
}

TEST(ForeignPool, Cgo5_ARunningCallCannotBeCancelled) {
  ForeignPool pool(1);
  Gate gate;
  std::stop_source stop;
  bool finished = false, returned = false;
  WaitGroup wg;
  wg.Go([&] {
    returned = pool.Call(stop.get_token(), [&] {
      gate.Pass();
      finished = true;
    });
  });
  gate.WaitFor(1);
  stop.request_stop();
  EXPECT_EQ(pool.Running(), 1);
  gate.Open();
  wg.Wait();
  EXPECT_TRUE(finished);
  EXPECT_TRUE(returned);
}

TEST(ForeignPool, Cgo5_TheOthersKeepTheirOrderWhenOneIsCancelled) {
  ForeignPool pool(1);
  Gate gate;
  std::stop_source stop;
  std::vector<int> order;
  WaitGroup wg;
  wg.Go([&] { pool.Call([&] { gate.Pass(); }); });
  gate.WaitFor(1);
  for (int i = 0; i < 5; i++) {
    wg.Go([&, i] {
      pool.Call(i == 2 ? stop.get_token() : std::stop_token{},
                [&, i] { order.push_back(i); });
    });
    WaitUntilWaiting(pool, i + 1);
  }
  stop.request_stop();
  EXPECT_EQ(pool.Waiting(), 4);
  gate.Open();
  wg.Wait();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 3, 4}));
}

// Entries into the kernel or C, of all Ps together.
std::uint32_t Entries() {
  std::uint32_t n = 0;
  for (const P* p : Allp()) n += p->syscalltick.load();
  return n;
}

TEST(ForeignPool, ABatchIsOneCall) {
  ForeignPool pool(1);
  std::vector<int> items(100);
  for (int i = 0; i < 100; i++) items[static_cast<std::size_t>(i)] = i;
  std::vector<int> seen;
  const std::uint32_t before = Entries();
  pool.Batch(items.begin(), items.end(), [&](int i) { seen.push_back(i); });
  EXPECT_EQ(Entries() - before, 1u);
  EXPECT_EQ(seen, items);
  EXPECT_EQ(pool.Running(), 0);
}

TEST(ForeignPool, ABatchEndsAtTheFirstException) {
  ForeignPool pool(1);
  const std::vector<int> items = {1, 2, 3};
  int seen = 0;
  try {
    pool.Batch(items.begin(), items.end(), [&](int i) {
      if (i == 2) throw i;
      seen++;
    });
  } catch (int) {
  }
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(pool.Running(), 0);
}

}  // namespace
}  // namespace mn
