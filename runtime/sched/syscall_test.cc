// BlockingCall and Syscall: the thread blocks, its P does not. The wrappers:
// syscall_wrappers_test.cc.
#include "runtime/syscall.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/core/sched.h"
#include "runtime/mn.h"
#include "runtime/sched/globrunq.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using test::Died;
using test::Exited;
using test::RunProgram;

// A pipe: a call that blocks until the test says so.
class Pipe {
 public:
  Pipe() {
    if (::pipe(fd_) != 0) abort();
  }
  ~Pipe() {
    ::close(fd_[0]);
    ::close(fd_[1]);
  }
  // Blocks the thread.
  char Read() {
    char c = 0;
    return ::read(fd_[0], &c, 1) == 1 ? c : '\0';
  }
  void Write(char c) { EXPECT_EQ(::write(fd_[1], &c, 1), 1); }

 private:
  int fd_[2];
};

TEST(BlockingCall, ReturnsWhatFReturns) {
  EXPECT_EQ(BlockingCall([] { return 42; }), 42);
  EXPECT_EQ(BlockingCall([] { return std::string("text"); }), "text");
  EXPECT_EQ(*BlockingCall([] { return std::make_unique<int>(3); }), 3);
  int x = 0;
  int& r = BlockingCall([&]() -> int& { return x; });
  EXPECT_EQ(&r, &x);
}

