// LockOSThread: a goroutine and its thread.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "runtime/core/getg.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"
#include "runtime/testing/threads.h"

namespace mn {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using test::Died;
using test::Exited;
using test::kCooperative;
using test::KernelTid;
using test::OnProcs;
using test::Pinned;
using test::ProcessOptions;
using test::ProcessResult;
using test::RunProgram;
using test::Watchdog;

constexpr char kDeadlock[] =
    "fatal error: all goroutines are asleep - deadlock!";

// ---- what the tests look at ---------------------------------------------

bool ThreadLives(int tid) {
  return ::access(("/proc/self/task/" + std::to_string(tid)).c_str(), F_OK) ==
         0;
}

// Any thread of this process, by its name in /proc.
std::string ThreadName() {
  char name[16] = {};
  ::prctl(PR_GET_NAME, name);
  return name;
}

std::string CurrentDirectory() {
  char path[4096];
  return ::getcwd(path, sizeof(path)) == nullptr ? "?" : path;
}

// Runs f as a goroutine to its end.
void RunToItsEnd(std::function<void()> f) {
  WaitGroup wg;
  wg.Go(std::move(f));
  wg.Wait();
}

// Goroutines that wait, each pinned, in a way that the test chooses.
class PinnedCrowd {
 public:
  // `wait` blocks until the crowd is let go; `begun` is counted before it.
  PinnedCrowd(int n, std::function<void()> wait) {
    for (int i = 0; i < n; i++) {
      wg_.Go([this, wait] {
        LockOSThread();
        begun_++;
        wait();
        UnlockOSThread();
      });
    }
    while (begun_ != n) Gosched();
  }
  void WaitForTheEnd() { wg_.Wait(); }

