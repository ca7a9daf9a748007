// Pinned and unpinned goroutines hand tokens around, in random order.
//
// What must hold at every step: a goroutine that is pinned is on its thread and
// alone there; no token is lost; the threads of those that end pinned end.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/mn.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::microseconds;
using test::MakeRng;
using test::Rng;
using test::StressTime;
using test::Watchdog;

constexpr int kGoroutines = MN_TSAN ? 8 : 16;
constexpr int kTokens = kGoroutines / 2;

struct Token {
  int hops = 0;
};

// Who is pinned where.
class Pins {
 public:
  void Add(int tid) {
    mu_.Lock();
    if (++pinned_[tid] != 1) wrong_++;
    mu_.Unlock();
  }
  void Remove(int tid) {
    mu_.Lock();
    pinned_.erase(tid);
    mu_.Unlock();
  }
  // How often two were pinned to one thread.
  int Wrong() const { return wrong_; }

 private:
  Mutex mu_;
  std::map<int, int> pinned_;
  std::atomic<int> wrong_{0};
};

class Ring {
 public:
  explicit Ring(Watchdog& dog) : dog_(dog) {
    for (int i = 0; i < kGoroutines; i++) mailbox_.emplace_back(kTokens);
  }

  void Run() {
    for (int i = 0; i < kGoroutines; i++) Start(i);
    for (int i = 0; i < kTokens; i++) mailbox_[0].Send(Token{});
    StressTime time;
    while (time.Left()) Sleep(microseconds(500));
    stop_ = true;
    for (auto& box : mailbox_) box.Close();
    wg_.Wait();
    EXPECT_EQ(moved_.load(), 0);
    EXPECT_EQ(pins_.Wrong(), 0);
    EXPECT_EQ(held_.load(), kTokens);
    EXPECT_GT(hops_.load(), 0);
  }

 private:
  void Start(int i) {
    wg_.Go([this, i] { Body(i); });
  }

  // Passes a token on; after the end it is kept.
  void Pass(Token t, Rng& rng) {
    t.hops++;
    hops_++;
    dog_.Progress();
    const std::size_t to = rng() % kGoroutines;
    try {
      mailbox_[to].Send(t);
    } catch (const Panic&) {  // send on closed channel: the end
      held_++;
    }
  }

  void Body(int i) {
    Rng rng = MakeRng();
    const bool pinned = rng() % 2 == 0;
    int tid = 0;
    if (pinned) {
      LockOSThread();
      tid = Gettid();
      pins_.Add(tid);
    }
    const int life = 1 + static_cast<int>(rng() % 40);
    for (int n = 0; n < life || stop_; n++) {
      auto t = mailbox_[static_cast<std::size_t>(i)].Next();
      if (!t) {
        Leave(pinned, tid, rng);
        return;
      }
      switch (rng() % 8) {
        case 0:
          Gosched();
          break;
        case 1:
          Sleep(microseconds(rng() % 50));
          break;
        case 2:
          BlockingCall([&] { ::usleep(rng() % 50); });
          break;
        case 3:
          Syscall([] { ::getppid(); });
          break;
        case 4:
          if (pinned) {  // nested
            LockOSThread();
            Gosched();
            UnlockOSThread();
          }
          break;
        case 5:
          if (rng() % 50 == 0) test::Spin(std::chrono::milliseconds(2));
          break;
        default:
          break;
      }
      if (pinned && Gettid() != tid) moved_++;
      Pass(*t, rng);
      if (pinned && Gettid() != tid) moved_++;
    }
    Start(i);  // its successor, pinned or not
    Leave(pinned, tid, rng);
  }

  void Leave(bool pinned, int tid, Rng& rng) {
    if (!pinned) return;
    pins_.Remove(tid);
    if (rng() % 2 == 0) UnlockOSThread();  // else the thread ends
  }

  Watchdog& dog_;
  std::vector<Chan<Token>> mailbox_;
  std::atomic<bool> stop_{false};
  std::atomic<int> moved_{0}, held_{0};
  std::atomic<long> hops_{0};
  Pins pins_;
  WaitGroup wg_;
};

TEST(LockOSThreadStress, Lot2_PinnedAndOthersHandTokensAround) {
  Watchdog dog("pinned and unpinned goroutines that hand tokens around");
  Ring(dog).Run();
}

// Pairs of pinned goroutines: every hand-off is between two threads.
TEST(LockOSThreadStress, Lot8_PinnedPairsTakeTurns) {
  Watchdog dog("pinned pairs");
  const int pairs = 2 * GOMAXPROCS();
  std::atomic<bool> stop{false};
  std::atomic<int> moved{0};
  std::atomic<long> turns{0};
  WaitGroup wg;
  for (int i = 0; i < pairs; i++) {
    Chan<int> there(0), back(0);
    auto body = [&](Chan<int> in, Chan<int> out, bool first) {
      LockOSThread();
      const int tid = Gettid();
      if (first) out.Send(0);
      while (auto v = in.Next()) {
        if (Gettid() != tid) moved++;
        turns++;
        dog.Progress();
        if (first && stop) break;
        out.Send(*v + 1);
      }
      if (first) out.Close();
    };
    wg.Go([=] { body(there, back, true); });
    wg.Go([=] { body(back, there, false); });
  }
  StressTime time;
  while (time.Left()) Sleep(microseconds(500));
  stop = true;
  wg.Wait();
  EXPECT_EQ(moved.load(), 0);
  EXPECT_GT(turns.load(), 0);
}

// GOMAXPROCS changes while pinned goroutines come, work and end.
TEST(LockOSThreadStress, Lot4_ThreadsEndWhileTheWorldStops) {
  Watchdog dog("pinned goroutines that end, and GOMAXPROCS");
  const int procs = GOMAXPROCS();
  Rng rng = MakeRng();
  StressTime time;
  int rounds = 0;
  while (time.Left()) {
    WaitGroup wg;
    for (int i = 0; i < 4; i++) {
      wg.Go([&] {
        LockOSThread();
        Gosched();
      });
    }
    if (rounds % 4 == 0) GOMAXPROCS(1 + static_cast<int>(rng() % 6));
    wg.Wait();
    rounds++;
    dog.Progress();
  }
  EXPECT_GT(rounds, 0);
  GOMAXPROCS(procs);
}

}  // namespace
}  // namespace mn
