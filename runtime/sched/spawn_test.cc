// Birth and death of goroutines.
#include "runtime/sched/spawn.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "runtime/base/sanitizer.h"
#include "runtime/core/getg.h"
#include "runtime/mn.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using test::Died;
using test::Exited;
using test::RunProgram;

TEST(Go, RunsTheCallable) {
  Chan<int> ch(0);
  Go([ch]() mutable { ch.Send(1); });
  EXPECT_EQ(ch.Recv(), 1);
}

TEST(Go, TakesAMoveOnlyCallable) {
  Chan<int> ch(0);
  Go([ch, p = std::make_unique<int>(7)]() mutable { ch.Send(*p); });
  EXPECT_EQ(ch.Recv(), 7);
}

TEST(Go, TakesAFunctionPointer) {
  static Chan<int> ch(0);
  Go(+[] { ch.Send(3); });
  EXPECT_EQ(ch.Recv(), 3);
}

TEST(Go, TakesACallableOfThe1024BytesThatFitOnTheStack) {
  Chan<int> ch(0);
  std::array<unsigned char, 1024 - sizeof(void*)> big;
  big.fill(9);
  auto f = [ch, big]() mutable {
    int sum = 0;
    for (unsigned char c : big) sum += c;
    ch.Send(sum);
  };
  static_assert(sizeof f == 1024);
  Go(std::move(f));
  EXPECT_EQ(ch.Recv(), 9 * static_cast<int>(big.size()));
}

TEST(Go, TakesALargeCallable) {
  Chan<int> ch(0);
  std::array<unsigned char, 5000> big;
  big.fill(9);
  Go([ch, big]() mutable {
    int sum = 0;
    for (unsigned char c : big) sum += c;
    ch.Send(sum);
  });
  EXPECT_EQ(ch.Recv(), 9 * 5000);
}

TEST(Go, TakesAnOverAlignedCallable) {
  struct alignas(64) Aligned {
    Chan<bool> ch{0};
    void operator()() {
      ch.Send(reinterpret_cast<std::uintptr_t>(this) % 64 == 0);
    }
  };
  Aligned f;
  Go(f);
  EXPECT_TRUE(f.ch.Recv());
}

struct Counted {
  static inline std::atomic<int> alive{0};
  Counted() { alive++; }
  Counted(const Counted&) { alive++; }
  Counted(Counted&&) noexcept { alive++; }
  ~Counted() { alive--; }
};

// The callable is destroyed when f has returned, the goroutine is gone a moment
// later.
void WaitUntilOnlyMainIsLeft() {
  while (NumGoroutine() != 1) Gosched();
}

TEST(Go, DestroysTheCallable) {
  {
    Go([c = Counted()] {});
    Go([c = Counted(), copy_may_throw = std::vector<int>(3)] {});
    WaitUntilOnlyMainIsLeft();
  }
  EXPECT_EQ(Counted::alive.load(), 0);
}

TEST(Go, AnExceptionFromTheCallablesCopyReachesTheCaller) {
  struct Throws {
    Throws() = default;
    Throws(const Throws&) { throw 42; }
    void operator()() {}
  };
  const Throws f;
  EXPECT_THROW(Go(f), int);
  EXPECT_EQ(NumGoroutine(), 1);
}

MN_PROGRAM(GoesANullFunction) {
  Go(std::function<void()>());
  return 0;
}
MN_PROGRAM(GoesANullPointer) {
  void (*f)() = nullptr;
  Go(f);
  return 0;
}

TEST(Go, OfANullFunctionIsFatal) {
  EXPECT_TRUE(Died(RunProgram("GoesANullFunction"),
                   "fatal error: go of nil func value"));
  EXPECT_TRUE(Died(RunProgram("GoesANullPointer"),
                   "fatal error: go of nil func value"));
}

MN_BARE_PROGRAM(GoesOutside) {
  Go([] {});
  return 0;
}

TEST(Go, OutsideAGoroutineSaysSo) {
  EXPECT_TRUE(Died(RunProgram("GoesOutside"),
                   "runtime: mn::Go was called outside a goroutine"));
}

MN_PROGRAM(CallsMainAgain) {
  return Main([] { return 0; });
}

TEST(Main, ASecondCallIsFatal) {
  EXPECT_TRUE(
      Died(RunProgram("CallsMainAgain"),
           "runtime: mn::Main was called twice\nfatal error: mn::Main"));
}

MN_PROGRAM(LeavesGoroutinesBehind) {
  Go([] { Chan<int>().Recv(); });
  Go([] { Sleep(std::chrono::hours(1)); });
  Gosched();
  return 17;
}

TEST(Main, ReturnsItsResultAndWaitsForNobody) {
  EXPECT_TRUE(Exited(RunProgram("LeavesGoroutinesBehind"), 17));
}