 private:
  std::atomic<int> begun_{0};
  WaitGroup wg_;
};

// As many goroutines as there are Ps meet by spinning: possible only if every P
// is free for them.
void AllPsMeet() {
  const int procs = GOMAXPROCS();
  std::atomic<int> arrived{0};
  WaitGroup wg;
  for (int i = 0; i < procs; i++) {
    wg.Go([&] {
      arrived++;
      while (arrived != procs) {
      }
    });
  }
  wg.Wait();
}

// Runs `rounds` short goroutines that use many threads; returns their threads.
std::set<int> ThreadsThatRunGoroutines(int rounds) {
  Mutex mu;
  std::set<int> tids;
  for (int round = 0; round < rounds; round++) {
    std::atomic<int> inside{0};
    WaitGroup wg;
    for (int i = 0; i < 8; i++) {
      wg.Go([&] {
        const int before = BlockingCall([&] {
          inside++;  // all at once: eight threads
          while (inside != 8) ::usleep(50);
          return Gettid();
        });
        const int tid = Gettid();
        mu.Lock();
        tids.insert(before);
        tids.insert(tid);
        mu.Unlock();
      });
    }
    wg.Wait();
  }
  return tids;
}

ProcessOptions SamePs() {
  return {.env = {{"GOMAXPROCS", std::to_string(GOMAXPROCS())}}};
}

// ---- LOT-1, LOT-6: the counter ------------------------------------------

TEST(LockOSThread, Lot1_NLocksNeedNUnlocks) {
  RunToItsEnd([] {
    ASSERT_FALSE(Pinned());
    for (int i = 0; i < 5; i++) LockOSThread();
    for (int i = 0; i < 4; i++) {
      UnlockOSThread();
      EXPECT_TRUE(Pinned());
    }
    UnlockOSThread();
    EXPECT_FALSE(Pinned());
  });
}

TEST(LockOSThread, Lot1_TheCounterPanicsWhenItOverflows) {
  RunToItsEnd([] {
    LockOSThread();
    getm()->locked_ext = UINT32_MAX;
    std::string what;
    try {
      LockOSThread();
    } catch (const Panic& e) {
      what = e.what();
    }
    EXPECT_EQ(what, "LockOSThread nesting overflow");
    EXPECT_EQ(getm()->locked_ext, UINT32_MAX);
    getm()->locked_ext = 1;
    UnlockOSThread();
    EXPECT_FALSE(Pinned());
  });
}

TEST(LockOSThread, Lot6_AnUnlockTooManyDoesNothing) {
  RunToItsEnd([] {
    UnlockOSThread();
    UnlockOSThread();
    EXPECT_FALSE(Pinned());
    LockOSThread();
    EXPECT_TRUE(Pinned());
    UnlockOSThread();
    EXPECT_FALSE(Pinned());
  });
}

// Row LCK-06.
MN_PROGRAM(MainBegins) { return Gettid() == ::getpid() ? 6 : 0; }

TEST(LockOSThread, GoroutineOneBeginsOnTheMainThread) {
  EXPECT_TRUE(Exited(RunProgram("MainBegins", OnProcs(4, kCooperative)), 6));
}

// ---- LOT-2: the same thread ---------------------------------------------

// Pinned, f does not change the thread, `n` times.
void ExpectSameThread(int n, std::function<void()> f) {
  Watchdog dog("a pinned goroutine");
  RunToItsEnd([&] {
    LockOSThread();
    const int tid = Gettid();
    int wrong = 0;
    for (int i = 0; i < n; i++) {
      f();
      if (Gettid() != tid) wrong++;
      dog.Progress();
    }
    EXPECT_EQ(wrong, 0);
    UnlockOSThread();
  });
}

constexpr int kRepeat = MN_TSAN ? 200 : 1000;

// LCK-07, with those that follow.
TEST(LockOSThread, Lot2_SameThreadOverTenThousandParks) {
  constexpr int kParks = MN_TSAN ? 1000 : 10'000;
  Chan<int> ping(0), pong(0);
  int echoed = 0;
  Go([&, ping, pong]() mutable {
    for (;;) {
      auto v = ping.Next();
      if (!v) return;
      echoed++;
      pong.Send(*v);
    }
  });
  ExpectSameThread(kParks, [&] {
    ping.Send(1);
    pong.Recv();
  });
  ping.Close();
  EXPECT_EQ(echoed, kParks);
}

TEST(LockOSThread, Lot2_SameThreadAcrossGosched) {
  std::atomic<bool> stop{false};
  std::atomic<int> others{0};
  WaitGroup wg;
  for (int i = 0; i < 2 * GOMAXPROCS(); i++) {
    wg.Go([&] {
      while (!stop) {
        others++;
        Gosched();
      }
    });
  }
  ExpectSameThread(kRepeat, [] { Gosched(); });
  stop = true;
  wg.Wait();
  EXPECT_GT(others.load(), 0);
}

TEST(LockOSThread, Lot2_SameThreadAcrossSleep) {
  ExpectSameThread(kRepeat / 5, [] { Sleep(microseconds(10)); });
}

TEST(LockOSThread, Lot2_SameThreadAcrossSyscall) {
  ExpectSameThread(kRepeat, [] { Syscall([] { ::sched_yield(); }); });
}

TEST(LockOSThread, Lot2_SameThreadAcrossASyscallThatLosesItsP) {
  // Longer than a tick of sysmon, with somebody waiting.
  ExpectSameThread(kRepeat / 20, [] {
    Go([] {});
    Syscall([] { ::usleep(300); });
  });
}

TEST(LockOSThread, Lot2_SameThreadAcrossBlockingCall) {
  ExpectSameThread(kRepeat / 5, [] {
    Go([] {});
    BlockingCall([] { ::usleep(10); });
  });
}

TEST(LockOSThread, Lot2_SameThreadInsideAForeignCall) {
  int inside = 0;
  ExpectSameThread(kRepeat, [&] {
    const int tid = Gettid();
    Foreign([&] { inside = KernelTid(); });
    ASSERT_EQ(inside, tid);
  });
}

TEST(LockOSThread, Lot2_SameThreadAcrossMutexAndWaitGroup) {
  Mutex mu;
  ExpectSameThread(kRepeat / 5, [&] {
    mu.Lock();
    WaitGroup wg;
    wg.Go([&] {
      mu.Lock();
      mu.Unlock();
    });
    Gosched();
    mu.Unlock();
    wg.Wait();
  });
}

TEST(LockOSThread, Lot2_SameThreadAcrossItsOwnGomaxprocsChanges) {
  const int procs = GOMAXPROCS();
  int n = 0;
  ExpectSameThread(MN_TSAN ? 20 : 100, [&] { GOMAXPROCS(1 + n++ % 5); });
  GOMAXPROCS(procs);
  EXPECT_EQ(GOMAXPROCS(), procs);
}

TEST(LockOSThread, Lot2_SameThreadWhileOthersChangeGomaxprocs) {
  const int procs = GOMAXPROCS();
  std::atomic<bool> stop{false};
  std::atomic<int> changes{0};
  WaitGroup wg;
  wg.Go([&] {
    while (!stop) {
      GOMAXPROCS(1 + changes++ % 5);
      Gosched();
    }
  });
  ExpectSameThread(MN_TSAN ? 20 : 100, [&] {
    const int seen = changes;
    while (changes == seen) Gosched();
  });
  stop = true;
  wg.Wait();
  GOMAXPROCS(procs);
}

// It spins, without a call, until another goroutine has run on the only P.
MN_PROGRAM(PinnedIsPreempted) {
  std::atomic<int> other_tid{0};
  LockOSThread();
  const int tid = Gettid();
  Go([&] { other_tid = Gettid(); });
  while (other_tid == 0) {
  }
  MUST(Gettid() == tid);
  MUST(other_tid != tid);  // LOT-3
  MUST(Pinned());
  UnlockOSThread();
  return 3;
}

TEST(LockOSThread, Lot2_SameThreadAcrossPreemption) {
  const ProcessOptions on_one_p = {.env = {{"GOMAXPROCS", "1"}}};
  EXPECT_TRUE(Exited(RunProgram("PinnedIsPreempted", on_one_p), 3));
}

MN_PROGRAM(PinnedInAPreemptibleScope) {
  std::atomic<int> other_tid{0};
  LockOSThread();
  const int tid = Gettid();
  Go([&] { other_tid = Gettid(); });
  {
    PreemptibleScope scope;
    while (other_tid == 0) {
    }
  }
  MUST(Gettid() == tid);
  MUST(other_tid != tid);
  return 3;
}

TEST(LockOSThread, Lot2_APreemptibleScopeDoesNotMoveAPinnedGoroutine) {
  const ProcessOptions on_one_p = {.env = {{"GOMAXPROCS", "1"}}};
  EXPECT_TRUE(Exited(RunProgram("PinnedInAPreemptibleScope", on_one_p), 3));
}

// ---- LOT-3: nobody else there -------------------------------------------

// While one is pinned and does f over and over.
void ExpectNobodyElseThere(std::function<void()> f) {
  Watchdog dog("others than the pinned goroutine");
  std::atomic<int> tid{0};
  std::atomic<bool> stop{false};
  WaitGroup wg;
  wg.Go([&] {
    LockOSThread();
    tid = Gettid();
    while (!stop) f();
    UnlockOSThread();
  });
  while (tid == 0) Gosched();
  int ran = 0, wrong = 0;
  for (int i = 0; i < kRepeat; i++) {
    Chan<int> ch(0);
    Go([ch]() mutable {
      const int t = Gettid();
      Gosched();
      ch.Send(t);
    });
    if (ch.Recv() == tid) wrong++;
    ran++;
    dog.Progress();
  }
  EXPECT_EQ(ran, kRepeat);
  EXPECT_EQ(wrong, 0);
  stop = true;
  wg.Wait();
}

TEST(LockOSThread, Lot3_NobodyElseRunsThereWhileItYields) {
  ExpectNobodyElseThere([] { Gosched(); });
}

TEST(LockOSThread, Lot3_NobodyElseRunsThereWhileItSleeps) {
  ExpectNobodyElseThere([] { Sleep(microseconds(50)); });
}

TEST(LockOSThread, Lot3_NobodyElseRunsThereWhileItIsInTheKernel) {
  ExpectNobodyElseThere([] { Syscall([] { ::usleep(100); }); });
}

TEST(LockOSThread, Lot3_NobodyElseRunsThereWhileItWaits) {
  Watchdog dog("others than the pinned goroutine");
  std::atomic<int> tid{0};
  Chan<int> release(0);
  WaitGroup wg;
  wg.Go([&] {
    LockOSThread();
    tid = Gettid();
    release.Next();
    EXPECT_EQ(Gettid(), tid);
    UnlockOSThread();
  });
  while (tid == 0) Gosched();
  const std::set<int> others = ThreadsThatRunGoroutines(5);
  EXPECT_GE(others.size(), 8u);
  EXPECT_FALSE(others.contains(tid));
  release.Close();
  wg.Wait();
}

TEST(LockOSThread, Lot3_OthersRunThereAgainAfterTheUnlock) {
  // On one P, with the main thread out of the way, the same thread goes on.
  RunToItsEnd([] {
    LockOSThread();
    UnlockOSThread();
    EXPECT_EQ(getm()->lockedg, nullptr);
    EXPECT_EQ(getg()->lockedm, nullptr);
  });
}

// ---- LOT-4: the end -----------------------------------------------------

// Goroutine 1 keeps the main thread; another one ends pinned.
void EndsPinnedElsewhere(bool by_goexit) {
  LockOSThread();
  MUST(Gettid() == ::getpid());
  int tid = 0;
  RunToItsEnd([&] {
    LockOSThread();
    LockOSThread();  // however often
    tid = Gettid();
    if (by_goexit) Goexit();
  });
  MUST(tid != 0 && tid != ::getpid());
  while (ThreadLives(tid)) Sleep(milliseconds(1));
}

MN_PROGRAM(ReturnsPinned) {
  EndsPinnedElsewhere(false);
  return 4;
}
MN_PROGRAM(GoexitsPinned) {
  EndsPinnedElsewhere(true);
  return 4;
}

// CGO-09, with those that follow.
TEST(LockOSThread, Lot4_ReturningWhilePinnedEndsTheThread) {
  EXPECT_TRUE(Exited(RunProgram("ReturnsPinned", OnProcs(1, kCooperative)), 4));
}

TEST(LockOSThread, Lot4_GoexitWhilePinnedEndsTheThread) {
  EXPECT_TRUE(Exited(RunProgram("GoexitsPinned", OnProcs(1, kCooperative)), 4));
}

MN_PROGRAM(UnlocksBeforeItEnds) {
  LockOSThread();
  MUST(Gettid() == ::getpid());
  int tid = 0;
  RunToItsEnd([&] {
    LockOSThread();
    tid = Gettid();
    UnlockOSThread();
  });
  // Once on the thread of the next one: it was not ended.
  int next = 0;
  while (next != tid) RunToItsEnd([&] { next = Gettid(); });
  return 4;
}

TEST(LockOSThread, Lot4_AThreadThatWasUnlockedGoesOnWithOthers) {
  EXPECT_TRUE(
      Exited(RunProgram("UnlocksBeforeItEnds", OnProcs(1, kCooperative)), 4));
}

MN_PROGRAM(TwentyEndPinned) {
  std::vector<int> tids(20);
  std::atomic<int> pinned{0};
  WaitGroup wg;
  for (int& tid : tids) {
    wg.Go([&] {
      LockOSThread();
      tid = Gettid();
      pinned++;
      while (pinned != 20) Gosched();
    });
  }
  wg.Wait();
  MUST(std::set<int>(tids.begin(), tids.end()).size() == 20);
  for (int tid : tids) {
    while (tid != ::getpid() && ThreadLives(tid)) Sleep(milliseconds(1));
  }
  while (NumGoroutine() != 1) Sleep(milliseconds(1));
  AllPsMeet();  // no P went with them
  return 4;
}

TEST(LockOSThread, Lot4_TwentyThreadsEndAndNoP) {
  EXPECT_TRUE(Exited(RunProgram("TwentyEndPinned", SamePs()), 4));
}

// On one P the first goroutine that main waits for runs on the main thread.
MN_PROGRAM(EndsPinnedOnTheMainThread) {
  MUST(Gettid() == ::getpid());
  int tid = 0;
  RunToItsEnd([&] {
    LockOSThread();
    tid = Gettid();
  });
  MUST(tid == ::getpid());
  MUST(Gettid() != ::getpid());  // goroutine 1 goes on elsewhere
  const std::set<int> tids = ThreadsThatRunGoroutines(10);
  MUST(tids.size() >= 8);
  MUST(!tids.contains(::getpid()));
  // It falls asleep and does not end: its end would be the end of the process.
  for (std::string line; line.find(") S ") == line.npos;
       Sleep(milliseconds(1))) {
    MUST(ThreadLives(::getpid()));
    std::ifstream stat("/proc/self/task/" + std::to_string(::getpid()) +
                       "/stat");
    std::getline(stat, line);
  }
  atexit([] { puts("exit handlers ran"); });
  return 4;
}

TEST(LockOSThread, Lot4_TheMainThreadIsParkedForEverAndNeverReused) {
  const ProcessResult r =
      RunProgram("EndsPinnedOnTheMainThread", OnProcs(1, kCooperative));
  EXPECT_TRUE(Exited(r, 4));
  EXPECT_EQ(r.out, "exit handlers ran\n");
}

MN_PROGRAM(MainGoexitsPinned) {
  LockOSThread();
  Go([] {
    for (int i = 0; i < 10; i++) Sleep(milliseconds(1));
    puts("the other one ended");
  });
  Goexit();
}

TEST(LockOSThread, Lot4_MainGoexitWhilePinnedLetsTheOthersEnd) {
  for (int procs : {1, 4}) {
    const ProcessResult r =
        RunProgram("MainGoexitsPinned", OnProcs(procs, kCooperative));
    EXPECT_TRUE(Died(r,
                     "fatal error: no goroutines (main called runtime.Goexit) "
                     "- deadlock!"));
    EXPECT_EQ(r.out, "the other one ended\n");
  }
}

// ---- LOT-5: children ----------------------------------------------------

TEST(LockOSThread, Lot5_ChildrenAreNotPinned) {
  RunToItsEnd([] {
    LockOSThread();
    const int tid = Gettid();
    for (int i = 0; i < 100; i++) {
      RunToItsEnd([&] {
        EXPECT_FALSE(Pinned());
        EXPECT_NE(Gettid(), tid);
      });
    }
    UnlockOSThread();
  });
}

// ---- LOT-7, THR-3: state of the thread ----------------------------------

constexpr char kTaint[] = "tainted";

// Pinned, gives its thread a name that every thread made by it would inherit.
void Taint() {
  LockOSThread();
  ::prctl(PR_SET_NAME, kTaint);
}

// Many goroutines at once, on threads of which some are new: none is tainted.
void MustAllBeClean() {
  std::atomic<int> inside{0}, tainted{0};
  WaitGroup wg;
  for (int i = 0; i < 16; i++) {
    wg.Go([&] {
      BlockingCall([&] {
        inside++;
        while (inside != 16) ::usleep(50);
        if (ThreadName() == kTaint) tainted++;
      });
    });
  }
  wg.Wait();
  MUST(inside == 16);
  MUST(tainted == 0);
}

MN_PROGRAM(NameDoesNotLeak) {
  for (int i = 0; i < 10; i++) {
    RunToItsEnd([] {
      Taint();
      MUST(ThreadName() == kTaint);
    });
    MustAllBeClean();
  }
  return 5;
}

TEST(LockOSThread, Lot7_AThreadsNameDoesNotLeakWhenTheGoroutineEndsPinned) {
  EXPECT_TRUE(Exited(RunProgram("NameDoesNotLeak", SamePs()), 5));
}

MN_PROGRAM(DirectoryDoesNotLeak) {
  const std::string home = CurrentDirectory();
  MUST(home != "/");
  RunToItsEnd([] {
    LockOSThread();
    if (::unshare(CLONE_FS) != 0) {
      perror("unshare");
      exit(77);
    }
    MUST(::chdir("/") == 0);
    MUST(CurrentDirectory() == "/");
  });
  std::atomic<int> inside{0}, moved{0};
  WaitGroup wg;
  for (int i = 0; i < 16; i++) {
    wg.Go([&] {
      BlockingCall([&] {
        inside++;
        while (inside != 16) ::usleep(50);
        if (CurrentDirectory() != home) moved++;
      });
    });
  }
  wg.Wait();
  MUST(moved == 0);
  return 5;
}

TEST(LockOSThread, Lot7_AnUnsharedDirectoryDoesNotLeak) {
  const ProcessResult r =
      RunProgram("DirectoryDoesNotLeak", OnProcs(1, kCooperative));
  if (r.exit_status == 77) GTEST_SKIP() << "unshare is not allowed: " << r.err;
  EXPECT_TRUE(Exited(r, 5));
}

MN_PROGRAM(AffinityDoesNotLeak) {
  cpu_set_t before;
  ::sched_getaffinity(0, sizeof(before), &before);
  if (CPU_COUNT(&before) < 2) exit(77);
  RunToItsEnd([&] {
    LockOSThread();
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE; i++) {
      if (CPU_ISSET(i, &before)) {
        CPU_SET(i, &one);
        break;
      }
    }
    MUST(::sched_setaffinity(0, sizeof(one), &one) == 0);
  });
  std::atomic<int> inside{0}, bound{0};
  WaitGroup wg;
  for (int i = 0; i < 16; i++) {
    wg.Go([&] {
      BlockingCall([&] {
        inside++;
        while (inside != 16) ::usleep(50);
        cpu_set_t now;
        ::sched_getaffinity(0, sizeof(now), &now);
        if (!CPU_EQUAL(&now, &before)) bound++;
      });
    });
  }
  wg.Wait();
  MUST(bound == 0);
  return 5;
}

