// Callback from a thread that the runtime does not know.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "runtime/base/sanitizer.h"
#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/core/sched.h"
#include "runtime/foreign.h"
#include "runtime/mn.h"
#include "runtime/testing/kernel_threads.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

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
using test::Pinned;
using test::ProcessResult;
using test::RunProgram;
using test::Watchdog;

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
        BlockingCall([] { ::usleep(10); });  // what blocks
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

// go:CGO-17.
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

// go:CGO-05.
TEST(ForeignThread, KeepsItsMUntilItEnds) {
  std::atomic<int> turn{0};
  bool kept[2] = {true, true};
  M* m[2] = {};
  std::int64_t id[2] = {};
  auto body = [&](int me) {
    for (int i = 0; i < 10; i++) {
      while (turn % 2 != me) ::usleep(10);  // as C waits
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

// go:CGO-07.
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

// go:CGO-02.
MN_PROGRAM(NobodyCatches) {
  std::thread t([] { Callback([] { throw Panic("BOOM"); }); });
  Join(t);
  return 0;
}

TEST(ForeignThread, AnExceptionThatNobodyCatchesIsAPanic) {
  const ProcessResult r = RunProgram("NobodyCatches");
  EXPECT_TRUE(Died(r, "panic: BOOM"));
}

// go:LCK-08.
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

// go:CGO-12.
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

// go:CGO-19.
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

struct CallThatIsCancelled {
  std::atomic<bool> may_end{false}, ended{false};
  std::atomic<int> rounds{0};  // each with a cancellation point
};

__attribute__((noinline)) void CallBackAndBlock(CallThatIsCancelled& call) {
  Callback([&] {
    for (; !call.may_end; call.rounds++) BlockingCall([] { ::usleep(100); });
    call.ended = true;
  });
}

TEST(ForeignThread, IsNotCancelledInsideACall) {
  Watchdog dog("pthread_cancel and join");
  CallThatIsCancelled call;
  pthread_t t;
  ASSERT_EQ(::pthread_create(
                &t, nullptr,
                [](void* arg) -> void* {
                  CallBackAndBlock(*static_cast<CallThatIsCancelled*>(arg));
                  for (;;) {
                    ::pthread_testcancel();
                    ::sched_yield();
                  }
                },
                &call),
            0);
  while (call.rounds == 0) Gosched();
  EXPECT_EQ(::pthread_cancel(t), 0);
  for (const int before = call.rounds; call.rounds < before + 2;) Gosched();
  call.may_end = true;
  void* result = nullptr;
  BlockingCall([&] { ::pthread_join(t, &result); });
  EXPECT_TRUE(call.ended);
  EXPECT_EQ(result, PTHREAD_CANCELED);
  EXPECT_EQ(ForeignMs(), 0);
}

MN_PROGRAM(ExitsTheThreadInsideACall) {
  std::thread t([] { Callback([] { ::pthread_exit(nullptr); }); });
  Join(t);
  return 0;
}

TEST(ForeignThread, PthreadExitInsideACallIsFatal) {
  if (MN_TSAN) GTEST_SKIP() << "a fiber of TSan's may not call it";
  EXPECT_TRUE(Died(RunProgram("ExitsTheThreadInsideACall"),
                   "runtime: pthread_exit was called inside mn::Callback; "
                   "return instead\n"));
}

}  // namespace
}  // namespace mn