TEST(BlockingCall, TakesAFunctionThatReturnsNothing) {
  bool ran = false;
  BlockingCall([&] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(BlockingCall, TakesAMoveOnlyFunction) {
  EXPECT_EQ(BlockingCall([p = std::make_unique<int>(5)] { return *p; }), 5);
}

TEST(BlockingCall, AnExceptionPassesThrough) {
  std::string what;
  try {
    BlockingCall([] { throw std::runtime_error("from inside"); });
  } catch (const std::runtime_error& e) {
    what = e.what();
  }
  EXPECT_EQ(what, "from inside");
  // The P is back: the runtime can be used.
  Chan<int> ch(0);
  Go([ch]() mutable { ch.Send(1); });
  EXPECT_EQ(ch.Recv(), 1);
}

TEST(BlockingCall, AnExceptionIsThrownAndCaughtInside) {
  EXPECT_EQ(BlockingCall([] {
              try {
                throw 7;
              } catch (int i) {
                return i;
              }
            }),
            7);
}

TEST(BlockingCall, FindsItselfInSyscallStateInside) {
  G* gp = getg();
  EXPECT_EQ(BlockingCall([gp] { return gp->status.load(); }),
            GStatus::kSyscall);
  EXPECT_EQ(gp->status.load(), GStatus::kRunning);
}

TEST(BlockingCall, ErrnoCanBeReadInside) {
  EXPECT_EQ(BlockingCall([] { return ::close(-1) == 0 ? 0 : errno; }), EBADF);
}

// Runs with GOMAXPROCS=1 too: the only P goes to another thread.
TEST(BlockingCall, Sys1_OthersGoOnMeanwhile) {
  Pipe pipe;
  Chan<int> ch(0);
  Go([&, ch]() mutable {
    // The reader needs this goroutine to go on.
    ch.Send(1);
    pipe.Write('x');
  });
  Go([ch]() mutable { ch.Recv(); });
  EXPECT_EQ(BlockingCall([&] { return pipe.Read(); }), 'x');
}

TEST(BlockingCall, Sys1_AGoroutineThatWasReadyBeforehandGoesOn) {
  Pipe pipe;
  Go([&] { pipe.Write('y'); });  // in runnext of the P that is handed off
  EXPECT_EQ(BlockingCall([&] { return pipe.Read(); }), 'y');
}

TEST(BlockingCall, Sys1_SleepersWakeMeanwhile) {
  Pipe pipe;
  Go([&] {
    Sleep(std::chrono::milliseconds(2));
    pipe.Write('z');
  });
  EXPECT_EQ(BlockingCall([&] { return pipe.Read(); }), 'z');
}

TEST(BlockingCall, Sys1_ManyAtOnceEachOnItsOwnThread) {
  constexpr int kCalls = 100;
  test::Watchdog dog("100 blocking calls");
  Pipe pipe;
  std::atomic<int> inside{0};
  std::atomic<int> read{0};
  WaitGroup wg;
  for (int i = 0; i < kCalls; i++) {
    wg.Go([&] {
      BlockingCall([&] {
        inside.fetch_add(1);
        if (pipe.Read() == 'a') read.fetch_add(1);
      });
    });
  }
  while (inside.load() != kCalls) Gosched();  // they all block at once
  for (int i = 0; i < kCalls; i++) pipe.Write('a');
  wg.Wait();
  EXPECT_EQ(read.load(), kCalls);
}

// The Ps on the idle list and those that an M holds; one that is being handed
// to an M that wakes up is neither.
int PsThatAreSomewhere() {
  InRuntimeScope in_runtime;  // no signal takes our P while we hold the lock
  RtLock lock(sched.lock);
  int n = 0;
  for (P* p = sched.pidle; p != nullptr; p = p->link) n++;
  EXPECT_EQ(n, sched.npidle.load());
  for (const P* p : Allp()) {
    if (p->status.load() == PStatus::kRunning) n++;
  }
  return n;
}

TEST(BlockingCall, Sys5_Mn2_ThePsAreAllThereAfterwards) {
  test::Watchdog dog("a P was lost");
  WaitGroup wg;
  for (int i = 0; i < 50; i++) {
    wg.Go([] {
      for (int k = 0; k < 20; k++) BlockingCall([] { ::usleep(50); });
    });
  }
  wg.Wait();
  int n;
  while ((n = PsThatAreSomewhere()) < GOMAXPROCS()) Gosched();
  EXPECT_EQ(n, GOMAXPROCS());
}

// More goroutines come back than there are Ps: they join the global queue.
int ComeBackWhileAllPsAreBusy() {
  Pipe pipe;
  std::atomic<int> inside{0};
  std::atomic<int> back{0};
  const int kCalls = 4 * GOMAXPROCS();
  WaitGroup wg;
  for (int i = 0; i < kCalls; i++) {
    wg.Go([&] {
      BlockingCall([&] {
        inside.fetch_add(1);
        pipe.Read();
      });
      back.fetch_add(1);
    });
  }
  while (inside.load() != kCalls) Gosched();
  // Every P is held by somebody who does not yield while they come back.
  std::atomic<bool> release{false};
  std::atomic<int> holding{0};
  for (int i = 1; i < GOMAXPROCS(); i++) {
    wg.Go([&] {
      holding.fetch_add(1);
      while (!release.load()) {
      }
    });
  }
  while (holding.load() != GOMAXPROCS() - 1) Gosched();
  for (int i = 0; i < kCalls; i++) pipe.Write('b');
  while (sched.runqsize.load() != kCalls) {
  }
  const bool all_queued = back.load() == 0;
  release.store(true);
  wg.Wait();
  return all_queued && back.load() == kCalls ? 0 : 1;
}

// Without preemption, which would give them the busy Ps.
MN_PROGRAM(ComesBackWhileAllPsAreBusy) { return ComeBackWhileAllPsAreBusy(); }

// As many Ps as this test has.
test::ProcessOptions SamePs() {
  return {.env = {{"GOMAXPROCS", std::to_string(GOMAXPROCS())}}};
}

TEST(BlockingCall, Sys4_WithoutAFreePTheyQueue) {
  test::ProcessOptions options = SamePs();
  options.env.push_back({"GODEBUG", "asyncpreemptoff=1"});
  EXPECT_TRUE(Exited(RunProgram("ComesBackWhileAllPsAreBusy", options), 0));
}

MN_PROGRAM(OnlyABlockingCall) {
  BlockingCall([] { ::usleep(100'000); });
  return 3;
}

TEST(BlockingCall, Dlk1_IsNoDeadlockWhileACallBlocks) {
  EXPECT_TRUE(Exited(RunProgram("OnlyABlockingCall", SamePs()), 3));
}

MN_PROGRAM(MainWaitsForABlockingCall) {
  Chan<int> ch(0);
  Go([ch]() mutable {
    BlockingCall([] { ::usleep(100'000); });
    ch.Send(4);
  });
  return ch.Recv();
}

TEST(BlockingCall, Dlk1_IsNoDeadlockWhileMainWaitsForACall) {
  EXPECT_TRUE(Exited(RunProgram("MainWaitsForABlockingCall", SamePs()), 4));
}

MN_PROGRAM(DeadlockAfterABlockingCall) {
  BlockingCall([] { ::usleep(1000); });
  Chan<int>().Recv();
  return 0;
}

TEST(BlockingCall, Dlk1_IsADeadlockOnceTheCallIsOver) {
  EXPECT_TRUE(Died(RunProgram("DeadlockAfterABlockingCall", SamePs()),
                   "fatal error: all goroutines are asleep - deadlock!"));
}

MN_BARE_PROGRAM(BlocksOutside) {
  BlockingCall([] {});
  return 0;
}

TEST(BlockingCall, OutsideAGoroutineSaysSo) {
  EXPECT_TRUE(Died(RunProgram("BlocksOutside"),
                   "runtime: mn::BlockingCall was called outside a goroutine"));
}

MN_PROGRAM(CallsTheRuntimeInside) {
  Chan<int> ch(1);
  BlockingCall([&] { ch.Send(1); });
  return 0;
}

TEST(BlockingCall, TheRuntimeCalledInsideSaysSo) {
  EXPECT_TRUE(Died(
      RunProgram("CallsTheRuntimeInside", SamePs()),
      "runtime: Chan::Send was called inside mn::Syscall, mn::BlockingCall"));
}

MN_PROGRAM(BlocksInside) {
  BlockingCall([] { BlockingCall([] {}); });
  return 0;
}

TEST(BlockingCall, OneInsideAnotherSaysSo) {
  EXPECT_TRUE(Died(RunProgram("BlocksInside", SamePs()),
                   "runtime: mn::BlockingCall was called inside mn::Syscall, "
                   "mn::BlockingCall"));
}

// ---- Syscall: the P stays unless the call lasts

TEST(Syscall, ReturnsWhatFReturns) {
  EXPECT_EQ(Syscall([] { return 42; }), 42);
  EXPECT_EQ(*Syscall([] { return std::make_unique<int>(3); }), 3);
  int x = 0;
  int& r = Syscall([&]() -> int& { return x; });
  EXPECT_EQ(&r, &x);
  bool ran = false;
  Syscall([&] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(Syscall, AnExceptionPassesThroughWithThePBack) {
  std::string what;
  try {
    Syscall([] { throw std::runtime_error("from inside"); });
  } catch (const std::runtime_error& e) {
    what = e.what();
  }
  EXPECT_EQ(what, "from inside");
  Chan<int> ch(0);
  Go([ch]() mutable { ch.Send(1); });
  EXPECT_EQ(ch.Recv(), 1);
}

TEST(Syscall, AnExceptionPassesThroughAfterThePWasTaken) {
  Pipe pipe;
  Go([&] { pipe.Write('e'); });
  char thrown = 0;
  try {
    Syscall([&] { throw pipe.Read(); });
  } catch (char c) {
    thrown = c;
  }
  EXPECT_EQ(thrown, 'e');
  Gosched();
}

TEST(Syscall, FindsItselfInSyscallStateInside) {
  G* gp = getg();
  EXPECT_EQ(Syscall([gp] { return gp->status.load(); }), GStatus::kSyscall);
  EXPECT_EQ(gp->status.load(), GStatus::kRunning);
}

TEST(Syscall, ErrnoCanBeReadInside) {
  EXPECT_EQ(Syscall([] { return ::close(-1) == 0 ? 0 : errno; }), EBADF);
}

// At one P: only sysmon can give it to the writer.
TEST(Syscall, Sys1_OthersRunWhileAReadBlocks) {
  Pipe pipe;
  Go([&] { pipe.Write('y'); });
  EXPECT_EQ(Syscall([&] { return pipe.Read(); }), 'y');
}

TEST(Syscall, Sys1_SleepersWakeWhileAReadBlocks) {
  Pipe pipe;
  Go([&] {
    Sleep(std::chrono::milliseconds(2));
    pipe.Write('z');
  });
  EXPECT_EQ(Syscall([&] { return pipe.Read(); }), 'z');
}

// The writer becomes runnable while every P is in a system call already.
TEST(Syscall, Sys1_AGoroutineThatComesBackGoesOnWhileAllPsAreInCalls) {
  test::Watchdog dog("all Ps in system calls");
  Pipe first, all;
  const int n = GOMAXPROCS();
  WaitGroup wg;
  wg.Go([&] {
    BlockingCall([&] { first.Read(); });
    for (int i = 0; i < n; i++) all.Write('a');
  });
  std::atomic<int> inside{0};
  for (int i = 0; i < n; i++) {
    wg.Go([&] {
      Syscall([&] {
        if (inside.fetch_add(1) + 1 == n) first.Write('f');
        EXPECT_EQ(all.Read(), 'a');
      });
    });
  }
  wg.Wait();
}

TEST(Syscall, Sys1_ManyAtOnceEachOnItsOwnThread) {
  constexpr int kCalls = 100;
  test::Watchdog dog("100 system calls");
  Pipe pipe;
  std::atomic<int> inside{0}, read{0};
  WaitGroup wg;
  for (int i = 0; i < kCalls; i++) {
    wg.Go([&] {
      Syscall([&] {
        inside.fetch_add(1);
        if (pipe.Read() == 'a') read.fetch_add(1);
      });
    });
  }
  while (inside.load() != kCalls) Gosched();
  for (int i = 0; i < kCalls; i++) pipe.Write('a');
  wg.Wait();
  EXPECT_EQ(read.load(), kCalls);
}

// A call may be cut in two by the kernel and lose its P: nearly all keep it.
TEST(Syscall, Sys3_AShortCallKeepsItsP) {
  constexpr int kCalls = 10'000;
  int kept = 0;
  for (int i = 0; i < kCalls; i++) {
    const P* before = getm()->p;
    Syscall([] { ::getppid(); });
    if (getm()->p == before) kept++;
  }
  EXPECT_GE(kept, kCalls * 9 / 10);
}

// Somebody else holds sched.lock all the while. A call that the kernel cuts in
// two may lose its P and need the lock: then the holder gives up, and we try
// again.
bool CallsReturnWhileTheLockIsHeld(int calls) {
  std::atomic<bool> held{false};
  std::atomic<bool> done{false};
  std::atomic<bool> gave_up{false};
  std::thread holder([&] {
    RtLock lock(sched.lock);
    held = true;
    for (int i = 0; i < 200 && !done; i++) ::usleep(1000);
    if (!done) gave_up = true;
  });
  while (!held) {
  }
  for (int i = 0; i < calls; i++) Syscall([] { ::getppid(); });
  done = true;
  holder.join();
  return !gave_up;
}

TEST(Syscall, Sys3_AShortCallTakesNoLock) {
  int tries = 1;
  while (!CallsReturnWhileTheLockIsHeld(100) && tries < 20) tries++;
  EXPECT_LT(tries, 20);
}

MN_PROGRAM(MillionShortCalls) {
  // The threads that are there for other reasons: one more than Ps, and one for
  // a P that sysmon takes.
  WaitGroup wg;
  std::atomic<int> inside{0};
  Pipe pipe;
  const int n = GOMAXPROCS() + 1;
  for (int i = 0; i < n; i++) {
    wg.Go([&] {
      BlockingCall([&] {
        inside.fetch_add(1);
        pipe.Read();
      });
    });
  }
  while (inside.load() != n) Gosched();
  for (int i = 0; i < n; i++) pipe.Write('x');
  wg.Wait();
  const int before = NumThreads();
  for (int i = 0; i < 1'000'000 / test::kSlowdown; i++) {
    Syscall([] { ::getppid(); });
  }
  const int after = NumThreads();
  if (after != before) fprintf(stderr, "%d, then %d\n", before, after);
  return after == before ? 0 : 1;
}

// Nor does one end for having been idle long.
TEST(Syscall, Sys3_AMillionShortCallsMakeNoThread) {
  test::ProcessOptions options = SamePs();
  options.env.emplace_back("GODEBUG", "idlethreadms=3600000");
  EXPECT_TRUE(Exited(RunProgram("MillionShortCalls", options), 0));
}

// The most threads while `n` calls block at once. `call` is Syscall or
// BlockingCall.
template <class Call>
int PeakOfAStorm(int n, Call call) {
  Pipe pipe;
  std::atomic<int> inside{0};
  WaitGroup wg;
  for (int i = 0; i < n; i++) {
    wg.Go([&] {
      call([&] {
        inside.fetch_add(1);
        pipe.Read();
      });
    });
  }
  while (inside.load() != n) Gosched();
  const int peak = NumThreads();
  for (int i = 0; i < n; i++) pipe.Write('s');
  wg.Wait();
  return peak;
}

template <class Call>
int TwoStorms(Call call) {
  const int before = NumThreads();
  const int first = PeakOfAStorm(100, call);
  const int second = PeakOfAStorm(100, call);
  fprintf(stderr, "threads: %d, %d, %d\n", before, first, second);
  // Those that block, one for each P, and a few on their way. Not first + 5: at
  // one look each of 8 Ps has a thread, at the other only main's.
  const int ps = GOMAXPROCS();
  return before < 50 && first >= 100 && second <= 100 + ps + 5 ? 0 : 1;
}

MN_PROGRAM(TwoStormsOfSyscalls) {
  return TwoStorms([](auto f) { Syscall(f); });
}
MN_PROGRAM(TwoStormsOfBlockingCalls) {
  return TwoStorms([](auto f) { BlockingCall(f); });
}

TEST(Syscall, Thr2_ThreadsOfAStormAreUsedAgain) {
  EXPECT_TRUE(Exited(RunProgram("TwoStormsOfSyscalls", SamePs()), 0));
}

TEST(BlockingCall, Thr2_ThreadsOfAStormAreUsedAgain) {
  EXPECT_TRUE(Exited(RunProgram("TwoStormsOfBlockingCalls", SamePs()), 0));
}

// ---- SYS-8: what is expected of the next call from the same place

// One P, and only calls and sysmon move it.
test::ProcessOptions OnePWithoutPreemption() {
  return {.env = {{"GOMAXPROCS", "1"}, {"GODEBUG", "asyncpreemptoff=1"}}};
}

// What the call below blocks on; null: it is a short one. Volatile, so that no
// compiler makes a copy of the function, with a place of its own, for each.
Pipe* volatile blocks_on = nullptr;

// True: it handed its P off before it began.
[[gnu::noinline]] bool CallHandsItsPOff() {
  return Syscall([] {
    const bool gone = getm()->oldp == nullptr;
    if (Pipe* pipe = blocks_on) {
      pipe->Read();
      // How long the call lasts, not a wait for anybody: if the other goroutine
      // runs at once, a read alone may take less than a wake-up (5 us).
      ::usleep(100);
    }
    return gone;
  });
}

// Something to hand the P off for.
void QueueAGoroutine(std::function<void()> f) {
  // Nobody looks for work, then nobody can begin to: the P is ours.
  while (sched.nmspinning.load() != 0) {
  }
  Go(std::move(f));
}

// Blocks until another goroutine has run.
bool LongCallHandsItsPOff() {
  Pipe pipe;
  blocks_on = &pipe;
  QueueAGoroutine([&] { pipe.Write('w'); });
  const bool gone = CallHandsItsPOff();
  blocks_on = nullptr;
  return gone;
}

bool ShortCallHandsItsPOff() {
  QueueAGoroutine([] {});
  return CallHandsItsPOff();
}

MN_PROGRAM(CallsThatLast) {
  if (LongCallHandsItsPOff()) return 1;  // sysmon took it
  if (!LongCallHandsItsPOff()) return 2;
  if (!LongCallHandsItsPOff()) return 3;
  return 0;
}

TEST(Syscall, Sys8_ACallThatLastsAgainHandsItsPOffAtOnce) {
  EXPECT_TRUE(Exited(RunProgram("CallsThatLast", OnePWithoutPreemption()), 0));
}

MN_PROGRAM(NothingWaits) {
  LongCallHandsItsPOff();
  if (!LongCallHandsItsPOff()) return 1;
  while (WorkWaits(getm()->p)) Gosched();
  return CallHandsItsPOff() ? 2 : 0;
}

TEST(Syscall, Sys8_NothingThatWaitsIsNoReasonToHandThePOff) {
  EXPECT_TRUE(Exited(RunProgram("NothingWaits", OnePWithoutPreemption()), 0));
}

MN_PROGRAM(CallsFromElsewhere) {
  const void* slow;
  do {
    LongCallHandsItsPOff();
    slow = getg()->slowpc;
    QueueAGoroutine([] {});
    if (Syscall([] { return getm()->oldp == nullptr; })) return 1;
    // Unless the kernel held it up for so long that sysmon took the P.
  } while (getg()->slowpc != slow);
  return LongCallHandsItsPOff() ? 0 : 2;
}

TEST(Syscall, Sys8_ACallFromElsewhereIsNotExpectedToLast) {
  EXPECT_TRUE(
      Exited(RunProgram("CallsFromElsewhere", OnePWithoutPreemption()), 0));
}

MN_PROGRAM(ShortCallsAfterALongOne) {
  LongCallHandsItsPOff();
  // The kernel may hold up any of them, but not all.
  for (int i = 0; i < 1000; i++) {
    if (!ShortCallHandsItsPOff()) return 1;
    if (getg()->slowpc == nullptr) return 0;
  }
  return 2;
}

TEST(Syscall, Sys8_AShortCallEndsTheExpectation) {
  EXPECT_TRUE(Exited(
      RunProgram("ShortCallsAfterALongOne", OnePWithoutPreemption()), 0));
}

MN_PROGRAM(NewGoroutineAfterASlowOne) {
  const G* slow = nullptr;
  const G* next = nullptr;
  const void* expected = nullptr;
  WaitGroup wg;
  wg.Go([&] {
    LongCallHandsItsPOff();
    slow = getg();
    if (slow->slowpc == nullptr) abort();
  });
  wg.Wait();
  wg.Go([&] {
    next = getg();
    expected = next->slowpc;
  });
  wg.Wait();
  if (next != slow) return 1;
  return expected == nullptr ? 0 : 2;
}

TEST(Syscall, Sys8_ANewGoroutineIsNotExpectedToBeSlow) {
  EXPECT_TRUE(Exited(
      RunProgram("NewGoroutineAfterASlowOne", OnePWithoutPreemption()), 0));
}

TEST(Syscall, Sys5_Mn2_ThePsAreAllThereAfterwards) {
  test::Watchdog dog("a P was lost");
  WaitGroup wg;
  for (int i = 0; i < 50; i++) {
    wg.Go([] {
      for (int k = 0; k < 20; k++) Syscall([] { ::usleep(50); });
    });
  }
  wg.Wait();
  int n;
  while ((n = PsThatAreSomewhere()) < GOMAXPROCS()) Gosched();
  EXPECT_EQ(n, GOMAXPROCS());
}

MN_PROGRAM(OnlyASyscall) {
  Syscall([] { ::usleep(100'000); });
  return 3;
}

TEST(Syscall, Dlk11_IsNoDeadlockWhileACallBlocks) {
  EXPECT_TRUE(Exited(RunProgram("OnlyASyscall", SamePs()), 3));
}

MN_PROGRAM(MainWaitsForASyscall) {
  Chan<int> ch(0);
  Go([ch]() mutable {
    Syscall([] { ::usleep(100'000); });
    ch.Send(4);
  });
  return ch.Recv();
}

TEST(Syscall, Dlk11_IsNoDeadlockWhileMainWaitsForACall) {
  EXPECT_TRUE(Exited(RunProgram("MainWaitsForASyscall", SamePs()), 4));
}

MN_PROGRAM(DeadlockAfterASyscall) {
  Syscall([] { ::usleep(1000); });
  Chan<int>().Recv();
  return 0;
}

TEST(Syscall, Dlk1_IsADeadlockOnceTheCallIsOver) {
  EXPECT_TRUE(Died(RunProgram("DeadlockAfterASyscall", SamePs()),
                   "fatal error: all goroutines are asleep - deadlock!"));
}

MN_BARE_PROGRAM(SyscallOutside) {
  Syscall([] {});
  return 0;
}

TEST(Syscall, OutsideAGoroutineSaysSo) {
  EXPECT_TRUE(Died(RunProgram("SyscallOutside"),
                   "runtime: mn::Syscall was called outside a goroutine"));
}

MN_PROGRAM(CallsTheRuntimeInASyscall) {
  Chan<int> ch(1);
  Syscall([&] { ch.Send(1); });
  return 0;
}

TEST(Syscall, TheRuntimeCalledInsideSaysSo) {
  EXPECT_TRUE(Died(
      RunProgram("CallsTheRuntimeInASyscall", SamePs()),
      "runtime: Chan::Send was called inside mn::Syscall, mn::BlockingCall"));
}

MN_PROGRAM(SyscallInside) {
  Syscall([] { Syscall([] {}); });
  return 0;
}

TEST(Syscall, OneInsideAnotherSaysSo) {
  EXPECT_TRUE(Died(
      RunProgram("SyscallInside", SamePs()),
      "runtime: mn::Syscall was called inside mn::Syscall, mn::BlockingCall"));
}

}  // namespace
}  // namespace mn