TEST(LockOSThread, Lot7_AnAffinityMaskDoesNotLeak) {
  const ProcessResult r =
      RunProgram("AffinityDoesNotLeak", OnProcs(1, kCooperative));
  if (r.exit_status == 77) GTEST_SKIP() << "there is only one CPU";
  EXPECT_TRUE(Exited(r, 5));
}

// At the start there are two threads, the main one and sysmon, and goroutine 1
// on the main one needs a third, in the way that each program chooses.
void MustNotHaveMadeThreads() { MUST(NumThreads() == 2); }

// What a goroutine elsewhere sees.
struct Seen {
  std::atomic<int> tid{0};
  std::atomic<bool> tainted{false};
  void Look() {
    tainted = ThreadName() == kTaint;
    tid = Gettid();
  }
  // The other thread is new and clean.
  int Verdict() const {
    MUST(tid != 0 && tid != ::getpid());
    MUST(!tainted);
    return 6;
  }
};

MN_PROGRAM(PinnedBlocksInTheKernel) {
  MustNotHaveMadeThreads();
  Taint();
  Seen seen;
  Go([&] { seen.Look(); });
  BlockingCall([&] {
    while (seen.tid == 0) ::usleep(50);
  });
  return seen.Verdict();
}

TEST(LockOSThread, Thr3_AThreadNeededByAPinnedOneInTheKernelIsClean) {
  EXPECT_TRUE(Exited(
      RunProgram("PinnedBlocksInTheKernel", OnProcs(1, kCooperative)), 6));
}

