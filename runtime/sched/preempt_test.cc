// Preemption: code that makes no call into the runtime gives way, wherever it
// is, and finds everything as it was. Runs with the slice of 10 ms and with one
// of 200 us.
#include "runtime/preempt.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/core/getg.h"
#include "runtime/core/godebug.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/sched/preempt_signal.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/testing/needs.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using test::Exited;
using test::ProcessResult;
using test::RunProgram;
using ::testing::HasSubstr;

// Goroutines that hold every P and one more: whoever goes on beside them does
// so only because they are interrupted.
int MoreThanPs() { return GOMAXPROCS() + 1; }

// Runs `loop(stop)` in that many goroutines until the test, which is one more,
// has had three turns.
template <class Loop>
void ExpectGivesWay(Loop loop) {
  test::Watchdog dog("a loop that does not give way");
  std::atomic<bool> stop{false};
  std::atomic<int> started{0};
  WaitGroup wg;
  for (int i = 0; i < MoreThanPs(); i++) {
    wg.Go([&] {
      started++;
      loop(stop);
    });
  }
  while (started < MoreThanPs()) Gosched();
  for (int turn = 0; turn < 3; turn++) Gosched();
  stop = true;
  wg.Wait();
}

TEST(Preempt, Mon4_AnEmptyLoopGivesWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWay([](const std::atomic<bool>& stop) {
    while (!stop.load(std::memory_order_relaxed)) {
    }
  });
}

__attribute__((noinline)) std::uint64_t Mix(std::uint64_t x) {
  x ^= x << 13;
  x ^= x >> 7;
  return x ^ x << 17;
}

TEST(Preempt, Mon4_ALoopWithCallsOfItsOwnGivesWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWay([](const std::atomic<bool>& stop) {
    std::uint64_t x = 1;
    while (!stop.load(std::memory_order_relaxed)) x = Mix(x);
    EXPECT_NE(x, 0u);
  });
}

TEST(Preempt, Mon4_ALoopThatChangesMemoryGivesWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWay([](const std::atomic<bool>& stop) {
    std::vector<std::uint64_t> v(1000, 1);
    while (!stop.load(std::memory_order_relaxed)) {
      for (std::uint64_t& x : v) x = x * 31 + 7;
    }
    EXPECT_EQ(std::count(v.begin(), v.end(), v[0]), 1000);
  });
}

// ---- inside libc ------------------------------------------------------------

// As ExpectGivesWay; besides, one of them must have been found inside libc (it
// then runs on without a P for a while).
template <class Loop>
void ExpectGivesWayInsideLibc(Loop loop) {
  test::Watchdog dog("a loop inside libc that does not give way");
  std::atomic<bool> stop{false};
  std::atomic<int> started{0};
  WaitGroup wg;
  for (int i = 0; i < MoreThanPs(); i++) {
    wg.Go([&] {
      started++;
      loop(stop);
    });
  }
  while (started < MoreThanPs()) Gosched();
  while (sched.ndetached.load() == 0) Gosched();
  stop = true;
  wg.Wait();
  // One that called Done may lose its P once more, in free(3).
  while (NumGoroutine() != 1) Gosched();
  RuntimeCall call("test");  // main has its P, if it had lost it
  EXPECT_EQ(sched.ndetached.load(), 0);
}

TEST(Preempt, Mon4_StringFunctionsOfLibcGiveWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWayInsideLibc([](const std::atomic<bool>& stop) {
    std::string big(1 << 20, 'x');
    while (!stop.load(std::memory_order_relaxed)) {
      EXPECT_EQ(::strlen(big.c_str()), big.size());
      EXPECT_EQ(::memchr(big.data(), 'y', big.size()), nullptr);
    }
  });
}

TEST(Preempt, Mon4_MemmemGivesWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWayInsideLibc([](const std::atomic<bool>& stop) {
    const std::string hay(1 << 18, 'a');
    const std::string needle = std::string(40, 'a') + "b";
    while (!stop.load(std::memory_order_relaxed)) {
      EXPECT_EQ(::memmem(hay.data(), hay.size(), needle.data(), needle.size()),
                nullptr);
    }
  });
}

