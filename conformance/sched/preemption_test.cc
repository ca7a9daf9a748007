// Preemption: code that never calls the runtime gives way all the same.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

using std::chrono::milliseconds;

// ThreadSanitizer delivers a signal at the next call that it intercepts.
#define MN_NEEDS_ASYNC_SIGNALS()                                        \
  if (MN_TSAN) {                                                        \
    MN_NOT_ON_THIS_MACHINE("ThreadSanitizer defers signals to a call"); \
  }

ProcessOptions Preemptive(int procs) {
  return {.env = {{"GOMAXPROCS", std::to_string(procs)}}};
}

// `n` loops without calls, beside which the caller has had a turn.
class Loops {
 public:
  explicit Loops(int n, bool declared = false)
      : turns_(static_cast<std::size_t>(n)) {
    for (std::atomic<long>& mine : turns_) {
      all_.Go([this, &mine, declared] {
        if (declared) {
          PreemptibleScope scope;
          Loop(mine);
        } else {
          Loop(mine);
        }
      });
    }
    while (started_ < n) Gosched();
  }
  ~Loops() {
    stop_ = true;
    all_.Wait();
  }
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;

  // How many of them go on in a millisecond. Blocks the thread.
  int ThatGoOn() const {
    for (;;) {
      const long long start = Nanotime();
      const std::vector<long> before(turns_.begin(), turns_.end());
      usleep(1000);
      const std::vector<long> after(turns_.begin(), turns_.end());
      if (Nanotime() - start > 2'000'000) continue;  // the kernel held us up
      int n = 0;
      for (std::size_t i = 0; i < before.size(); i++) {
        n += after[i] != before[i];
      }
      return n;
    }
  }

 private:
  void Loop(std::atomic<long>& turns) {
    started_++;
    while (!stop_.load(std::memory_order_relaxed)) {
      turns.fetch_add(1, std::memory_order_relaxed);
    }
  }
  std::vector<std::atomic<long>> turns_;
  std::atomic<bool> stop_{false};
  std::atomic<int> started_{0};
  WaitGroup all_;
};

// One P, which a loop holds until others run.
MN_PROGRAM(OneLoopUntilOthersRun) {
  std::atomic<bool> went_on{false};
  std::atomic<long long> began{0};
  WaitGroup all;
  all.Go([&] {
    began = Nanotime();
    while (!went_on.load(std::memory_order_relaxed)) {
    }
  });
  while (began == 0) Gosched();
  Say("after_ms", (Nanotime() - began) / 1'000'000);
  went_on = true;
  all.Wait();
  return 0;
}

CLAIM(
    Preemption, InterruptsALoopWithoutCalls,
    {.id = "preempt.loop",
     .section = 14,
     .source = "gotcha 6: with async preemption, the scheduler interrupts you",
     .says = "On one P, a loop that never calls the runtime does not keep the "
             "others from running."}) {
  MN_NEEDS_ASYNC_SIGNALS();
  const ProcessResult r = RunProgram("OneLoopUntilOthersRun", Preemptive(1));
  ASSERT_TRUE(Exited(r, 0));
  Measured("the others went on after " + Text(r, "after_ms") + " ms");
}

// One P, which a loop holds for 300 ms: did others run before it ended?
MN_PROGRAM(OneLoop) {
  std::atomic<bool> ended{false};
  std::atomic<long long> began{0};
  WaitGroup all;
  all.Go([&] {
    began = Nanotime();
    const long long end = began + 300'000'000;
    while (Nanotime() < end) {
    }
    ended = true;
  });
  while (began == 0) Gosched();
  Say("went_on", !ended);
  Say("after_ms", (Nanotime() - began) / 1'000'000);
  all.Wait();
  return 0;
}

CLAIM(Preemption, AsyncPreemptOffSwitchesItOff,
      {.id = "preempt.off",
       .section = 11,
       .source = "GODEBUG=asyncpreemptoff=1",
       .says = "With GODEBUG=asyncpreemptoff=1 it does."}) {
  const ProcessResult r = RunProgram("OneLoop", OnProcs(1));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "went_on"), 0);
  Measured("the others went on after " + Text(r, "after_ms") + " ms");
}

// One P, two loops and a sleeper.
MN_PROGRAM(ASleeperBesideLoops) {
  Loops loops(2);
  long long worst = 0;
  for (int i = 0; i < 20; i++) {
    const long long before = Nanotime();
    Sleep(milliseconds(1));
    worst = std::max<long long>(worst, Nanotime() - before - 1'000'000);
  }
  Say("worst_us", worst / 1000);
  return 0;
}

CLAIM(Preemption, ASleeperInterruptsLoops,
      {.id = "preempt.sleeper",
       .section = 0,
       .source = "Go: the next of 10 ms slices; ours, MON-7",
       .says = "Loops on the only P do not keep a sleeper from waking."}) {
  MN_NEEDS_ASYNC_SIGNALS();
  const ProcessResult r = RunProgram("ASleeperBesideLoops", Preemptive(1));
  ASSERT_TRUE(Exited(r, 0));
  Measured("20 sleeps of 1 ms ended, " + Text(r, "worst_us") +
           " us late at most");
}