MN_PROGRAM(PinnedParks) {
  MustNotHaveMadeThreads();
  Taint();
  Seen seen;
  Chan<int> ch(0);
  Go([&, ch]() mutable {
    seen.Look();
    ch.Send(1);
  });
  ch.Recv();
  return seen.Verdict();
}

TEST(LockOSThread, Thr3_AThreadNeededByAPinnedOneThatParksIsClean) {
  EXPECT_TRUE(Exited(RunProgram("PinnedParks", OnProcs(1, kCooperative)), 6));
}

// Spins, so that nobody but a new thread can run the goroutine that looks.
int SpawnsAndSpins() {
  Seen seen;
  Go([&] { seen.Look(); });
  while (seen.tid == 0) {
  }
  return seen.Verdict();
}

MN_PROGRAM(PinnedSpawns) {
  MustNotHaveMadeThreads();
  Taint();
  GOMAXPROCS(2);
  return SpawnsAndSpins();
}

TEST(LockOSThread, Thr3_AThreadNeededForASecondPOfAPinnedOneIsClean) {
  EXPECT_TRUE(Exited(RunProgram("PinnedSpawns", OnProcs(1, kCooperative)), 6));
}

MN_PROGRAM(PinnedIsInterrupted) {
  MustNotHaveMadeThreads();
  Taint();
  return SpawnsAndSpins();
}