// The comparator is the program's, its caller libc's.
TEST(Preempt, Mon4_QsortGivesWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWay([](const std::atomic<bool>& stop) {
    std::vector<std::uint32_t> v(20'000);
    std::uint32_t seed = 1;
    while (!stop.load(std::memory_order_relaxed)) {
      for (std::uint32_t& x : v) x = seed = seed * 1664525u + 1013904223u;
      ::qsort(v.data(), v.size(), sizeof v[0],
              [](const void* a, const void* b) {
                const auto x = *static_cast<const std::uint32_t*>(a);
                const auto y = *static_cast<const std::uint32_t*>(b);
                return x < y ? -1 : x > y;
              });
      EXPECT_TRUE(std::is_sorted(v.begin(), v.end()));
    }
  });
}

TEST(Preempt, Mon4_ALoopOfMallocGivesWay) {
  MN_NEEDS_ASYNC_SIGNALS();
  ExpectGivesWay([](const std::atomic<bool>& stop) {
    while (!stop.load(std::memory_order_relaxed)) {
      auto p = std::make_unique<std::string>(100, 'm');
      EXPECT_EQ(p->size(), 100u);
    }
  });
}

// ---- holding something ------------------------------------------------------

// Counts as long as it lives, yielding each time: at one P it counts only while
// others give way.
class Witness {
 public:
  Witness() {
    wg_.Go([this] {
      while (!stop_.load(std::memory_order_relaxed)) {
        count_.fetch_add(1, std::memory_order_relaxed);
        Gosched();
      }
    });
  }
  ~Witness() {
    stop_ = true;
    wg_.Wait();
  }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  // Spins until the witness has counted on. At one P: until the caller has been
  // interrupted and has come back.
  void SpinUntilInterrupted() const {
    const long before = Count();
    while (Count() == before) {
    }
  }

  long Count() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<long> count_{0};
  std::atomic<bool> stop_{false};
  WaitGroup wg_;
};

TEST(Preempt, Pre_HoldersOfAStdMutexAreInterruptedAndAllGetIt) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("a std::mutex");
  const Witness witness;
  std::mutex mu;
  int entered = 0, left = 0;
  WaitGroup wg;
  for (int i = 0; i < 8; i++) {
    wg.Go([&] {
      for (int k = 0; k < 3; k++) {
        const std::lock_guard<std::mutex> lock(mu);
        EXPECT_EQ(entered, left);
        entered++;
        witness.SpinUntilInterrupted();
        left++;
      }
    });
  }
  wg.Wait();
  EXPECT_EQ(left, 24);
}

int SlowValue(const Witness& witness) {
  witness.SpinUntilInterrupted();
  return 42;
}

TEST(Preempt, Pre_AStaticInitialiserIsInterruptedAndOthersWaitForIt) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("a static initialiser");
  const Witness witness;
  std::atomic<int> right{0};
  WaitGroup wg;
  for (int i = 0; i < 8; i++) {
    wg.Go([&] {
      static const int value = SlowValue(witness);
      if (value == 42) right++;
    });
  }
  wg.Wait();
  EXPECT_EQ(right, 8);
}

TEST(Preempt, Pre_CallOnceIsInterruptedAndOthersWaitForIt) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("std::call_once");
  const Witness witness;
  for (int round = 0; round < 5; round++) {
    std::once_flag flag;
    std::atomic<int> ran{0}, seen{0};
    WaitGroup wg;
    for (int i = 0; i < 8; i++) {
      wg.Go([&] {
        std::call_once(flag, [&] {
          witness.SpinUntilInterrupted();
          ran++;
        });
        if (ran == 1) seen++;
      });
    }
    wg.Wait();
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(seen, 8);
  }
}

