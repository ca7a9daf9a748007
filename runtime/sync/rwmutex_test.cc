#include "runtime/sync/rwmutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "runtime/mn.h"
#include "runtime/testing/park_calls.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using test::AwaitParked;

void LetOthersRun() {
  for (int i = 0; i < 100; i++) Gosched();
}

TEST(RWMutex, Rw1_TryLocksSeeWhoIsInside) {
  RWMutex mu;
  ASSERT_TRUE(mu.TryRLock());
  EXPECT_TRUE(mu.TryRLock());  // readers share
  EXPECT_FALSE(mu.TryLock());
  mu.RUnlock();
  EXPECT_FALSE(mu.TryLock());
  mu.RUnlock();
  ASSERT_TRUE(mu.TryLock());
  EXPECT_FALSE(mu.TryLock());
  EXPECT_FALSE(mu.TryRLock());
  mu.Unlock();
  EXPECT_TRUE(mu.TryRLock());
  mu.RUnlock();
}

TEST(RWMutex, WorksWithTheStandardsGuards) {
  RWMutex mu;
  {
    std::shared_lock a(mu);
    std::shared_lock b(mu);
    EXPECT_FALSE(mu.TryLock());
  }
  std::unique_lock w(mu);
  EXPECT_FALSE(mu.TryRLock());
}

// Go's TestParallelReaders: all are inside before any leaves.
TEST(RWMutex, Rw4_ReadersAreInsideTogether) {
  constexpr int kReaders = 4;
  RWMutex mu;
  mu.Lock();
  WaitGroup inside, leave, done;
  inside.Add(kReaders);
  leave.Add(1);
  for (int i = 0; i < kReaders; i++) {
    done.Go([&] {
      mu.RLock();
      inside.Done();
      leave.Wait();
      mu.RUnlock();
    });
  }
  AwaitParked(kReaders, WaitReason::kRWMutexRLock);
  mu.Unlock();    // admits them ...
  inside.Wait();  // ... all of them
  leave.Done();
  done.Wait();
}

TEST(RWMutex, Rw3_AWriterWaitsForTheReadersInside) {
  RWMutex mu;
  bool wrote = false;
  WaitGroup done;
  mu.RLock();
  mu.RLock();
  done.Go([&] {
    mu.Lock();
    wrote = true;
    mu.Unlock();
  });
  AwaitParked(1, WaitReason::kRWMutexLock);
  EXPECT_FALSE(wrote);
  mu.RUnlock();
  LetOthersRun();
  EXPECT_FALSE(wrote);
  mu.RUnlock();
  done.Wait();
  EXPECT_TRUE(wrote);
}

TEST(RWMutex, Rw2_APendingWriterKeepsNewReadersOut) {
  RWMutex mu;
  WaitGroup done;
  mu.RLock();
  bool wrote = false;
  bool read_after_write = false;
  done.Go([&] {
    mu.Lock();
    wrote = true;
    mu.Unlock();
  });
  AwaitParked(1, WaitReason::kRWMutexLock);
  ASSERT_FALSE(mu.TryRLock());  // the writer is pending
  done.Go([&] {
    mu.RLock();
    read_after_write = wrote;
    mu.RUnlock();
  });
  AwaitParked(1, WaitReason::kRWMutexRLock);
  mu.RUnlock();
  done.Wait();
  EXPECT_TRUE(read_after_write);
}

// The other half of fairness: two writers cannot pass the lock between them
// past a reader that waits.
TEST(RWMutex, Rw4_UnlockAdmitsTheWaitingReadersBeforeTheNextWriter) {
  RWMutex mu;
  WaitGroup done;
  bool second_writer_wrote = false;
  bool reader_came_first = false;
  mu.Lock();
  done.Go([&] {
    mu.Lock();
    second_writer_wrote = true;
    mu.Unlock();
  });
  AwaitParked(1, WaitReason::kRWMutexLock);
  done.Go([&] {
    mu.RLock();
    reader_came_first = !second_writer_wrote;
    mu.RUnlock();
  });
  AwaitParked(1, WaitReason::kRWMutexRLock);
  mu.Unlock();
  done.Wait();
  EXPECT_TRUE(second_writer_wrote);
  EXPECT_TRUE(reader_came_first);
}