TEST(LockOSThread, Thr3_AThreadNeededForAPreemptedPinnedOneIsClean) {
  const ProcessOptions on_one_p = {.env = {{"GOMAXPROCS", "1"}}};
  EXPECT_TRUE(Exited(RunProgram("PinnedIsInterrupted", on_one_p), 6));
}

MN_PROGRAM(PinnedEnds) {
  MustNotHaveMadeThreads();
  Seen seen;
  Chan<int> ch(0);
  // runnext: on the main thread, as soon as goroutine 1 waits. Then nobody is
  // left to run the goroutine that looks.
  Go([&, ch]() mutable {
    Taint();
    MUST(Gettid() == ::getpid());
    Go([&, ch]() mutable {
      seen.Look();
      ch.Send(1);
    });
  });
  ch.Recv();
  return seen.Verdict();
}

TEST(LockOSThread, Thr3_AThreadNeededBecauseAPinnedOneEndsIsClean) {
  EXPECT_TRUE(Exited(RunProgram("PinnedEnds", OnProcs(1, kCooperative)), 6));
}

// ---- LOT-8: who waits holds no P ----------------------------------------

constexpr int kCrowd = 8;

TEST(LockOSThread, Lot8_WaitingForAChannelHoldsNoP) {
  Watchdog dog("all Ps meet beside pinned goroutines that wait");
  Chan<int> ch(0);
  PinnedCrowd crowd(kCrowd, [ch]() mutable { ch.Next(); });
  AllPsMeet();
  ch.Close();
  crowd.WaitForTheEnd();
}