TEST(Preempt, Pre_EachGoroutineKeepsTheExceptionItHandles) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("exceptions");
  const Witness witness;
  std::atomic<int> right{0};
  WaitGroup wg;
  for (int i = 0; i < 8; i++) {
    wg.Go([&, i] {
      try {
        try {
          throw i;
        } catch (int caught) {
          witness.SpinUntilInterrupted();
          if (caught == i) throw;
        }
      } catch (int again) {
        if (again == i && std::uncaught_exceptions() == 0) right++;
      }
    });
  }
  wg.Wait();
  EXPECT_EQ(right, 8);
}

struct SpinsInItsDestructor {
  const Witness& witness;
  ~SpinsInItsDestructor() { witness.SpinUntilInterrupted(); }
};

TEST(Preempt, Pre_UnwindingIsInterruptedAndGoesOn) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("unwinding");
  const Witness witness;
  std::atomic<int> right{0};
  WaitGroup wg;
  for (int i = 0; i < 8; i++) {
    wg.Go([&, i] {
      try {
        SpinsInItsDestructor spins{witness};
        throw std::runtime_error(std::to_string(i));
      } catch (const std::runtime_error& e) {
        if (e.what() == std::to_string(i)) right++;
      }
    });
  }
  wg.Wait();
  EXPECT_EQ(right, 8);
}

__attribute__((noinline)) void SetErrno(int value) { errno = value; }
__attribute__((noinline)) int GetErrno() { return errno; }

TEST(Preempt, Pre_ErrnoIsAsItWas) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("errno");
  const Witness witness;
  std::atomic<int> right{0};
  WaitGroup wg;
  for (int i = 1; i <= 8; i++) {
    wg.Go([&, i] {
      SetErrno(i);
      witness.SpinUntilInterrupted();
      if (GetErrno() == i) right++;
    });
  }
  wg.Wait();
  EXPECT_EQ(right, 8);
}

// The signal is the thread's own, so it arrives before PreemptOne returns.
TEST(Preempt, Pre2_InsideTheRuntimeTheSignalOnlyLeavesANote) {
  MN_NEEDS_ASYNC_SIGNALS();
  ParkingCall call("test");
  const P* const mine = getp();
  SetPreemptPending(false);
  PreemptOne(getp());
  EXPECT_TRUE(PreemptPending());
  EXPECT_EQ(getp(), mine);
  EXPECT_EQ(getg()->status.load(), GStatus::kRunning);
}

TEST(Preempt, Pre2_TheNextCallThatMayParkGivesWay) {
  const int before = GOMAXPROCS(1);
  std::atomic<bool> ran{false};
  WaitGroup wg;
  wg.Go([&] { ran = true; });
  {
    RuntimeCall call("test");
    SetPreemptPending(true);
  }
  { ParkingCall call("test"); }
  EXPECT_TRUE(ran);
  wg.Wait();
  GOMAXPROCS(before);
}

TEST(Preempt, Pre4_AnInterruptedGoroutineGoesOnOnItsThread) {
  MN_NEEDS_ASYNC_SIGNALS();
  if (CurrentPreemptMode() != PreemptMode::kStop) GTEST_SKIP() << "not stopped";
  test::Watchdog dog("threads");
  const Witness witness;
  std::atomic<int> same{0};
  WaitGroup wg;
  for (int i = 0; i < 8; i++) {
    wg.Go([&] {
      const int before = Gettid();
      witness.SpinUntilInterrupted();
      if (Gettid() == before) same++;
    });
  }
  wg.Wait();
  EXPECT_EQ(same, 8);
}

TEST(Preempt, Lot2_APinnedGoroutineIsInterruptedAndKeepsItsThread) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("pinned");
  const Witness witness;
  WaitGroup wg;
  wg.Go([&] {
    LockOSThread();
    const int tid = Gettid();
    for (int i = 0; i < 3; i++) {
      witness.SpinUntilInterrupted();
      Gosched();
      EXPECT_EQ(Gettid(), tid);
    }
    UnlockOSThread();
  });
  wg.Wait();
}

