// The narrow windows: goroutines that meet on one object at the same moment, on
// different threads, without a scheduling point in between. What goes wrong
// there shows as a hang (a lost wake-up), or to a sanitizer as an access to an
// object that its last user has destroyed (WL-1). A window is hit by chance: a
// green run proves little, a red one everything.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>

#include "runtime/mn.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using test::StressTime;
using test::Watchdog;

// Calls party(i), for i in [0, kParties), over and over; all start each round
// together, as close as spinning gets them. `prepare` runs before each round
// and `check` after it, with nobody else about.
class Rounds {
 public:
  static constexpr int kParties = 4;

  Rounds(const char* what, std::function<void()> prepare,
         std::function<void(int)> party)
      : watchdog_(what), prepare_(prepare), party_(party) {}

  void Run() {
    const StressTime time;
    WaitGroup done;
    for (int i = 0; i < kParties; i++) {
      done.Go([this, i] { Attend(i); });
    }
    for (int round = 1; time.Left(); round++) {
      prepare_();
      arrived_ = 0;
      finished_ = 0;
      round_ = round;
      while (finished_ != kParties) Gosched();
      watchdog_.Progress();
    }
    round_ = -1;
    done.Wait();
  }

 private:
  void Attend(int i) {
    for (int seen = 0;;) {
      while (round_ == seen) Gosched();
      seen = round_;
      if (seen < 0) return;
      ++arrived_;
      // Those on other threads are there in no time; those behind us on this P
      // only if we let them.
      for (int n = 0; arrived_ != kParties; n++) {
        if (n % 64 == 63) Gosched();
      }
      party_(i);
      ++finished_;
    }
  }

  Watchdog watchdog_;
  const std::function<void()> prepare_;
  const std::function<void(int)> party_;
  std::atomic<int> round_{0}, arrived_{0}, finished_{0};
};

// A reference count guarded by the lock itself: the last one out deletes it.
TEST(SyncRace, Wl1_MutexIsNotTouchedByAnUnlockThatIsNotTheLast) {
  struct Shared {
    Mutex mu;
    int refs = Rounds::kParties;
  };
  Shared* s = nullptr;
  Rounds(
      "Mutex destroyed by its last owner", [&] { s = new Shared; },
      [&](int) {
        s->mu.Lock();
        const bool last = --s->refs == 0;
        s->mu.Unlock();
        if (last) delete s;
      })
      .Run();
}

// A reader that is the last one to come may not be the last one inside: it
// excludes the others before it deletes.
TEST(SyncRace, Wl1_RWMutexIsNotTouchedByAnUnlockThatIsNotTheLast) {
  struct Shared {
    RWMutex mu;
    std::atomic<int> refs{Rounds::kParties};
  };
  Shared* s = nullptr;
  Rounds(
      "RWMutex destroyed by its last owner", [&] { s = new Shared; },
      [&](int i) {
        if (i % 2 == 0) {
          s->mu.Lock();
          if (i == 0) Gosched();  // the others queue up
          const bool last = --s->refs == 0;
          s->mu.Unlock();
          if (last) delete s;
        } else {
          s->mu.RLock();
          const bool last = --s->refs == 0;
          s->mu.RUnlock();
          if (!last) return;
          s->mu.Lock();
          s->mu.Unlock();
          delete s;
        }
      })
      .Run();
}

// Each party waits on a group of its own, which the next one ends.
TEST(SyncRace, Wl1_Wl2_WaitGroupIsNotTouchedOnceWaitHasReturned) {
  std::array<WaitGroup*, Rounds::kParties> groups;
  Rounds(
      "WaitGroup destroyed by its waiter",
      [&] {
        for (WaitGroup*& wg : groups) {
          wg = new WaitGroup;
          wg->Add(1);
        }
      },
      [&](int i) {
        groups[(i + 1) % Rounds::kParties]->Done();
        groups[i]->Wait();
        delete groups[i];
      })
      .Run();
}

// Writers and readers in tight loops: a reader that a writer's Unlock meets
// between its addition and its parking needs a pass (RW-4).
TEST(SyncRace, Rw4_RWMutexLosesNoReaderAndNoWriter) {
  RWMutex mu;
  int a = 0, b = 0;
  std::atomic<int> torn{0};
  Rounds(
      "RWMutex in tight loops", [] {},
      [&](int i) {
        for (int n = 0; n < 100; n++) {
          if ((n + i) % 4 == 0) {
            mu.Lock();
            a++;
            b++;
            mu.Unlock();
          } else {
            mu.RLock();
            if (a != b) torn++;
            mu.RUnlock();
          }
        }
      })
      .Run();
  EXPECT_EQ(torn, 0);
  EXPECT_TRUE(mu.TryLock());  // nobody is left inside
  mu.Unlock();
}

TEST(SyncRace, Mu3_Mu4_MutexLosesNoWaiter) {
  Mutex mu;
  std::int64_t counter = 0;
  std::atomic<std::int64_t> expected{0};
  Rounds(
      "Mutex in tight loops", [] {},
      [&](int) {
        for (int n = 0; n < 100; n++) {
          mu.Lock();
          counter++;
          mu.Unlock();
        }
        expected += 100;
      })
      .Run();
  EXPECT_EQ(counter, expected);
}

// One condition, two sides that signal each other.
TEST(SyncRace, Cv2_CondLosesNoSignal) {
  Mutex mu;
  Cond cond(mu);
  int turn = 0;
  Rounds(
      "Cond handed round", [&] { turn = 0; },
      [&](int i) {
        for (int n = 0; n < 10; n++) {
          mu.Lock();
          cond.Wait([&] { return turn % Rounds::kParties == i; });
          turn++;
          mu.Unlock();
          cond.Broadcast();
        }
      })
      .Run();
}

}  // namespace
}  // namespace mn