TEST(LockOSThread, Lot8_WaitingForAMutexHoldsNoP) {
  Watchdog dog("all Ps meet beside pinned goroutines that wait");
  Mutex mu;
  mu.Lock();
  PinnedCrowd crowd(kCrowd, [&] {
    mu.Lock();
    mu.Unlock();
  });
  AllPsMeet();
  mu.Unlock();
  crowd.WaitForTheEnd();
}

TEST(LockOSThread, Lot8_WaitingForAWaitGroupHoldsNoP) {
  Watchdog dog("all Ps meet beside pinned goroutines that wait");
  WaitGroup release;
  release.Add(1);
  PinnedCrowd crowd(kCrowd, [&] { release.Wait(); });
  AllPsMeet();
  release.Done();
  crowd.WaitForTheEnd();
}

TEST(LockOSThread, Lot8_SleepingHoldsNoP) {
  Watchdog dog("all Ps meet beside pinned goroutines that sleep");
  std::atomic<bool> release{false};
  PinnedCrowd crowd(kCrowd, [&] {
    while (!release) Sleep(milliseconds(2));
  });
  for (int i = 0; i < 10; i++) AllPsMeet();
  release = true;
  crowd.WaitForTheEnd();
}

TEST(LockOSThread, Lot8_BlockingInTheKernelHoldsNoP) {
  Watchdog dog("all Ps meet beside pinned goroutines in the kernel");
  std::atomic<bool> release{false};
  PinnedCrowd crowd(kCrowd, [&] {
    BlockingCall([&] {
      while (!release) ::usleep(500);
    });
  });
  AllPsMeet();
  release = true;
  crowd.WaitForTheEnd();
}

