// Many goroutines on all primitives at once. The BUILD file runs this with
// GOMAXPROCS 1, 2 and 4; more Ps than CPUs means threads are preempted by the
// kernel in the middle of the protocols.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>

#include "runtime/base/sanitizer.h"
#include "runtime/mn.h"

namespace mn {
namespace {

// TSan keeps 8 MiB and more per goroutine's history; others are merely slower.
constexpr int kScale = MN_TSAN || MN_ASAN ? 1 : 4;
constexpr int kGoroutines = 100 * kScale;
constexpr int kRounds = 50 * kScale;

TEST(SyncStress, RunsOnTheNumberOfPsTheBuildFileAsksFor) {
  ASSERT_STREQ(std::getenv("GOMAXPROCS"), std::to_string(GOMAXPROCS()).c_str());
}

TEST(SyncStress, Mu1_Mu4_MutexExcludesAndLosesNoWakeup) {
  Mutex mu;
  std::int64_t counter = 0;
  int inside = 0;
  WaitGroup done;
  for (int g = 0; g < kGoroutines; g++) {
    done.Go([&, g] {
      for (int i = 0; i < kRounds; i++) {
        std::lock_guard lock(mu);
        ASSERT_EQ(++inside, 1);
        counter++;
        if ((i + g) % 5 == 0) Gosched();
        --inside;
      }
    });
  }
  done.Wait();
  EXPECT_EQ(counter, std::int64_t{kGoroutines} * kRounds);
}

// Holding the lock across a sleep makes waiters starve, so both modes and the
// ways between them are taken.
TEST(SyncStress, Mu5_MutexInStarvationMode) {
  Mutex mu;
  int counter = 0;
  WaitGroup done;
  for (int g = 0; g < 20; g++) {
    done.Go([&] {
      for (int i = 0; i < 20; i++) {
        {
          std::lock_guard lock(mu);
          counter++;
          if (i % 4 == 0) Sleep(std::chrono::microseconds(300));
        }
        if (i % 3 == 0) Gosched();
      }
    });
  }
  done.Wait();
  EXPECT_EQ(counter, 20 * 20);
}

TEST(SyncStress, RWMutexReadersSeeWholeWrites) {
  RWMutex mu;
  std::int64_t a = 0, b = 0;
  std::atomic<int> torn{0};
  WaitGroup done;
  for (int g = 0; g < kGoroutines; g++) {
    done.Go([&, g] {
      for (int i = 0; i < kRounds; i++) {
        if ((g + i) % 10 == 0) {
          std::lock_guard lock(mu);
          a++;
          if (i % 3 == 0) Gosched();
          b++;
        } else {
          mu.RLock();
          const std::int64_t seen = a;
          if (i % 7 == 0) Gosched();
          if (seen != b) torn++;
          mu.RUnlock();
        }
      }
    });
  }
  done.Wait();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(a, std::int64_t{kGoroutines} * kRounds / 10);
  EXPECT_EQ(a, b);
}

// A bounded queue with two conditions: a lost Signal is a deadlock, reported.
TEST(SyncStress, CondProducersAndConsumers) {
  constexpr std::size_t kCapacity = 4;
  constexpr int kPairs = 20;
  Mutex mu;
  Cond not_full(mu), not_empty(mu);
  std::deque<int> queue;
  std::int64_t sum = 0;
  WaitGroup done;
  for (int p = 0; p < kPairs; p++) {
    done.Go([&] {
      for (int i = 1; i <= kRounds; i++) {
        std::lock_guard lock(mu);
        not_full.Wait([&] { return queue.size() < kCapacity; });
        queue.push_back(i);
        not_empty.Signal();
      }
    });
    done.Go([&] {
      for (int i = 1; i <= kRounds; i++) {
        std::lock_guard lock(mu);
        not_empty.Wait([&] { return !queue.empty(); });
        sum += queue.front();
        queue.pop_front();
        not_full.Signal();
      }
    });
  }
  done.Wait();
  EXPECT_EQ(sum, std::int64_t{kPairs} * kRounds * (kRounds + 1) / 2);
}

TEST(SyncStress, WaitGroupTree) {
  struct Tree {
    static void Grow(int depth, std::atomic<int>& leaves) {
      if (depth == 0) {
        leaves++;
        return;
      }
      WaitGroup children;  // on this stack: gone when Wait returns
      for (int i = 0; i < 3; i++) {
        children.Go([depth, &leaves] { Grow(depth - 1, leaves); });
      }
      children.Wait();
    }
  };
  std::atomic<int> leaves{0};
  for (int i = 0; i < kScale; i++) Tree::Grow(5, leaves);
  EXPECT_EQ(leaves, kScale * 243);
}

TEST(SyncStress, OnceAmongMany) {
  for (int round = 0; round < kRounds; round++) {
    Once once;
    int runs = 0;
    WaitGroup done;
    for (int g = 0; g < 20; g++) {
      done.Go([&] {
        once.Do([&] { runs++; });
        ASSERT_EQ(runs, 1);
      });
    }
    done.Wait();
  }
}

}  // namespace
}  // namespace mn
