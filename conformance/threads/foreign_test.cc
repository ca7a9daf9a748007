// Calls into C and back.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

MN_PROGRAM(HoldsItsThread) {
  std::atomic<int> tid{0};
  std::atomic<bool> release{false};
  WaitGroup call;
  call.Go([&] {
    Foreign([&] {
      tid = Gettid();
      BlockUntil(release);
    });
  });
  while (tid == 0) Gosched();
  int ran = 0, there = 0;
  for (; ran < 1000; ran++) {
    WaitGroup one;
    one.Go([&] { there += Gettid() == tid ? 1 : 0; });
    one.Wait();
  }
  release = true;
  call.Wait();
  Say("ran", ran);
  Say("there", there);
  return 0;
}

CLAIM(
    Foreign, CallHoldsItsThread,
    {.id = "foreign.holds_thread",
     .section = 6,
     .source = "a cgo call holds an M for its entire duration",
     .says = "While a foreign call blocks, no goroutine runs on its thread."}) {
  for (int procs : {1, 4}) {
    const ProcessResult r = RunProgram("HoldsItsThread", OnProcs(procs));
    ASSERT_TRUE(Exited(r, 0));
    EXPECT_EQ(Number(r, "ran"), 1000);
    EXPECT_EQ(Number(r, "there"), 0);
  }
  Measured("0 of 1000 goroutines on the thread of the call");
}

MN_PROGRAM(BlocksUntilOthersRan) {
  std::atomic<bool> ran{false};
  Go([&] {
    for (int i = 0; i < 100; i++) Gosched();
    ran = true;
  });
  Foreign([&] { BlockUntil(ran); });
  return 0;
}

CLAIM(Foreign, OthersGoOnWhileACallBlocks,
      {.id = "foreign.p_goes",
       .section = 6,
       .source = "it is detached from its P, so other goroutines can run",
       .says = "With one P, a foreign call that blocks does not keep the "
               "others from running."}) {
  EXPECT_TRUE(Exited(RunProgram("BlocksUntilOthersRan", OnProcs(1)), 0));
  Measured("on 1 P");
}

MN_PROGRAM(EmptyCalls) {
  constexpr int kCalls = MN_TSAN ? 5000 : 100000;
  const int before = NumThreads();
  int calls = 0;
  for (int i = 0; i < kCalls; i++) Foreign([&] { calls++; });
  Say("calls", calls);
  Say("more", NumThreads() - before);
  return 0;
}

CLAIM(Foreign, ShortCallsNeedNoThread,
      {.id = "foreign.short",
       .section = 6,
       .source = "the call is in a special state, detached from its P; Go "
                 "cgocall.go: it is an ordinary system call",
       .says = "A hundred thousand foreign calls that return at once need no "
               "threads."}) {
  const ProcessResult r = RunProgram("EmptyCalls", OnProcs(2));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_GE(Number(r, "calls"), 5000);
  // For calls that the kernel made long by running somebody else.
  EXPECT_LE(Number(r, "more"), 2);
  Measured(Text(r, "calls") + " calls, " + Text(r, "more") + " more threads");
}

// `n` calls inside C at once; the threads then.
int Storm(int n) {
  std::atomic<int> inside{0};
  std::atomic<bool> release{false};
  WaitGroup all;
  for (int i = 0; i < n; i++) {
    all.Go([&] {
      Foreign([&] {
        inside++;
        BlockUntil(release);
      });
    });
  }
  while (inside != n) Gosched();
  const int threads = KernelThreads();
  release = true;
  all.Wait();
  return threads;
}

MN_PROGRAM(TwoStorms) {
  Say("before", KernelThreads());
  Say("first", Storm(100));
  Say("second", Storm(100));
  return 0;
}

CLAIM(Foreign, HundredCallsThatBlockNeedHundredThreads,
      {.id = "foreign.storm",
       .section = 6,
       .source = "the runtime needs 100 Ms to keep 100 cgo calls in flight",
       .says = "A hundred foreign calls that block need a hundred threads, and "
               "others go on."}) {
  const ProcessResult r = RunProgram("TwoStorms", OnProcs(2));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_LT(Number(r, "before"), 20);
  EXPECT_GE(Number(r, "first"), 100);
  Measured(Text(r, "before") + " threads before, " + Text(r, "first") +
           " during");
}

CLAIM(Foreign, ThreadsOfAStormAreUsedAgain,
      {.id = "foreign.reuse",
       .section = 6,
       .source = "after the calls return, Ms park; THR-2",
       .says = "A second storm of a hundred foreign calls uses the threads of "
               "the first."}) {
  const ProcessResult r = RunProgram("TwoStorms", OnProcs(2));
  ASSERT_TRUE(Exited(r, 0));
  ASSERT_GE(Number(r, "first"), 100);
  EXPECT_LE(Number(r, "second"), Number(r, "first") + 5);
  Measured(Text(r, "first") + " threads, then " + Text(r, "second"));
}

MN_PROGRAM(PoolOfEight) {
  ForeignPool pool(8);
  constexpr int kCalls = MN_TSAN ? 200 : 1000;
  std::atomic<int> inside{0}, peak{0}, done{0};
  std::atomic<bool> met{false};
  WaitGroup all;
  for (int i = 0; i < kCalls; i++) {
    all.Go([&] {
      pool.Call([&] {
        const int n = ++inside;
        if (n == 8) met = true;
        for (int old = peak; old < n && !peak.compare_exchange_weak(old, n);) {
        }
        BlockUntil(met);  // the first eight meet
        usleep(100);
        inside--;
        done++;
      });
    });
  }
  all.Wait();
  Say("done", done);
  Say("peak", peak);
  return 0;
}