// ---- who waits --------------------------------------------------------------

// MON-5: with all Ps held by loops, a sleeper of 1 ms needs no slice of 10 ms
// to end. The order: it ends before a goroutine that only waits for its turn.
TEST(Preempt, Mon5_ASleeperInterruptsALoop) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("a sleeper");
  std::atomic<bool> stop{false};
  std::atomic<int> started{0};
  WaitGroup wg;
  for (int i = 0; i < GOMAXPROCS(); i++) {
    wg.Go([&] {
      started++;
      while (!stop.load(std::memory_order_relaxed)) {
      }
    });
  }
  while (started < GOMAXPROCS()) Gosched();
  for (int i = 0; i < 5; i++) {
    const std::int64_t before = Nanotime();
    Sleep(milliseconds(1));
    EXPECT_GE(Nanotime() - before, 1'000'000);
  }
  stop = true;
  wg.Wait();
}

// ---- 100 loops --------------------------------------------------------------

// 100 loops, each of which has had a turn. Those that run on without a P share
// the CPUs with the test: fewer then.
class HundredLoops {
 public:
  const int count = CurrentPreemptMode() == PreemptMode::kStop ? 100 : 20;

  // `declared`: in a PreemptibleScope.
  explicit HundredLoops(bool declared) {
    for (int i = 0; i < count; i++) {
      wg_.Go([this, i, declared] {
        if (declared) {
          PreemptibleScope scope;
          Loop(turns_[i]);
        } else {
          Loop(turns_[i]);
        }
        ended_++;
      });
    }
    while (started_ < count) Gosched();
  }
  ~HundredLoops() {
    stop_ = true;
    wg_.Wait();
    EXPECT_EQ(ended_, count);
  }
  HundredLoops(const HundredLoops&) = delete;
  HundredLoops& operator=(const HundredLoops&) = delete;

  // How far each has come.
  std::array<long, 100> Turns() const {
    std::array<long, 100> turns;
    std::copy(turns_.begin(), turns_.end(), turns.begin());
    return turns;
  }

 private:
  void Loop(std::atomic<long>& turns) {
    started_++;
    while (!stop_.load(std::memory_order_relaxed)) {
      turns.fetch_add(1, std::memory_order_relaxed);
    }
  }
  std::array<std::atomic<long>, 100> turns_{};
  std::atomic<bool> stop_{false};
  std::atomic<int> started_{0};
  std::atomic<int> ended_{0};
  WaitGroup wg_;
};

// Goroutines that have been given a P so far.
std::vector<std::uint32_t> Slices() {
  std::vector<std::uint32_t> n;
  for (const P* p : Allp()) n.push_back(p->schedtick.load());
  return n;
}

// In a time in which no P changes over, no more loops go on than there are Ps
// (SCH-34).
TEST(Preempt, Mn1_OfAHundredLoopsOnlyGomaxprocsRun) {
  MN_NEEDS_ASYNC_SIGNALS();
  if (CurrentPreemptMode() != PreemptMode::kStop) GTEST_SKIP() << "not stopped";
  if (!Godebug("preemptslice").empty()) {
    GTEST_SKIP() << "with short slices a P is always changing over";
  }
  test::Watchdog dog("100 loops");
  HundredLoops loops(false);
  EXPECT_GE(NumThreads(), loops.count) << "each keeps its thread";
  BlockingCall([&] {
    for (int looks = 0; looks < 50;) {
      const auto slices = Slices();
      const auto before = loops.Turns();
      ::usleep(3000);
      const auto after = loops.Turns();
      if (Slices() != slices || after == before) continue;
      looks++;
      int went_on = 0;
      for (std::size_t i = 0; i < before.size(); i++) {
        went_on += after[i] != before[i];
      }
      EXPECT_LE(went_on, GOMAXPROCS());
    }
  });
}

