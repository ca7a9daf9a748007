// WS-2 under load: owners that put and get while thieves with a P of their own
// take halves with RunqSteal; every goroutine is seen exactly once.
//
// The real global queue takes what overflows; it is drained at the end.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/sched/globrunq.h"
#include "runtime/sched/steal.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

// Counts in the G itself how often it was handed out. Relaxed is enough: the
// threads are joined before it is read; the queue must order the rest.
void Count(G* gp) {
  gp->goid++;  // TSan: a double run, or one without order between, is a race
}

class StealStress : public ::testing::TestWithParam<int> {};

TEST_P(StealStress, Ws2_NothingIsLostOrRunTwice) {
  const std::size_t kItems = 300'000 / test::kSlowdown;
  test::StressTime time;
  do {
    auto gs = std::make_unique<G[]>(kItems);
    P owner;
    std::atomic<bool> done{false};
    std::vector<std::thread> threads;
    for (int t = 0; t < GetParam(); t++) {
      threads.emplace_back([&] {
        auto mine = std::make_unique<P>();
        for (unsigned i = 0; !done.load(std::memory_order_relaxed); i++) {
          if (G* gp = RunqSteal(mine.get(), &owner, i % 4 == 3)) {
            Count(gp);
            while (G* more = RunqGet(mine->runq)) Count(more);
          } else {
            std::this_thread::yield();
          }
        }
      });
    }
    test::Rng rng = test::MakeRng();
    for (std::size_t i = 0; i < kItems;) {
      for (std::size_t k = rng() % 200; k > 0 && i < kItems; k--) {
        RunqPut(owner.runq, &gs[i++], rng() % 4 == 0);
      }
      for (std::size_t k = rng() % 150; k > 0; k--) {
        if (G* gp = RunqGet(owner.runq)) Count(gp);
      }
    }
    while (G* gp = RunqGet(owner.runq)) Count(gp);
    done.store(true);
    for (std::thread& t : threads) t.join();
    {
      RtLock lock(sched.lock);
      while (G* gp = GlobrunqGet()) Count(gp);
    }
    for (std::size_t i = 0; i < kItems; i++) {
      ASSERT_EQ(gs[i].goid, 1u) << "goroutine " << i;
    }
  } while (time.Left());
}

INSTANTIATE_TEST_SUITE_P(Thieves, StealStress, ::testing::Values(1, 2, 3),
                         ::testing::PrintToStringParamName());

// Everybody is owner and thief at once, as Ps are.
TEST(StealStress, Ws2_ThievesThatAreRobbedThemselves) {
  constexpr int kThreads = 3;
  const std::size_t kItems = 100'000 / test::kSlowdown;
  test::StressTime time;
  test::Watchdog dog("three Ps rob each other: a goroutine was lost");
  do {
    auto gs = std::make_unique<G[]>(kThreads * kItems);
    auto ps = std::make_unique<P[]>(kThreads);
    std::atomic<std::size_t> counted{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; t++) {
      threads.emplace_back([&, t, seed = test::NextSeed()] {
        test::Rng rng(static_cast<test::Rng::result_type>(seed | 1));
        P& mine = ps[t];
        std::size_t put = 0;
        std::size_t n = 0;
        // Until everything has been seen, whoever took it.
        for (;;) {
          for (std::size_t k = rng() % 64; k > 0 && put < kItems; k--) {
            RunqPut(mine.runq, &gs[t * kItems + put++], rng() % 4 == 0);
          }
          for (std::size_t k = rng() % 32; k > 0; k--) {
            if (G* gp = RunqGet(mine.runq)) Count(gp), n++;
          }
          if (rng() % 4 == 0) {
            while (G* gp = RunqGet(mine.runq)) Count(gp), n++;
            if (G* gp = RunqSteal(&mine, &ps[rng() % kThreads], rng() % 2)) {
              Count(gp), n++;
            }
            RtLock lock(sched.lock);
            if (G* gp = GlobrunqGet()) Count(gp), n++;
          }
          if (n != 0) {
            counted.fetch_add(n, std::memory_order_relaxed);
            dog.Progress();
          }
          n = 0;
          if (counted.load(std::memory_order_relaxed) == kThreads * kItems) {
            return;
          }
        }
      });
    }
    for (std::thread& t : threads) t.join();
    for (std::size_t i = 0; i < kThreads * kItems; i++) {
      ASSERT_EQ(gs[i].goid, 1u) << "goroutine " << i;
    }
  } while (time.Left());
}

}  // namespace
}  // namespace mn
