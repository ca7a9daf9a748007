// What a pinned goroutine has changed of its thread reaches no other goroutine
// (LOT-7), and no thread is made by such a thread (THR-3).
#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>

#include "runtime/mn.h"
#include "runtime/testing/kernel_threads.h"
#include "runtime/testing/pinned.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using test::Exited;
using test::kCooperative;
using test::OnProcs;
using test::ProcessOptions;
using test::ProcessResult;
using test::RunProgram;
using test::RunToItsEnd;
using test::SamePs;

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

}  // namespace
}  // namespace mn