TEST(Preempt, Gmp2_TheNumberOfPsCanChangeUnderAHundredLoops) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("100 loops");
  HundredLoops loops(false);
  const int procs = GOMAXPROCS();
  EXPECT_EQ(GOMAXPROCS(procs + 3), procs);
  EXPECT_EQ(GOMAXPROCS(1), procs + 3);
  EXPECT_EQ(GOMAXPROCS(procs), 1);
}

MN_PROGRAM(PanicsAmongLoops) {
  HundredLoops loops(false);
  Go([] { throw std::runtime_error("out of a goroutine"); });
  for (;;) Gosched();
}

TEST(Preempt, ADumpAmongAHundredLoopsShowsEveryGoroutine) {
  MN_NEEDS_ASYNC_SIGNALS();
  const ProcessResult r = RunProgram(
      "PanicsAmongLoops", {.env = {{"GOMAXPROCS", std::to_string(GOMAXPROCS())},
                                   {"GOTRACEBACK", "all"}}});
  EXPECT_TRUE(test::Died(r, "panic: out of a goroutine"));
  int dumped = 0;
  for (std::size_t at = 0; (at = r.err.find("\ngoroutine ", at)) != r.err.npos;
       at++) {
    dumped++;
  }
  EXPECT_EQ(dumped, 102) << r.Describe();
}

// ---- PreemptibleScope -------------------------------------------------------

#if defined(__x86_64__)
constexpr bool kSignalYield = true;
#else
constexpr bool kSignalYield = false;
#endif

#define MN_NEEDS_SIGNAL_YIELD() \
  MN_NEEDS_ASYNC_SIGNALS();     \
  if (!kSignalYield) GTEST_SKIP() << "not on this processor"

TEST(PreemptibleScope, AHundredLoopsNeedAHandfulOfThreads) {
  MN_NEEDS_SIGNAL_YIELD();
  const ProcessResult r =
      RunProgram("HundredDeclaredLoops",
                 {.env = {{"GOMAXPROCS", std::to_string(GOMAXPROCS())}}});
  EXPECT_TRUE(Exited(r, 0));
}

MN_PROGRAM(HundredDeclaredLoops) {
  int most = 0;
  {
    HundredLoops loops(true);
    for (int i = 0; i < 5; i++) {
      Gosched();
      most = std::max(most, NumThreads());
    }
  }
  fprintf(stderr, "%d threads\n", most);
  return most <= GOMAXPROCS() + 8 ? 0 : 1;
}

// In the scope until `stop`; then out of it: an ordinary loop, which keeps its
// thread.
TEST(PreemptibleScope, EndsWhereItEnds) {
  MN_NEEDS_SIGNAL_YIELD();
  const Witness witness;
  WaitGroup wg;
  wg.Go([&] {
    const G* self = getg();
    {
      PreemptibleScope outer;
      {
        PreemptibleScope inner;
        witness.SpinUntilInterrupted();
      }
      EXPECT_EQ(self->preemptible, 1);
      witness.SpinUntilInterrupted();
    }
    EXPECT_EQ(self->preemptible, 0);
  });
  wg.Wait();
}

TEST(PreemptibleScope, Lot2_APinnedGoroutineKeepsItsThread) {
  MN_NEEDS_SIGNAL_YIELD();
  const Witness witness;
  WaitGroup wg;
  wg.Go([&] {
    LockOSThread();
    const int tid = Gettid();
    {
      PreemptibleScope scope;
      for (int i = 0; i < 3; i++) witness.SpinUntilInterrupted();
    }
    EXPECT_EQ(Gettid(), tid);
    UnlockOSThread();
  });
  wg.Wait();
}

TEST(PreemptibleScope, OutsideAGoroutineSaysSo) {
  EXPECT_TRUE(test::Died(RunProgram("DeclaresOutside"),
                         "runtime: mn::PreemptibleScope was called outside a "
                         "goroutine"));
}

MN_BARE_PROGRAM(DeclaresOutside) {
  PreemptibleScope scope;
  return 0;
}

