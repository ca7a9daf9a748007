// LockOSThread: one goroutine and one thread.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <set>
#include <string>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

bool ThreadLives(int tid) {
  return access(("/proc/self/task/" + std::to_string(tid)).c_str(), F_OK) == 0;
}

// `n` goroutines at once, each on a thread of its own, look at something there;
// says how many it was true for.
template <class F>
int CountThreads(int n, F f) {
  std::atomic<int> inside{0}, count{0};
  WaitGroup all;
  for (int i = 0; i < n; i++) {
    all.Go([&] {
      BlockingCall([&] {
        inside++;
        while (inside != n) usleep(50);
        if (f()) count++;
      });
    });
  }
  all.Wait();
  return count;
}

// Waits in every way there is.
void WaitOnce(int i, Chan<int>& ping, Chan<int>& pong) {
  switch (i % 5) {
    case 0:
      Gosched();
      break;
    case 1:
      Sleep(microseconds(10));
      break;
    case 2:
      BlockingCall([] { usleep(10); });
      break;
    case 3:
      Foreign([] { sched_yield(); });
      break;
    case 4:
      ping.Send(i);
      pong.Recv();
      break;
  }
}

MN_PROGRAM(PinnedWaits) {
  Chan<int> ping(0), pong(0);
  Go([=]() mutable {
    while (auto v = ping.Next()) pong.Send(*v);
  });
  LockOSThread();
  const int tid = Gettid();
  int waits = 0, moved = 0;
  for (; waits < kManyGoroutines / 10; waits++) {
    WaitOnce(waits, ping, pong);
    if (Gettid() != tid) moved++;
  }
  Say("waits", waits);
  Say("moved", moved);
  return 0;
}

CLAIM(
    Pinning, GoroutineStaysOnItsThread,
    {.id = "pin.same_thread",
     .section = 7,
     .source = "LockOSThread pins the calling goroutine to the OS thread",
     .says =
         "However a pinned goroutine waits, it goes on on the same thread."}) {
  long long waits = 0;
  for (int procs : {1, 4}) {
    const ProcessResult r = RunProgram("PinnedWaits", OnProcs(procs));
    ASSERT_TRUE(Exited(r, 0));
    EXPECT_EQ(Number(r, "moved"), 0);
    waits += Number(r, "waits");
  }
  Measured(std::to_string(waits) + " waits of five kinds, one thread");
}

// One P. Main's thread is pinned by another goroutine, so main must leave it.
MN_PROGRAM(UnpinnedMoves) {
  const int before = Gettid();
  Chan<int> ch(0);
  Go([=]() mutable {
    LockOSThread();
    ch.Send(Gettid());
    ch.Recv();
  });
  const int taken = ch.Recv();
  if (taken != before) return Disturbed();
  Say("moved", Gettid() != before);
  ch.Send(1);
  return 0;
}

CLAIM(Pinning, UnpinnedGoroutineChangesThreads,
      {.id = "identity.thread_moves",
       .section = 10,
       .source = "never assume thread identity is stable unless you have "
                 "called LockOSThread (15)",
       .says = "A goroutine that is not pinned goes on on another thread when "
               "its own is taken."}) {
  const ProcessResult r = RunUndisturbed("UnpinnedMoves", OnProcs(1));
  EXPECT_EQ(Number(r, "moved"), 1);
  Measured("the second thread of the same goroutine");
}

// One P. A goroutine that keeps no pin shares its thread with whoever runs
// next; so the last unlock shows.
MN_PROGRAM(Nested) {
  LockOSThread();
  LockOSThread();
  const int tid = Gettid();
  auto alone = [tid] {  // does another goroutine run on this thread?
    int other = 0;
    WaitGroup one;
    one.Go([&] { other = Gettid(); });
    one.Wait();
    return other != tid;
  };
  std::string said;
  said += alone() ? "pinned" : "free";
  UnlockOSThread();
  said += alone() ? " pinned" : " free";
  UnlockOSThread();
  // The other goroutine may still be given another thread once or twice.
  int tries = 0;
  while (alone()) tries++;
  said += " free";
  UnlockOSThread();  // one too many
  LockOSThread();
  said += alone() ? " pinned" : " free";
  Say("said", said);
  return 0;
}

CLAIM(
    Pinning, AsManyUnlocksAsLocks,
    {.id = "pin.nested",
     .section = 7,
     .source = "match each Lock with an Unlock",
     .says =
         "Two locks need two unlocks, and an unlock too many does nothing."}) {
  const ProcessResult r = RunProgram("Nested", OnProcs(1));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Text(r, "said"), "pinned pinned free pinned");
  Measured("2 locks, 2 unlocks; a third changes nothing");
}

MN_PROGRAM(NobodyElse) {
  std::atomic<int> tid{0};
  Chan<int> never(0);
  Go([&, never]() mutable {
    LockOSThread();
    tid = Gettid();
    never.Recv();
  });
  while (tid == 0) Gosched();
  int ran = 0, there = 0;
  for (; ran < 1000; ran++) {
    WaitGroup one;
    one.Go([&] { there += Gettid() == tid ? 1 : 0; });
    one.Wait();
  }
  there += CountThreads(8, [&] { return Gettid() == tid; });
  Say("ran", ran + 8);
  Say("there", there);
  return 0;
}