TEST(LockOSThread, Lot8_ManyThatWaitAndSomeThatSpinStopNobody) {
  Watchdog dog("a pair beside pinned goroutines");
  const int procs = GOMAXPROCS();
  Chan<int> never(0);
  std::atomic<bool> stop{false};
  PinnedCrowd waiting(4 * procs + 6, [never]() mutable { never.Next(); });
  PinnedCrowd spinning(procs + 2, [&] {
    while (!stop) {
    }
  });
  Chan<int> ch(0);
  constexpr int kHandoffs = MN_TSAN ? 100 : 1000;
  Go([ch]() mutable {
    for (int i = 0; i < kHandoffs; i++) ch.Send(i);
    ch.Close();
  });
  int got = 0;
  while (ch.Next()) {
    got++;
    dog.Progress();
  }
  EXPECT_EQ(got, kHandoffs);
  stop = true;
  never.Close();
  waiting.WaitForTheEnd();
  spinning.WaitForTheEnd();
}

// ---- deadlocks ----------------------------------------------------------

MN_PROGRAM(MainDeadlocksPinned) {
  LockOSThread();
  Chan<int> ch(0);
  ch.Recv();
  return 0;
}

TEST(LockOSThread, Dlk_IsReportedWhenTheOnlyGoroutineIsPinned) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(
        Died(RunProgram("MainDeadlocksPinned", OnProcs(procs, kCooperative)),
             kDeadlock));
  }
}

