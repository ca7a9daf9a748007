#include "runtime/sync/cond.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "runtime/mn.h"

namespace mn {
namespace {

void LetOthersRun() {
  for (int i = 0; i < 100; i++) Gosched();
}

TEST(Cond, Cv2_EachSignalWakesExactlyOne) {
  constexpr int kWaiters = 2;
  Mutex mu;
  Cond cond(mu);
  int waiting = 0;
  int awake = 0;
  WaitGroup done;
  for (int i = 0; i < kWaiters; i++) {
    done.Go([&] {
      std::lock_guard lock(mu);
      waiting++;
      cond.Wait();
      awake++;
    });
  }
  auto count = [&](int& n) {
    std::lock_guard lock(mu);
    return n;
  };
  while (count(waiting) != kWaiters) Gosched();
  for (int woken = 0; woken < kWaiters; woken++) {
    LetOthersRun();
    ASSERT_EQ(count(awake), woken) << "somebody woke without a Signal";
    cond.Signal();
    while (count(awake) == woken) Gosched();
  }
  done.Wait();
  cond.Signal();  // nobody waits: harmless
}

TEST(Cond, Cv1_WakesInTheOrderOfWaiting) {
  constexpr int kWaiters = 20;
  Mutex mu;
  Cond cond(mu);
  std::vector<int> order;
  WaitGroup done;
  for (int i = 0; i < kWaiters; i++) {
    WaitGroup waits;
    waits.Add(1);
    done.Go([&, i] {
      std::lock_guard lock(mu);
      waits.Done();  // whoever gets the lock next knows that we wait
      cond.Wait();
      order.push_back(i);
    });
    waits.Wait();
    mu.Lock();
    mu.Unlock();
  }
  for (int i = 0; i < kWaiters; i++) {
    cond.Signal();
    for (;;) {
      Gosched();
      std::lock_guard lock(mu);
      if (order.size() == static_cast<std::size_t>(i + 1)) break;
    }
  }
  done.Wait();
  for (int i = 0; i < kWaiters; i++) EXPECT_EQ(order[i], i);
}

TEST(Cond, Cv2_BroadcastWakesAllOnce) {
  constexpr int kWaiters = 200;
  Mutex mu;
  Cond cond(mu);
  int waiting = 0;
  int awake = 0;
  int generation = 0;
  WaitGroup done;
  for (int i = 0; i < kWaiters; i++) {
    done.Go([&] {
      std::lock_guard lock(mu);
      waiting++;
      cond.Wait([&] { return generation == 1; });
      awake++;
    });
  }
  for (;;) {
    Gosched();
    std::lock_guard lock(mu);
    if (waiting == kWaiters) {
      EXPECT_EQ(awake, 0);
      generation = 1;
      cond.Broadcast();
      break;
    }
  }
  done.Wait();
  EXPECT_EQ(awake, kWaiters);
}

TEST(Cond, TakesAnRWMutexToo) {
  RWMutex mu;
  Cond cond(mu);
  bool ready = false;
  WaitGroup done;
  done.Go([&] {
    mu.Lock();
    cond.Wait([&] { return ready; });
    mu.Unlock();
  });
  mu.Lock();
  ready = true;
  mu.Unlock();
  cond.Broadcast();
  done.Wait();
}

// A lock whose Unlock does something before it returns: the window between
// queueing up and parking, at will.
struct InTheWindow {
  void Lock() { mu.Lock(); }
  void Unlock() {
    mu.Unlock();
    if (action) action();
  }
  Mutex mu;
  std::function<void()> action;
};

TEST(Cond, Cv2_ASignalBeforeTheWaiterHasParkedIsNotLost) {
  InTheWindow lock;
  Cond cond(lock);
  lock.action = [&] { cond.Signal(); };
  lock.Lock();
  cond.Wait();  // for ever, if parking were not cancelled
  lock.action = nullptr;
  lock.Unlock();
}

TEST(Cond, Cv3_AWaiterThatIsWokenBeforeItParksDoesNotNeedTheCond) {
  InTheWindow lock;
  auto cond = std::make_unique<Cond>(lock);
  lock.action = [&] {
    cond->Broadcast();
    cond.reset();
  };
  lock.Lock();
  cond->Wait();
  lock.action = nullptr;
  lock.Unlock();
}

// CV-3. A sanitizer build sees the access if it happens.
TEST(Cond, Cv3_MayBeDestroyedOnceEveryWaiterIsWoken) {
  for (int round = 0; round < 500; round++) {
    Mutex mu;
    auto cond = std::make_unique<Cond>(mu);
    int waiting = 0;
    WaitGroup done;
    for (int i = 0; i < 3; i++) {
      done.Go([&] {
        std::lock_guard lock(mu);
        waiting++;
        cond->Wait();
      });
    }
    for (bool all = false; !all;) {
      Gosched();
      std::lock_guard lock(mu);
      all = waiting == 3;
      if (all) {
        cond->Broadcast();
        cond.reset();
      }
    }
    done.Wait();
  }
}

}  // namespace
}  // namespace mn