CLAIM(Foreign, PoolBoundsTheThreads,
      {.id = "foreign.pool",
       .section = 14,
       .source =
           "gotcha 2: cgo storms; run cgo-heavy code in a bounded pool (15)",
       .says =
           "A pool of eight bounds the threads of a thousand foreign calls."}) {
  std::string figures;
  for (int procs : {1, 4}) {
    const ProcessResult r = RunProgram("PoolOfEight", OnProcs(procs));
    ASSERT_TRUE(Exited(r, 0));
    EXPECT_GE(Number(r, "done"), 200);
    EXPECT_EQ(Number(r, "peak"), 8);
    EXPECT_GE(r.max_threads, 8);
    EXPECT_LE(r.max_threads, 8 + procs + 4);
    figures += (figures.empty() ? "" : ", ") + std::to_string(r.max_threads) +
               " threads with GOMAXPROCS=" + std::to_string(procs);
  }
  Measured(figures);
}

// Two batches at once, one turn at a time: what each did stays together.
MN_PROGRAM(TwoBatches) {
  ForeignPool pool(1);
  std::string order;
  const std::vector<int> items(100);
  WaitGroup all;
  for (char name : {'a', 'b'}) {
    all.Go([&, name] {
      pool.Batch(items.begin(), items.end(), [&](int) {
        order += name;
        if (order.size() % 10 == 0) usleep(500);
      });
    });
  }
  all.Wait();
  Say("items", static_cast<long long>(order.size()));
  order.erase(std::unique(order.begin(), order.end()), order.end());
  Say("runs", static_cast<long long>(order.size()));
  return 0;
}

CLAIM(Foreign, BatchTakesOneTurn,
      {.id = "foreign.batch",
       .section = 6,
       .source = "batch as much C work into a single cgo call as possible",
       .says = "A batch of calls takes one turn of a pool and is not "
               "interleaved with another."}) {
  const ProcessResult r = RunProgram("TwoBatches", OnProcs(2));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "items"), 200);
  EXPECT_EQ(Number(r, "runs"), 2);
  Measured("200 items, 2 turns");
}

MN_PROGRAM(CallsBack) {
  Chan<int> ping(0), pong(0);
  Go([=]() mutable {
    while (auto v = ping.Next()) pong.Send(*v);
  });
  int moved = 0, trips = 0;
  Foreign([&] {
    const int tid = Gettid();
    Callback([&] {
      for (; trips < 10; trips++) {
        ping.Send(trips);
        pong.Recv();
        if (Gettid() != tid) moved++;
      }
    });
    if (Gettid() != tid) moved++;
  });
  Say("trips", trips);
  Say("moved", moved);
  Say("goroutines", NumGoroutine());
  return 0;
}

CLAIM(Foreign, CallbackMayWaitAndStaysOnTheThread,
      {.id = "foreign.callback",
       .section = 0,
       .source = "Go cgocall.go cgocallbackg; go:CGO-16",
       .says = "What C calls back runs on the goroutine and the thread of the "
               "foreign call, and may wait."}) {
  for (int procs : {1, 4}) {
    const ProcessResult r = RunProgram("CallsBack", OnProcs(procs));
    ASSERT_TRUE(Exited(r, 0));
    EXPECT_EQ(Number(r, "trips"), 10);
    EXPECT_EQ(Number(r, "moved"), 0);
    EXPECT_EQ(Number(r, "goroutines"), 2);
  }
  Measured("10 waits inside a callback, one thread");
}

// Ten threads of another library with six callbacks each.
MN_PROGRAM(ThreadsCallIn) {
  Chan<int> ch(0);
  int sum = 0;
  WaitGroup all;
  all.Go([&] {
    for (int i = 0; i < 60; i++) sum += ch.Recv();
  });
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; i++) {
    threads.emplace_back([&, i] {
      for (int k = 0; k < 6; k++) Callback([&] { ch.Send(i); });
    });
  }
  BlockingCall([&] {
    for (auto& t : threads) t.join();
  });
  all.Wait();
  Say("sum", sum);
  return 0;
}

CLAIM(Foreign, ThreadsThatAreNotOursMayCallIn,
      {.id = "foreign.thread",
       .section = 0,
       .source = "Go proc.go needm; go:CGO-17",
       .says = "A thread that the runtime did not make may run callbacks that "
               "use channels."}) {
  for (int procs : {1, 4}) {
    const ProcessResult r = RunProgram("ThreadsCallIn", OnProcs(procs));
    ASSERT_TRUE(Exited(r, 0));
    EXPECT_EQ(Number(r, "sum"), 270);
  }
  Measured("10 threads, 60 callbacks");
}

MN_PROGRAM(GoexitInACallback) {
  std::thread t([] { Callback([] { Goexit(); }); });
  BlockingCall([&] { t.join(); });
  return 0;
}

CLAIM(Foreign, GoexitInACallbackIsFatal,
      {.id = "foreign.goexit",
       .section = 0,
       .source = "Go proc.go goexit on a C thread; go:LCK-08",
       .says = "Goexit inside a callback is a fatal error."}) {
  EXPECT_TRUE(Died(RunProgram("GoexitInACallback", OnProcs(2)),
                   "runtime: mn::Goexit was called inside mn::Callback"));
  Measured("exit status 2");
}

}  // namespace
}  // namespace mn::conformance