CLAIM(Pinning, NobodyElseRunsOnThePinnedThread,
      {.id = "pin.exclusive",
       .section = 7,
       .source = "the pinned goroutine occupies its M exclusively; if it "
                 "blocks, that M is unusable for other Go work",
       .says = "No other goroutine runs on the thread of a pinned one, even "
               "while that waits."}) {
  for (int procs : {1, 4}) {
    const ProcessResult r = RunProgram("NobodyElse", OnProcs(procs));
    ASSERT_TRUE(Exited(r, 0));
    EXPECT_EQ(Number(r, "ran"), 1008);
    EXPECT_EQ(Number(r, "there"), 0);
  }
  Measured("0 of 1008 goroutines, while the pinned one waited");
}

MN_PROGRAM(Child) {
  LockOSThread();
  const int tid = Gettid();
  int same = 0;
  for (int i = 0; i < 100; i++) {
    WaitGroup one;
    one.Go([&] { same += Gettid() == tid ? 1 : 0; });
    one.Wait();
  }
  Say("same", same);
  return 0;
}

CLAIM(Pinning, ChildrenAreNotPinned,
      {.id = "pin.children",
       .section = 7,
       .source = "Go proc.go LockOSThread; LOT-5",
       .says = "Goroutines started by a pinned one are not pinned."}) {
  const ProcessResult r = RunProgram("Child", OnProcs(1));
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "same"), 0);
  Measured("100 children, none on the thread of the parent");
}

// WAITING goroutines are pinned and wait, SPINNING are pinned and compute; two
// others hand a value to and fro.
MN_PROGRAM(PinnedCrowd) {
  const int waiting = static_cast<int>(Parameter("WAITING"));
  const int spinning = static_cast<int>(Parameter("SPINNING"));
  std::atomic<int> pinned{0};
  std::atomic<bool> stop{false};
  Chan<int> never(0);
  for (int i = 0; i < waiting; i++) {
    Go([&, never]() mutable {
      LockOSThread();
      pinned++;
      never.Recv();
    });
  }
  WaitGroup spinners;
  for (int i = 0; i < spinning; i++) {
    spinners.Go([&] {
      LockOSThread();
      pinned++;
      while (!stop) {
      }
    });
  }
  while (pinned != waiting + spinning) Gosched();
  Chan<int> ch(0);
  constexpr int kHandovers = MN_TSAN ? 100 : 1000;
  Go([=]() mutable {
    for (int i = 0; i < kHandovers; i++) ch.Send(i);
    ch.Close();
  });
  int handed = 0;
  while (ch.Next()) handed++;
  stop = true;
  spinners.Wait();
  Say("handed", handed == kHandovers);
  Say("threads", KernelThreads());
  return 0;
}