MN_PROGRAM(HundredLoops) {
  Loops loops(100);
  std::vector<int> seen;
  BlockingCall([&] {
    for (int i = 0; i < 200; i++) seen.push_back(loops.ThatGoOn());
  });
  std::sort(seen.begin(), seen.end());
  Say("running", seen[seen.size() / 2]);
  Say("threads", NumThreads());
  return 0;
}

CLAIM(Preemption, OfAHundredLoopsOnlyGomaxprocsRun,
      {.id = "preempt.running",
       .section = 0,
       .source = "ours: invariant 1 of section 3, for threads",
       .says = "Of a hundred loops, each on a thread of its own, no more than "
               "GOMAXPROCS run, give or take one thread that is about to."}) {
  MN_NEEDS_ASYNC_SIGNALS();
  const ProcessResult r = RunProgram("HundredLoops", Preemptive(2));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_GE(Number(r, "threads"), 100);
  EXPECT_LE(Number(r, "running"), 2 + 1);
  Measured(Text(r, "threads") + " threads, " + Text(r, "running") +
           " of them running (median of 200 looks)");
}

MN_PROGRAM(HundredDeclaredLoops) {
  Loops loops(100, /*declared=*/true);
  int most = 0;
  for (int i = 0; i < 5; i++) {
    Gosched();
    most = std::max(most, NumThreads());
  }
  Say("threads", most);
  return 0;
}

CLAIM(Preemption, DeclaredCodeNeedsNoThreads,
      {.id = "preempt.declared",
       .section = 0,
       .source = "ours: PreemptibleScope",
       .says = "A hundred loops that declare themselves preemptible need no "
               "more than GOMAXPROCS + 8 threads."}) {
  MN_NEEDS_ASYNC_SIGNALS();
#if !defined(__x86_64__)
  MN_NOT_ON_THIS_MACHINE("needs an x86-64 processor");
#endif
  ProcessOptions options = Preemptive(2);
  options.env.emplace_back("GODEBUG", "preemptslice=1000");
  const ProcessResult r = RunProgram("HundredDeclaredLoops", options);
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_LE(Number(r, "threads"), 2 + 8);
  Measured("100 loops, " + Text(r, "threads") + " threads");
}

// One P. Each goroutine holds what others need until it has been interrupted:
// until another has counted on.
MN_PROGRAM(HoldersOfThreadLocks) {
  std::atomic<bool> stop{false};
  std::atomic<long> count{0};
  WaitGroup counter, all;
  counter.Go([&] {
    while (!stop) {
      count++;
      Gosched();
    }
  });
  auto until_interrupted = [&] {
    const long before = count;
    while (count == before) {
    }
  };
  std::mutex mu;
  std::once_flag once;
  std::atomic<int> done{0};
  for (int i = 0; i < 8; i++) {
    all.Go([&, i] {
      {
        const std::lock_guard<std::mutex> lock(mu);
        until_interrupted();
      }
      std::call_once(once, until_interrupted);
      static const int value = (until_interrupted(), 1);
      try {
        throw i;
      } catch (int caught) {
        until_interrupted();
        if (caught == i) done += value;
      }
    });
  }
  all.Wait();
  stop = true;
  counter.Wait();
  Say("done", done);
  return 0;
}

CLAIM(Preemption, LocksOfThreadsMayBeHeld,
      {.id = "preempt.locks",
       .section = 0,
       .source = "ours: what a thread may do a goroutine may do",
       .says = "Goroutines are interrupted holding a std::mutex, in a "
               "std::call_once, a static initialiser and a catch block, and "
               "all of them get through."}) {
  MN_NEEDS_ASYNC_SIGNALS();
  const ProcessResult r = RunProgram("HoldersOfThreadLocks", Preemptive(1));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "done"), 8);
  Measured("8 goroutines, each interrupted 2 to 4 times");
}

volatile sig_atomic_t urgent = 0;

// The program's own handler was there first.
MN_BARE_PROGRAM(OwnHandlerOfSigurg) {
  struct sigaction action = {};
  action.sa_handler = [](int) { urgent = urgent + 1; };
  sigaction(SIGURG, &action, nullptr);
  return Main([] {
    raise(SIGURG);
    Say("raised", urgent);
    { Loops loops(2); }
    Say("after_preemption", urgent);
    return 0;
  });
}

CLAIM(Preemption, SigurgOfTheProgramReachesItsHandler,
      {.id = "preempt.sigurg",
       .section = 11,
       .source = "if your C library uses SIGURG, it conflicts",
       .says = "A SIGURG of the program's reaches the handler that it had "
               "before Main; so do the runtime's own."}) {
  MN_NEEDS_ASYNC_SIGNALS();
  const ProcessResult r = RunProgram("OwnHandlerOfSigurg", Preemptive(1));
  ASSERT_TRUE(Exited(r, 0));
  const long long raised = Number(r, "raised");
  EXPECT_GE(raised, 1);
  EXPECT_GT(Number(r, "after_preemption"), raised);
  Measured("1 raised, " + std::to_string(raised) + " seen; " +
           std::to_string(Number(r, "after_preemption") - raised) +
           " of the runtime's");
}

}  // namespace
}  // namespace mn::conformance
