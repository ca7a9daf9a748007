// park and ready: what they promise, one goroutine at a time.
#include "runtime/sched/park.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>

#include "runtime/core/getg.h"
#include "runtime/mn.h"
#include "runtime/testing/park_calls.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using test::Died;
using test::RunProgram;

// A place where one goroutine waits for another, with park and ready alone.
struct Meeting {
  RtMutex mu{LockRank::kObject};
  G* waiter = nullptr;  // guarded by mu

  void Wait() {
    mu.Lock();
    waiter = getg();
    test::ParkUnlock(&mu, WaitReason::kSemacquire);
  }
  // Yields until somebody waits, then wakes it.
  void Wake() {
    G* gp = Waiter();
    waiter = nullptr;
    mu.Unlock();
    test::Ready(gp);
  }
  // As Wake, but leaves it waiting. Returns with mu held.
  G* Waiter() {
    for (;;) {
      mu.Lock();
      if (waiter != nullptr) return waiter;
      mu.Unlock();
      Gosched();
    }
  }
};

TEST(Park, ReturnsOnceReady) {
  Meeting meeting;
  int after = 0;
  Chan<int> done(0);
  Go([&, done]() mutable {
    meeting.Wait();
    after = 1;
    done.Send(0);
  });
  G* gp = meeting.Waiter();
  EXPECT_EQ(gp->status.load(), GStatus::kWaiting);
  EXPECT_EQ(after, 0);
  meeting.mu.Unlock();
  meeting.Wake();
  done.Recv();
  EXPECT_EQ(after, 1);
}

TEST(Park, NotesTheReasonThatItWasGiven) {
  Meeting meeting;
  Chan<int> done(0);
  Go([&, done]() mutable {
    meeting.Wait();
    done.Send(0);
  });
  G* gp = meeting.Waiter();
  EXPECT_EQ(gp->waitreason.load(), WaitReason::kSemacquire);
  meeting.mu.Unlock();
  meeting.Wake();
  done.Recv();
}

struct CommitSaw {
  GStatus status = GStatus::kIdle;
  bool own_stack = true;
  std::atomic<G*> parked{nullptr};
};

TEST(Park, Park5_Swt1_CommitRunsOnAnotherStackAfterTheStatusIsWaiting) {
  CommitSaw saw;
  Go([&saw] {
    G* gp;
    while ((gp = saw.parked.load(std::memory_order_acquire)) == nullptr) {
      Gosched();
    }
    test::Ready(gp);
  });
  test::Park(
      [](G* gp, void* arg) {
        auto* s = static_cast<CommitSaw*>(arg);
        s->status = gp->status.load();
        const auto here =
            reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
        s->own_stack = here >= gp->stack_lo && here < gp->stack_hi;
        s->parked.store(gp, std::memory_order_release);
        return true;
      },
      &saw, WaitReason::kSemacquire);
  EXPECT_EQ(saw.status, GStatus::kWaiting);
  EXPECT_FALSE(saw.own_stack);
}

TEST(Park, ACancelledParkRunsOn) {
  static int commits;
  commits = 0;
  for (int i = 0; i < 100; i++) {
    test::Park(
        [](G*, void*) {
          commits++;
          return false;
        },
        nullptr, WaitReason::kSemacquire);
    ASSERT_EQ(commits, i + 1);
  }
}

TEST(Park, CommitMayMakeItsOwnGoroutineReady) {
  // What a lock does whose holder lets go between the decision to wait and the
  // wait.
  for (int i = 0; i < 100; i++) {
    test::Park(
        [](G* gp, void*) {
          Goready(gp);
          return true;
        },
        nullptr, WaitReason::kSemacquire);
  }
}

MN_PROGRAM(ReadiesARunningGoroutine) {
  test::Ready(getg());
  return 0;
}

TEST(Park, Park2_ReadyOfARunningGoroutineIsFatal) {
  EXPECT_TRUE(
      Died(RunProgram("ReadiesARunningGoroutine"),
           "runtime: Goready of a goroutine that does not wait\nfatal error: "
           "PARK-2"));
}

MN_PROGRAM(ReadiesTwice) {
  G* gp = nullptr;
  Go([&] {
    gp = getg();
    test::Park(nullptr, nullptr, WaitReason::kSemacquire);
  });
  while (gp == nullptr || gp->status.load() != GStatus::kWaiting) Gosched();
  test::Ready(gp);
  test::Ready(gp);
  return 0;
}

TEST(Park, Park2_ASecondReadyIsFatal) {
  // One P: the woken goroutine cannot run in between.
  EXPECT_TRUE(
      Died(RunProgram("ReadiesTwice", {.env = {{"GOMAXPROCS", "1"}}}),
           "runtime: Goready of a goroutine that does not wait\nfatal error: "
           "PARK-2"));
}

MN_PROGRAM(WakesWhatWaitsForEver) {
  G* gp = nullptr;
  Go([&] {
    gp = getg();
    test::ParkForever(WaitReason::kSelectNoCases);
  });
  while (gp == nullptr || gp->status.load() != GStatus::kWaiting) Gosched();
  test::Ready(gp);
  Sleep(std::chrono::seconds(60));
  return 0;
}

TEST(Park, Park2_WakingWhatWaitsForEverIsFatal) {
  EXPECT_TRUE(
      Died(RunProgram("WakesWhatWaitsForEver", {.env = {{"GOMAXPROCS", "1"}}}),
           "runtime: a goroutine that waits for ever was made ready\n"
           "fatal error: PARK-2"));
}

MN_BARE_PROGRAM(YieldsOutside) {
  Gosched();
  return 0;
}

TEST(Park, GoschedOutsideAGoroutineSaysSo) {
  EXPECT_TRUE(
      Died(RunProgram("YieldsOutside"),
           "runtime: mn::Gosched was called outside a goroutine; call it from "
           "inside mn::Main or a function started with mn::Go, or through "
           "mn::Callback\n"
           "fatal error: not on a goroutine"));
}

MN_PROGRAM(YieldsOnAForeignThread) {
  pthread_t thread;
  pthread_create(
      &thread, nullptr,
      [](void*) -> void* {
        Gosched();
        return nullptr;
      },
      nullptr);
  pthread_join(thread, nullptr);
  return 0;
}

TEST(Park, GoschedOnAForeignThreadSaysSo) {
  EXPECT_TRUE(Died(RunProgram("YieldsOnAForeignThread"),
                   "runtime: mn::Gosched was called outside a goroutine"));
}

TEST(Gosched, LetsTheOthersOfThisPRunFirst) {
  // Whoever is stolen runs too, so this holds on any number of Ps.
  std::atomic<int> ran{0};
  constexpr int kOthers = 10;
  for (int i = 0; i < kOthers; i++) Go([&] { ran.fetch_add(1); });
  while (ran.load() != kOthers) Gosched();
}

}  // namespace
}  // namespace mn