// Go's HammerRWMutex: a writer adds 10000, a reader 1; who finds anything else
// inside is not alone where it should be.
void Hammer(int readers, int rounds) {
  RWMutex mu;
  std::atomic<int> activity{0};
  std::atomic<int> violations{0};
  WaitGroup done;
  auto reader = [&] {
    for (int i = 0; i < rounds; i++) {
      mu.RLock();
      const int n = ++activity;
      if (n < 1 || n >= 10000) violations++;
      if (i % 8 == 0) Gosched();
      --activity;
      mu.RUnlock();
    }
  };
  auto writer = [&] {
    for (int i = 0; i < rounds; i++) {
      mu.Lock();
      if ((activity += 10000) != 10000) violations++;
      if (i % 8 == 0) Gosched();
      activity -= 10000;
      mu.Unlock();
    }
  };
  done.Go(writer);
  for (int i = 0; i < readers / 2; i++) done.Go(reader);
  done.Go(writer);
  for (int i = readers / 2; i < readers; i++) done.Go(reader);
  done.Wait();
  EXPECT_EQ(violations, 0) << readers << " readers";
  EXPECT_EQ(activity, 0);
  EXPECT_TRUE(mu.TryLock());
  mu.Unlock();
}

TEST(RWMutex, Rw2_NeverAWriterAndAnybodyElse) {
  for (int readers : {1, 3, 5, 10}) Hammer(readers, 1000);
}

// As Mutex.Wl1_MayBeDestroyedAsSoonAsUnlocked: holders that read or write. A
// reader that is the last one to come may not be the last one inside: it
// excludes the others before it deletes.
TEST(RWMutex, Wl1_MayBeDestroyedAsSoonAsUnlocked) {
  struct Shared {
    RWMutex mu;
    std::atomic<int> refs{0};
  };
  constexpr int kHolders = 5;
  for (int round = 0; round < 500; round++) {
    auto* s = new Shared;
    s->refs = kHolders;
    WaitGroup done;
    for (int i = 0; i < kHolders; i++) {
      done.Go([s, reader = i % 2 == 0] {
        reader ? s->mu.RLock() : s->mu.Lock();
        const bool last = --s->refs == 0;
        Gosched();
        reader ? s->mu.RUnlock() : s->mu.Unlock();
        if (!last) return;
        s->mu.Lock();
        s->mu.Unlock();
        delete s;
      });
    }
    done.Wait();
  }
}

MN_PROGRAM(UnlockOfUnlockedRW) {
  RWMutex mu;
  mu.Unlock();
  return 0;
}
MN_PROGRAM(UnlockOfReadLockedRW) {
  RWMutex mu;
  mu.RLock();
  mu.Unlock();
  return 0;
}
MN_PROGRAM(RUnlockOfUnlockedRW) {
  RWMutex mu;
  mu.RUnlock();
  return 0;
}
MN_PROGRAM(RUnlockOfWriteLockedRW) {
  RWMutex mu;
  mu.Lock();
  mu.RUnlock();
  return 0;
}

TEST(RWMutex, UnlockWithoutLockIsFatal) {
  for (const char* program : {"UnlockOfUnlockedRW", "UnlockOfReadLockedRW"}) {
    EXPECT_TRUE(test::Died(test::RunProgram(program),
                           "fatal error: sync: Unlock of unlocked RWMutex\n"));
  }
}

TEST(RWMutex, RUnlockWithoutRLockIsFatal) {
  for (const char* program :
       {"RUnlockOfUnlockedRW", "RUnlockOfWriteLockedRW"}) {
    EXPECT_TRUE(test::Died(test::RunProgram(program),
                           "fatal error: sync: RUnlock of unlocked RWMutex\n"));
  }
}

}  // namespace
}  // namespace mn