MN_PROGRAM(ManyDeadlockPinned) {
  Chan<int> ch(0);
  PinnedCrowd crowd(10, [ch]() mutable { ch.Recv(); });
  crowd.WaitForTheEnd();
  return 0;
}

TEST(LockOSThread, Dlk_IsReportedWhenManyArePinned) {
  for (int procs : {1, 2, 8}) {
    EXPECT_TRUE(
        Died(RunProgram("ManyDeadlockPinned", OnProcs(procs, kCooperative)),
             kDeadlock));
  }
}

MN_PROGRAM(LastRunnerEndsPinned) {
  Chan<int> ch(0);
  Go([] {
    LockOSThread();
    Sleep(milliseconds(5));
  });
  ch.Recv();
  return 0;
}

TEST(LockOSThread, Dlk_IsReportedWhenTheLastRunnerEndsPinned) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(
        Died(RunProgram("LastRunnerEndsPinned", OnProcs(procs, kCooperative)),
             kDeadlock));
  }
}

MN_PROGRAM(SleepsPinned) {
  LockOSThread();
  Sleep(milliseconds(100));
  return 7;
}

TEST(LockOSThread, Dlk_IsNotReportedWhileAPinnedOneSleeps) {
  EXPECT_TRUE(Exited(RunProgram("SleepsPinned", SamePs()), 7));
}

// ---- Gettid -------------------------------------------------------------

TEST(Gettid, IsTheKernels) {
  RunToItsEnd([] {
    LockOSThread();
    EXPECT_EQ(Gettid(), KernelTid());
    EXPECT_TRUE(ThreadLives(Gettid()));
    UnlockOSThread();
  });
}

TEST(Gettid, DiffersBetweenPinnedGoroutines) {
  Mutex mu;
  std::set<int> tids;
  Chan<int> ch(0);
  PinnedCrowd crowd(kCrowd, [&, ch]() mutable {
    mu.Lock();
    tids.insert(Gettid());
    mu.Unlock();
    ch.Next();
  });
  ch.Close();
  crowd.WaitForTheEnd();
  EXPECT_EQ(tids.size(), static_cast<std::size_t>(kCrowd));
}

}  // namespace
}  // namespace mn
