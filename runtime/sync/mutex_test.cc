#include "runtime/sync/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/mn.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using namespace std::chrono_literals;

TEST(Mutex, Mu1_TryLockSucceedsOnlyWhenFree) {
  Mutex mu;
  ASSERT_TRUE(mu.TryLock());
  EXPECT_FALSE(mu.TryLock());
  mu.Unlock();
  EXPECT_TRUE(mu.TryLock());
  mu.Unlock();
}

TEST(Mutex, WorksWithTheStandardsGuards) {
  Mutex mu;
  {
    std::lock_guard guard(mu);
    EXPECT_FALSE(mu.TryLock());
  }
  std::unique_lock lock(mu, std::try_to_lock);
  EXPECT_TRUE(lock.owns_lock());
}

TEST(Mutex, Mu2_Mu4_LockParksUntilUnlock) {
  Mutex mu;
  bool got_it = false;
  WaitGroup done;
  mu.Lock();
  done.Go([&] {
    mu.Lock();
    got_it = true;
    mu.Unlock();
  });
  for (int i = 0; i < 100; i++) Gosched();
  EXPECT_FALSE(got_it);
  mu.Unlock();
  done.Wait();
  EXPECT_TRUE(got_it);
}

TEST(Mutex, AnotherGoroutineMayUnlock) {
  Mutex mu;
  mu.Lock();
  Go([&] { mu.Unlock(); });
  mu.Lock();  // returns only because the other one unlocked
  mu.Unlock();
}

// As Go's HammerMutex: every third operation is a TryLock.
TEST(Mutex, Mu1_CountsExactlyUnderContention) {
  constexpr int kGoroutines = 10;
  constexpr int kRounds = 1000;
  Mutex mu;
  int counter = 0;
  int expected = 0;
  WaitGroup done;
  for (int g = 0; g < kGoroutines; g++) {
    done.Go([&] {
      int mine = 0;
      for (int i = 0; i < kRounds; i++) {
        if (i % 3 == 0) {
          if (!mu.TryLock()) continue;
        } else {
          mu.Lock();
        }
        counter++;
        mine++;
        if (i % 7 == 0) Gosched();  // others meet a held lock
        mu.Unlock();
      }
      mu.Lock();
      expected += mine;
      mu.Unlock();
    });
  }
  done.Wait();
  EXPECT_EQ(counter, expected);
  EXPECT_GE(counter, kGoroutines * (kRounds * 2 / 3 - 1));
}

// The waiter has waited for longer than 1 ms when it loses, so the next Unlock
// grants it: without starvation mode the hog, which never leaves the lock free
// across a scheduling point, would keep it until it gives up.
TEST(Mutex, Mu5_AStarvingWaiterIsGrantedTheLock) {
  constexpr int kGiveUp = 10'000;
  Mutex mu;
  bool waiter_had_it = false;
  int rounds = 0;
  WaitGroup done;
  mu.Lock();
  done.Go([&] {
    mu.Lock();
    waiter_had_it = true;
    mu.Unlock();
  });
  Sleep(5ms);  // the waiter is parked and starving
  while (!waiter_had_it && rounds < kGiveUp) {
    mu.Unlock();
    mu.Lock();
    Sleep(100us);  // while held: the woken waiter runs, loses, queues again
    rounds++;
  }
  const bool granted = waiter_had_it;
  mu.Unlock();
  done.Wait();
  EXPECT_TRUE(granted) << "after " << rounds << " rounds";
}

// A starving waiter that gets the lock runs before the one that released it
// goes on (Go: handoff of semrelease).
TEST(Mutex, TheReleaserYieldsToTheWaiterItGrantsTheLockTo) {
  const int before = GOMAXPROCS(1);
  constexpr int kTries = 30;
  int waiter_first = 0;
  for (int i = 0; i < kTries; i++) {
    Mutex mu;
    bool waiter_ran = false;
    WaitGroup done;
    mu.Lock();
    done.Go([&] {
      mu.Lock();
      waiter_ran = true;
      mu.Unlock();
    });
    Sleep(2ms);  // the waiter is parked, for longer than starving takes
    mu.Unlock();
    mu.Lock();  // woken, it finds the lock taken and starves
    Gosched();
    mu.Unlock();
    if (waiter_ran) waiter_first++;
    done.Wait();
  }
  EXPECT_GE(waiter_first, kTries * 2 / 3);
  GOMAXPROCS(before);
}

// The last one out destroys the mutex it holds a lock on, as a reference count
// guarded by a mutex does, while another's Unlock may not have returned (WL-1).
// A sanitizer build sees the access if it happens.
TEST(Mutex, Wl1_MayBeDestroyedAsSoonAsUnlocked) {
  struct Shared {
    Mutex mu;
    int refs = 0;
  };
  auto release = [](Shared* s) {
    s->mu.Lock();
    const bool last = --s->refs == 0;
    Gosched();
    s->mu.Unlock();
    if (last) delete s;
    return last;
  };
  constexpr int kHolders = 4;
  for (int round = 0; round < 500; round++) {
    auto* s = new Shared;
    s->refs = kHolders;
    WaitGroup done;
    for (int i = 0; i < kHolders; i++) done.Go([&] { release(s); });
    done.Wait();
  }
}

MN_PROGRAM(UnlockOfUnlocked) {
  Mutex mu;
  mu.Lock();
  mu.Unlock();
  try {
    mu.Unlock();
  } catch (...) {
    return 0;  // it must not be possible to catch it
  }
  return 0;
}

TEST(Mutex, UnlockOfUnlockedIsFatal) {
  EXPECT_TRUE(test::Died(test::RunProgram("UnlockOfUnlocked"),
                         "fatal error: sync: unlock of unlocked mutex\n"));
}

}  // namespace
}  // namespace mn