// An exception whose text takes its time; says when it is asked for it.
std::atomic<bool> describing{false};
struct Slow : std::exception {
  const char* what() const noexcept override {
    describing.store(true);
    ::usleep(100'000);
    return "slow to say";
  }
};

MN_PROGRAM(ReturnsWhileAnotherPanics) {
  Go([] { throw Slow(); });
  while (!describing.load()) Gosched();
  return 0;
}

// As in Go, where main waits for a panic that is being printed.
TEST(Main, ReturningDoesNotCutAPanicShort) {
  EXPECT_TRUE(Died(
      RunProgram("ReturnsWhileAnotherPanics", {.env = {{"GOMAXPROCS", "2"}}}),
      "panic: slow to say"));
}

// The first goroutine that is left when its stack is put on the free list is
// the first to be used again; ids are not.
TEST(Spawn, Life1_IdsAreNeverReused) {
  const int n = MN_TSAN ? 300 : 2000;
  EXPECT_EQ(getg()->goid, 1u);
  Chan<std::uint64_t> ids(0);
  std::set<std::uint64_t> seen = {1};
  std::set<G*> gs;
  for (int i = 0; i < n; i++) {
    Go([ids, &gs]() mutable {
      gs.insert(getg());  // before the send: the receiver is not there
      ids.Send(getg()->goid);
    });
    EXPECT_TRUE(seen.insert(ids.Recv()).second);
  }
  // The precondition: Gs were recycled.
  EXPECT_LT(gs.size(), static_cast<std::size_t>(n));
}

TEST(Spawn, TheChildKnowsItsParent) {
  Chan<std::uint64_t> parent(0);
  Go([parent]() mutable {
    const std::uint64_t self = getg()->goid;
    Go([parent, self]() mutable { parent.Send(getg()->parent_goid - self); });
  });
  EXPECT_EQ(parent.Recv(), 0u);
}

TEST(Spawn, NumGoroutineCountsThem) {
  constexpr int kGoroutines = 100;
  WaitUntilOnlyMainIsLeft();
  Chan<int> block(0);
  for (int i = 0; i < kGoroutines; i++) {
    Go([block]() mutable { block.Next(); });
  }
  EXPECT_EQ(NumGoroutine(), kGoroutines + 1);
  block.Close();
  WaitUntilOnlyMainIsLeft();
}

// NumGoroutine is a snapshot, but the caller is part of it.
TEST(Spawn, NumGoroutineCountsAtLeastTheCaller) {
  std::atomic<bool> stop{false};
  WaitGroup wg;
  for (int i = 0; i < 4; i++) {
    wg.Go([&] {
      while (!stop.load(std::memory_order_relaxed)) {
        Go([] {});
        Gosched();
      }
    });
  }
  test::StressTime time;
  while (time.Left()) {
    for (int i = 0; i < 1000; i++) ASSERT_GE(NumGoroutine(), 1);
    Gosched();
  }
  stop.store(true);
  wg.Wait();
  WaitUntilOnlyMainIsLeft();
}

TEST(Spawn, AHundredThousandOneAfterTheOther) {
  const int n = MN_TSAN ? 1000 : 100'000;
  test::Watchdog dog("spawn and join");
  Chan<int> done(0);
  for (int i = 0; i < n; i++) {
    Go([done]() mutable { done.Send(1); });
    ASSERT_EQ(done.Recv(), 1);
    dog.Progress();
  }
}

TEST(Spawn, AHundredThousandThroughWaitGroups) {
  const int n = MN_TSAN ? 1000 : 100'000;
  const int kAtOnce = MN_TSAN ? 200 : 10'000;
  std::atomic<int> ran{0};
  for (int i = 0; i < n; i += kAtOnce) {
    WaitGroup wg;
    for (int k = 0; k < kAtOnce; k++) {
      wg.Go([&] { ran.fetch_add(1, std::memory_order_relaxed); });
    }
    wg.Wait();
  }
  EXPECT_EQ(ran.load(), n);
}

TEST(Spawn, TenThousandLiveAtOnce) {
  const int n = MN_TSAN ? 500 : 10'000;
  Chan<int> in(0);
  Chan<int> out(0);
  for (int i = 0; i < n; i++) {
    Go([in, out]() mutable { out.Send(in.Recv() + 1); });
  }
  EXPECT_GE(NumGoroutine(), n);
  Go([in]() mutable {
    for (int i = 0; i < n; i++) in.Send(i);
  });
  long sum = 0;
  for (int i = 0; i < n; i++) sum += out.Recv();
  EXPECT_EQ(sum, static_cast<long>(n) * (n + 1) / 2);
}

TEST(Spawn, ATreeOfGoroutines) {
  // Each waits for its two children: 2^d - 1 of them.
  const int depth = MN_TSAN ? 9 : 14;
  struct Tree {
    static void Grow(int d, std::atomic<int>& count) {
      count.fetch_add(1, std::memory_order_relaxed);
      if (d == 1) return;
      WaitGroup wg;
      for (int i = 0; i < 2; i++) {
        wg.Go([&, d] { Grow(d - 1, count); });
      }
      wg.Wait();
    }
  };
  std::atomic<int> count{0};
  Tree::Grow(depth, count);
  EXPECT_EQ(count.load(), (1 << depth) - 1);
}

// Deaths on one P, births on another: the free lists move through the global
// one (kGfreeMax).
TEST(Spawn, FreeListsOverflowAndRefill) {
  for (int round = 0; round < (MN_TSAN ? 1 : 5); round++) {
    WaitGroup wg;
    Chan<int> gate(0);
    for (int i = 0; i < 500; i++) {
      wg.Go([gate]() mutable { gate.Next(); });
    }
    gate.Close();
    wg.Wait();
  }
}

}  // namespace
}  // namespace mn