CLAIM(Pinning, ThosePinnedWhoWaitHoldNoP,
      {.id = "pin.no_deadlock",
       .section = 7,
       .source = "if too many goroutines are pinned, you can deadlock; Go "
                 "proc.go stoplockedm",
       .says = "Twenty pinned goroutines that wait hold none of two Ps."}) {
  const ProcessResult r =
      RunProgram("PinnedCrowd", {.env = {{"GOMAXPROCS", "2"},
                                         {"GODEBUG", "asyncpreemptoff=1"},
                                         {"WAITING", "20"},
                                         {"SPINNING", "0"}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "handed"), 1);
  EXPECT_GE(Number(r, "threads"), 20);
  Measured("20 pinned, 2 Ps, " + Text(r, "threads") + " threads");
}

CLAIM(Pinning, ThosePinnedWhoComputeTakeTurns,
      {.id = "pin.compute",
       .section = 14,
       .source = "gotcha 5: with GOMAXPROCS=4 and 4 long-pinned goroutines the "
                 "runtime has no Ms left",
       .says = "Four pinned goroutines that compute and four that wait, on "
               "four Ps, leave the others their turns."}) {
  const ProcessResult r = RunProgram(
      "PinnedCrowd",
      {.env = {{"GOMAXPROCS", "4"}, {"WAITING", "4"}, {"SPINNING", "4"}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "handed"), 1);
  Measured("4 pinned that wait and 4 that compute on 4 Ps; others went on");
}

// Main keeps the main thread, so that the other one's can end.
MN_PROGRAM(EndsPinned) {
  LockOSThread();
  int tid = 0;
  WaitGroup one;
  one.Go([&] {
    LockOSThread();
    tid = Gettid();
  });
  one.Wait();
  if (tid == getpid()) return Disturbed();
  while (ThreadLives(tid)) Sleep(milliseconds(1));
  return 0;
}

CLAIM(Pinning, EndingPinnedEndsTheThread,
      {.id = "pin.exit",
       .section = 7,
       .source = "if the goroutine exits while still pinned, the runtime may "
                 "destroy the M; Go proc.go gdestroy",
       .says = "A goroutine that ends pinned ends its thread."}) {
  RunUndisturbed("EndsPinned", OnProcs(1));
  Measured("the thread is gone from /proc/self/task");
}

// One P: the first goroutine that main waits for runs on the main thread.
MN_PROGRAM(EndsPinnedOnMain) {
  int tid = 0;
  WaitGroup one;
  one.Go([&] {
    LockOSThread();
    tid = Gettid();
  });
  one.Wait();
  if (tid != getpid()) return Disturbed();
  int there = 0;
  for (int i = 0; i < 10; i++) {
    there += CountThreads(8, [] { return Gettid() == getpid(); });
  }
  Say("there", there);
  Say("lives", ThreadLives(getpid()));
  return 0;
}

CLAIM(Pinning, TheMainThreadSleepsForEver,
      {.id = "pin.exit_main",
       .section = 7,
       .source = "Go proc.go mexit; LOT-4",
       .says = "When a goroutine ends pinned to the main thread that thread "
               "sleeps for ever, and the process goes on."}) {
  const ProcessResult r = RunUndisturbed("EndsPinnedOnMain", OnProcs(1));
  EXPECT_EQ(Number(r, "there"), 0);
  EXPECT_EQ(Number(r, "lives"), 1);
  Measured("0 of 80 goroutines ran on it afterwards");
}

std::string Directory() {
  char path[4096];
  return getcwd(path, sizeof(path)) == nullptr ? "?" : path;
}

// unshare(CLONE_FS) and chdir: what setns does to a thread, without its
// privileges.
MN_PROGRAM(LeavesItsDirectory) {
  const bool unlocks = Parameter("UNLOCKS") != 0;
  const std::string home = Directory();
  WaitGroup one;
  one.Go([&] {
    LockOSThread();
    if (unshare(CLONE_FS) != 0) {
      Say("unshare", "refused");
      exit(0);
    }
    if (chdir("/") != 0) abort();
    if (unlocks) UnlockOSThread();
  });
  one.Wait();
  Say("unshare", "done");
  Say("elsewhere", CountThreads(16, [&] { return Directory() != home; }));
  return 0;
}

ProcessResult LeaveTheDirectory(const std::string& unlocks) {
  return RunProgram("LeavesItsDirectory",
                    {.env = {{"GOMAXPROCS", "1"},
                             {"GODEBUG", "asyncpreemptoff=1"},
                             {"UNLOCKS", unlocks}}});
}

CLAIM(Pinning, StateOfTheThreadEndsWithAGoroutineThatStaysPinned,
      {.id = "pin.state_ends",
       .section = 7,
       .source = "Linux setns, unshare: thread-scoped",
       .says = "What a goroutine that ends pinned did to its thread reaches no "
               "other goroutine."}) {
  const ProcessResult r = LeaveTheDirectory("0");
  ASSERT_TRUE(Exited(r, 0));
  if (Text(r, "unshare") != "done") {
    MN_NOT_ON_THIS_MACHINE("unshare(CLONE_FS) is refused");
  }
  EXPECT_EQ(Number(r, "elsewhere"), 0);
  Measured("0 of 16 threads in the other directory");
}

CLAIM(Pinning, StateOfTheThreadOutlivesAnUnlock,
      {.id = "pin.state_leaks",
       .section = 7,
       .source = "the example of setns unlocks when it returns; Go proc.go, "
                 "comment of LockOSThread: it should not",
       .says = "What a goroutine did to its thread outlives its unlock and "
               "reaches others."}) {
  const ProcessResult r = LeaveTheDirectory("1");
  ASSERT_TRUE(Exited(r, 0));
  if (Text(r, "unshare") != "done") {
    MN_NOT_ON_THIS_MACHINE("unshare(CLONE_FS) is refused");
  }
  EXPECT_GE(Number(r, "elsewhere"), 1);
  Measured(Text(r, "elsewhere") + " of 16 threads in the other directory");
}

// At the start there is main's thread and sysmon's. Main's is given a name,
// which threads inherit, and then needs another one.
MN_PROGRAM(NeedsAThreadPinned) {
  const int before = NumThreads();
  LockOSThread();
  prctl(PR_SET_NAME, "tainted");
  std::atomic<bool> looked{false};
  char name[16] = {};
  Go([&] {
    prctl(PR_GET_NAME, name);
    looked = true;
  });
  BlockingCall([&] {
    while (!looked) usleep(50);
  });
  Say("before", before);
  Say("name", name);
  return 0;
}

CLAIM(Pinning, ThreadsInheritNothingFromAPinnedOne,
      {.id = "pin.clean_threads",
       .section = 7,
       .source = "Go proc.go startTemplateThread; THR-3",
       .says = "A thread that is made because a pinned goroutine blocks "
               "inherits nothing from the pinned thread."}) {
  const ProcessResult r = RunProgram("NeedsAThreadPinned", OnProcs(1));
  ASSERT_TRUE(Exited(r, 0));
  ASSERT_EQ(Number(r, "before"), 2) << "a thread was there already";
  EXPECT_NE(Text(r, "name"), "tainted");
  Measured("a new thread is called " + Text(r, "name"));
}

}  // namespace
}  // namespace mn::conformance