#if defined(__x86_64__)

// Each of these runs in a scope, next to others that use the same registers,
// until it was interrupted often. `once` works for some microseconds and says
// whether it found all as it left it.
template <class Once>
void ExpectSurvives(Once once) {
  MN_NEEDS_SIGNAL_YIELD();
  test::Watchdog dog("registers");
  const Witness witness;
  std::atomic<int> wrong{0};
  const long turns = witness.Count();
  WaitGroup wg;
  for (int i = 1; i <= GOMAXPROCS() + 2; i++) {
    wg.Go([&, i] {
      PreemptibleScope scope;
      const auto end = std::chrono::steady_clock::now() + milliseconds(60);
      while (std::chrono::steady_clock::now() < end) {
        if (!once(static_cast<std::uint64_t>(i))) wrong++;
      }
    });
  }
  wg.Wait();
  EXPECT_GT(witness.Count(), turns) << "nobody was interrupted";
  EXPECT_EQ(wrong, 0);
}

constexpr std::uint64_t kSpins = 100'000;

// Puts seed+k into every register that is free, spins without touching them.
__attribute__((noinline)) bool GeneralRegisters(std::uint64_t seed) {
  std::uint64_t changed;
  asm volatile(
      R"(
      movq %[seed], %%rax
      leaq 1(%%rax), %%rbx
      leaq 2(%%rax), %%rdx
      leaq 3(%%rax), %%rsi
      leaq 4(%%rax), %%rdi
      leaq 5(%%rax), %%r8
      leaq 6(%%rax), %%r9
      leaq 7(%%rax), %%r10
      leaq 8(%%rax), %%r11
      leaq 9(%%rax), %%r12
      leaq 10(%%rax), %%r13
      leaq 11(%%rax), %%r14
      movq %[spins], %%rcx
    1:
      decq %%rcx
      jnz 1b
      subq $1, %%rbx
      subq $2, %%rdx
      subq $3, %%rsi
      subq $4, %%rdi
      subq $5, %%r8
      subq $6, %%r9
      subq $7, %%r10
      subq $8, %%r11
      subq $9, %%r12
      subq $10, %%r13
      subq $11, %%r14
      xorl %%ecx, %%ecx
      xorq %%rax, %%rbx
      orq %%rbx, %%rcx
      xorq %%rax, %%rdx
      orq %%rdx, %%rcx
      xorq %%rax, %%rsi
      orq %%rsi, %%rcx
      xorq %%rax, %%rdi
      orq %%rdi, %%rcx
      xorq %%rax, %%r8
      orq %%r8, %%rcx
      xorq %%rax, %%r9
      orq %%r9, %%rcx
      xorq %%rax, %%r10
      orq %%r10, %%rcx
      xorq %%rax, %%r11
      orq %%r11, %%rcx
      xorq %%rax, %%r12
      orq %%r12, %%rcx
      xorq %%rax, %%r13
      orq %%r13, %%rcx
      xorq %%rax, %%r14
      orq %%r14, %%rcx
      )"
      : "=&c"(changed)
      : [seed] "r"(seed), [spins] "i"(kSpins)
      : "rax", "rbx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
        "r13", "r14", "cc", "memory");
  return changed == 0;
}

TEST(PreemptibleScope, GeneralRegistersSurvive) {
  ExpectSurvives(GeneralRegisters);
}

// Carry, parity, zero, sign and direction, kept over a loop that changes no
// flag.
__attribute__((noinline)) bool Flags(std::uint64_t seed) {
  const std::uint64_t want = seed % 2 == 0 ? 0xC5 : 0x00;
  std::uint64_t got = want << 8;
  asm volatile(
      R"(
      leaq -256(%%rsp), %%rsp
      movq %[got], %%rax
      sahf
      std
      movq %[spins], %%rcx
    1:
      leaq -1(%%rcx), %%rcx
      jrcxz 2f
      jmp 1b
    2:
      pushfq
      cld
      popq %[got]
      leaq 256(%%rsp), %%rsp
      )"
      : [got] "+&r"(got)
      : [spins] "i"(kSpins)
      : "rax", "rcx", "cc", "memory");
  return (got & 0xC5) == want && (got & 0x400) != 0;
}

