// RQ-4 under load: one owner and several thieves on plain threads; every
// goroutine is seen exactly once.
//
// The thieves are written here, from the contract in plug/run_queue.h, so that
// a mistake that the queue and sched/steal.cc share does not cancel out.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/plug/run_queue.h"
#include "runtime/testing/stress/stress.h"

namespace mn {

namespace {
std::mutex global_mu;
std::vector<G*>* global_queue = new std::vector<G*>;  // guarded by global_mu
}  // namespace

void GlobrunqPutBatch(G* const* batch, std::uint32_t n) {
  std::lock_guard<std::mutex> lock(global_mu);
  global_queue->insert(global_queue->end(), batch, batch + n);
}

namespace {

// Goroutine i is a pointer into this array; what it points to counts how often
// it was handed out.
struct Seen {
  explicit Seen(std::size_t n)
      : times(std::make_unique<std::atomic<std::uint8_t>[]>(n)), size(n) {}
  G* Make(std::size_t i) { return reinterpret_cast<G*>(&times[i]); }
  static void Count(G* gp) {
    reinterpret_cast<std::atomic<std::uint8_t>*>(gp)->fetch_add(
        1, std::memory_order_relaxed);
  }
  std::unique_ptr<std::atomic<std::uint8_t>[]> times;
  std::size_t size;
};

void StealSome(RunQueue& q, bool take_runnext) {
  G* copy[kRunqSize];
  std::uint32_t head = q.head.load(std::memory_order_acquire);
  const std::uint32_t tail = q.tail.load(std::memory_order_acquire);
  std::uint32_t n = tail - head;
  n -= n / 2;
  if (n > kRunqSize / 2) return;
  if (n == 0) {
    if (!take_runnext) return;
    G* next = q.runnext.load(std::memory_order_relaxed);
    if (next != nullptr && q.runnext.compare_exchange_strong(
                               next, nullptr, std::memory_order_acquire)) {
      Seen::Count(next);
    }
    return;
  }
  for (std::uint32_t i = 0; i < n; i++) {
    copy[i] = q.ring[(head + i) % kRunqSize].load(std::memory_order_relaxed);
  }
  if (!q.head.compare_exchange_strong(head, head + n,
                                      std::memory_order_release)) {
    return;
  }
  for (std::uint32_t i = 0; i < n; i++) Seen::Count(copy[i]);
}

class RunQueueStress : public ::testing::TestWithParam<int> {};

TEST_P(RunQueueStress, Rq4_EveryGoroutineIsSeenExactlyOnce) {
  const std::size_t kItems = 2'000'000 / test::kSlowdown;
  test::StressTime time;
  do {
    Seen seen(kItems);
    RunQueue q;
    // So that the counters wrap on the way.
    q.head.store(0xFFFFFFFF - static_cast<std::uint32_t>(kItems / 4));
    q.tail.store(q.head.load());
    std::atomic<bool> done{false};
    std::vector<std::thread> thieves;
    for (int t = 0; t < GetParam(); t++) {
      thieves.emplace_back([&, t] {
        for (unsigned i = 0; !done.load(std::memory_order_relaxed); i++) {
          StealSome(q, (i + static_cast<unsigned>(t)) % 4 == 0);
          // Long enough for the ring to fill and overflow now and then.
          if (i % 64 == 0) std::this_thread::yield();
        }
      });
    }
    test::Rng rng = test::MakeRng();
    for (std::size_t i = 0; i < kItems;) {
      const std::size_t burst = rng() % 300;
      for (std::size_t k = 0; k < burst && i < kItems; k++) {
        RunqPut(q, seen.Make(i++), rng() % 4 == 0);
      }
      for (std::size_t k = rng() % 300; k > 0; k--) {
        if (G* gp = RunqGet(q)) Seen::Count(gp);
      }
    }
    while (G* gp = RunqGet(q)) Seen::Count(gp);
    done.store(true);
    for (std::thread& t : thieves) t.join();
    // Nobody else touches the queue now.
    EXPECT_EQ(q.head.load(), q.tail.load());
    for (G* gp : *global_queue) Seen::Count(gp);
    global_queue->clear();
    for (std::size_t i = 0; i < kItems; i++) {
      ASSERT_EQ(seen.times[i].load(), 1) << "goroutine " << i;
    }
  } while (time.Left());
}

INSTANTIATE_TEST_SUITE_P(Thieves, RunQueueStress, ::testing::Values(0, 1, 2, 3),
                         ::testing::PrintToStringParamName());

// An owner that hands a goroutine to itself while a thief wants it: each of
// them is taken by exactly one of the two.
TEST(RunQueueStress, Rq4_RunnextIsTakenByOwnerOrThiefNeverBoth) {
  const std::size_t kItems = 1'000'000 / test::kSlowdown;
  Seen seen(kItems);
  RunQueue q;
  std::atomic<bool> done{false};
  std::thread thief([&] {
    while (!done.load(std::memory_order_relaxed)) StealSome(q, true);
  });
  for (std::size_t i = 0; i < kItems; i++) {
    RunqPut(q, seen.Make(i), true);
    if (G* gp = RunqGet(q)) Seen::Count(gp);
  }
  done.store(true);
  thief.join();
  for (std::size_t i = 0; i < kItems; i++) {
    ASSERT_EQ(seen.times[i].load(), 1) << "goroutine " << i;
  }
}

}  // namespace
}  // namespace mn