TEST(PreemptibleScope, FlagsSurvive) { ExpectSurvives(Flags); }

// What a leaf function keeps below its stack pointer.
__attribute__((noinline)) bool RedZone(std::uint64_t seed) {
  std::uint64_t changed = 0;
  asm volatile(
      R"(
      leaq -256(%%rsp), %%rsp
      movq $-16, %%rcx
    1:
      leaq (%[seed],%%rcx), %%rax
      movq %%rax, (%%rsp,%%rcx,8)
      incq %%rcx
      jnz 1b
      movq %[spins], %%rcx
    2:
      decq %%rcx
      jnz 2b
      movq $-16, %%rcx
    3:
      leaq (%[seed],%%rcx), %%rax
      xorq (%%rsp,%%rcx,8), %%rax
      orq %%rax, %[changed]
      incq %%rcx
      jnz 3b
      leaq 256(%%rsp), %%rsp
      )"
      : [changed] "+&r"(changed)
      : [seed] "r"(seed), [spins] "i"(kSpins)
      : "rax", "rcx", "cc", "memory");
  return changed == 0;
}

TEST(PreemptibleScope, TheRedZoneSurvives) { ExpectSurvives(RedZone); }

// Each goroutine rounds differently, in SSE and in the x87 unit, whose stack
// holds something too.
__attribute__((noinline)) bool FloatingPoint(std::uint64_t seed) {
  const std::uint32_t rounding = seed % 4;
  std::uint32_t old_mxcsr, mxcsr;
  std::uint16_t old_cw, cw;
  asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(old_mxcsr), "=m"(old_cw));
  const std::uint32_t new_mxcsr = (old_mxcsr & ~0x6000u) | rounding << 13;
  const auto new_cw =
      static_cast<std::uint16_t>((old_cw & ~0x0C00u) | rounding << 10);
  double top = 0;
  asm volatile(
      R"(
      ldmxcsr %[new_mxcsr]
      fldcw %[new_cw]
      fildq %[seed]
      movq %[spins], %%rcx
    1:
      decq %%rcx
      jnz 1b
      fstpl %[top]
      stmxcsr %[mxcsr]
      fnstcw %[cw]
      ldmxcsr %[old_mxcsr]
      fldcw %[old_cw]
      )"
      : [top] "=m"(top), [mxcsr] "=m"(mxcsr), [cw] "=m"(cw)
      : [new_mxcsr] "m"(new_mxcsr), [new_cw] "m"(new_cw), [seed] "m"(seed),
        [old_mxcsr] "m"(old_mxcsr), [old_cw] "m"(old_cw), [spins] "i"(kSpins)
      : "rcx", "cc");
  return top == static_cast<double>(seed) &&
         ((mxcsr ^ new_mxcsr) & 0x6000) == 0 && cw == new_cw;
}

TEST(PreemptibleScope, RoundingModesAndTheX87StackSurvive) {
  ExpectSurvives(FloatingPoint);
}

struct Vectors {
  explicit Vectors(std::uint64_t seed) {
    for (std::uint64_t& x : word) x = seed = Mix(seed + 1);
  }
  bool operator==(const Vectors&) const = default;
  alignas(64) std::uint64_t word[32 * 8];
};

__attribute__((noinline)) bool Sse(std::uint64_t seed) {
  const Vectors in(seed);
  Vectors out = in;
  asm volatile(
      R"(
      movaps 0(%[in]), %%xmm0
      movaps 64(%[in]), %%xmm1
      movaps 128(%[in]), %%xmm7
      movaps 192(%[in]), %%xmm8
      movaps 256(%[in]), %%xmm15
      movq %[spins], %%rcx
    1:
      decq %%rcx
      jnz 1b
      movaps %%xmm0, 0(%[out])
      movaps %%xmm1, 64(%[out])
      movaps %%xmm7, 128(%[out])
      movaps %%xmm8, 192(%[out])
      movaps %%xmm15, 256(%[out])
      )"
      :
      : [in] "r"(in.word), [out] "r"(out.word), [spins] "i"(kSpins)
      : "rcx", "xmm0", "xmm1", "xmm7", "xmm8", "xmm15", "cc", "memory");
  return in == out;
}

TEST(PreemptibleScope, SseRegistersSurvive) { ExpectSurvives(Sse); }

__attribute__((noinline, target("avx"))) bool Avx(std::uint64_t seed) {
  const Vectors in(seed);
  Vectors out = in;
  asm volatile(
      R"(
      vmovaps 0(%[in]), %%ymm0
      vmovaps 64(%[in]), %%ymm1
      vmovaps 128(%[in]), %%ymm7
      vmovaps 192(%[in]), %%ymm8
      vmovaps 256(%[in]), %%ymm15
      movq %[spins], %%rcx
    1:
      decq %%rcx
      jnz 1b
      vmovaps %%ymm0, 0(%[out])
      vmovaps %%ymm1, 64(%[out])
      vmovaps %%ymm7, 128(%[out])
      vmovaps %%ymm8, 192(%[out])
      vmovaps %%ymm15, 256(%[out])
      vzeroupper
      )"
      :
      : [in] "r"(in.word), [out] "r"(out.word), [spins] "i"(kSpins)
      : "rcx", "ymm0", "ymm1", "ymm7", "ymm8", "ymm15", "cc", "memory");
  return in == out;
}

TEST(PreemptibleScope, AvxRegistersSurvive) {
  if (!__builtin_cpu_supports("avx")) GTEST_SKIP() << "no AVX here";
  ExpectSurvives(Avx);
}

__attribute__((noinline, target("avx512f"))) bool Avx512(std::uint64_t seed) {
  const Vectors in(seed);
  Vectors out = in;
  asm volatile(
      R"(
      vmovaps 0(%[in]), %%zmm0
      vmovaps 64(%[in]), %%zmm1
      vmovaps 128(%[in]), %%zmm15
      vmovaps 192(%[in]), %%zmm16
      vmovaps 256(%[in]), %%zmm31
      kmovw 320(%[in]), %%k1
      kmovw 384(%[in]), %%k7
      movq %[spins], %%rcx
    1:
      decq %%rcx
      jnz 1b
      vmovaps %%zmm0, 0(%[out])
      vmovaps %%zmm1, 64(%[out])
      vmovaps %%zmm15, 128(%[out])
      vmovaps %%zmm16, 192(%[out])
      vmovaps %%zmm31, 256(%[out])
      kmovw %%k1, 320(%[out])
      kmovw %%k7, 384(%[out])
      vzeroupper
      )"
      :
      : [in] "r"(in.word), [out] "r"(out.word), [spins] "i"(kSpins)
      : "rcx", "zmm0", "zmm1", "zmm15", "zmm16", "zmm31", "k1", "k7", "cc",
        "memory");
  return in == out;
}

TEST(PreemptibleScope, Avx512RegistersSurvive) {
  if (!__builtin_cpu_supports("avx512f")) GTEST_SKIP() << "no AVX-512 here";
  ExpectSurvives(Avx512);
}

TEST(PreemptibleScope, FloatingPointSumsAreExact) {
  const auto sum = [](std::uint64_t seed) {
    double s = 0;
    for (int i = 1; i < 3000; i++) s += static_cast<double>(seed) / i;
    return s;
  };
  static double want[64];
  for (std::uint64_t i = 0; i < 64; i++) want[i] = sum(i);
  ExpectSurvives([&](std::uint64_t seed) { return sum(seed) == want[seed]; });
}

#endif

}  // namespace
}  // namespace mn
