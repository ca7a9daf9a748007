// Foreign calls, callbacks from them, callbacks from foreign threads and a
// pool, all at once and in random order.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "runtime/mn.h"
#include "runtime/testing/kernel_threads.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::microseconds;
using test::KernelTid;
using test::MakeRng;
using test::Rng;
using test::StressTime;
using test::Watchdog;

constexpr int kGoroutines = 8;
constexpr int kForeignThreads = 4;

// What all share.
struct World {
  explicit World(Watchdog& d) : dog(d), ch(2), pool(2) {}

  Watchdog& dog;
  Chan<int> ch;  // an echo: what is sent comes back
  ForeignPool pool;
  Mutex mu;
  int guarded = 0;  // by mu
  std::atomic<int> expected{0};
  std::atomic<int> moved{0};
  std::atomic<int> in_pool{0}, over_limit{0};
  std::atomic<bool> stop{false};
};

// Something that a goroutine does; tid: it must stay there, if not 0.
void Step(World& w, Rng& rng, int tid) {
  switch (rng() % 7) {
    case 0:
      Gosched();
      break;
    case 1:
      Sleep(microseconds(rng() % 50));
      break;
    case 2:
      w.mu.Lock();
      w.guarded++;
      w.mu.Unlock();
      w.expected++;
      break;
    case 3: {
      Chan<int> reply(0);
      Go([reply]() mutable { reply.Send(1); });
      reply.Recv();
      break;
    }
    case 4:
      w.ch.Send(1);
      w.ch.Recv();
      break;
    case 5:
      BlockingCall([&] { ::usleep(rng() % 30); });
      break;
    case 6: {
      WaitGroup wg;
      wg.Go([] { Gosched(); });
      wg.Wait();
      break;
    }
  }
  if (tid != 0 && Gettid() != tid) w.moved++;
  w.dog.Progress();
}

// A callback that calls out and back in again, now and then.
void Nested(World& w, Rng& rng, int depth) {
  const int tid = KernelTid();
  Callback([&] {
    Step(w, rng, tid);
    if (depth > 0 && rng() % 2 == 0) {
      Foreign([&] {
        if (KernelTid() != tid) w.moved++;
        Nested(w, rng, depth - 1);
      });
    }
    Step(w, rng, tid);
  });
  if (KernelTid() != tid) w.moved++;
}

void Goroutine(World& w) {
  Rng rng = MakeRng();
  while (!w.stop) {
    switch (rng() % 5) {
      case 0:
        Foreign([] {});
        break;
      case 1:
        Foreign([&] { ::usleep(rng() % 100); });
        break;
      case 2:
        Foreign([&] { Nested(w, rng, 2); });
        break;
      case 3:
        try {
          Foreign([&] {
            Callback([&] {
              Step(w, rng, 0);
              throw 1;
            });
          });
        } catch (int) {
        }
        break;
      case 4: {
        std::stop_source stop;
        if (rng() % 2 == 0) Go([stop]() mutable { stop.request_stop(); });
        w.pool.Call(stop.get_token(), [&] {
          if (++w.in_pool > 2) w.over_limit++;
          if (rng() % 4 == 0) ::usleep(rng() % 100);
          w.in_pool--;
        });
        break;
      }
    }
    Step(w, rng, 0);
  }
}

void ForeignThread(World& w) {
  Rng rng = MakeRng();
  while (!w.stop) {
    if (rng() % 4 == 0) {
      try {
        Callback([&] {
          Step(w, rng, KernelTid());
          throw 1;
        });
      } catch (int) {
      }
    } else {
      Nested(w, rng, 2);
    }
  }
}

TEST(ForeignStress, Cgo1_CallsOutAndBackInFromEverywhere) {
  Watchdog dog("foreign calls, callbacks, foreign threads and a pool");
  World w(dog);
  w.ch.Send(0);  // one ahead: whoever sends finds one to receive
  WaitGroup wg;
  for (int i = 0; i < kGoroutines; i++) wg.Go([&] { Goroutine(w); });
  // Threads that come and go, so that Ms are given back and taken again.
  std::atomic<int> started{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kForeignThreads; i++) {
    threads.emplace_back([&] {
      while (!w.stop) {
        std::thread([&] {
          started++;
          Callback([&] { w.dog.Progress(); });
        }).join();
        ::usleep(1000);
      }
    });
    threads.emplace_back([&] { ForeignThread(w); });
  }
  StressTime time;
  while (time.Left() || started == 0) Sleep(microseconds(500));
  w.stop = true;
  BlockingCall([&] {
    for (auto& t : threads) t.join();
  });
  wg.Wait();
  EXPECT_EQ(w.moved.load(), 0);
  EXPECT_EQ(w.over_limit.load(), 0);
  EXPECT_EQ(w.guarded, w.expected.load());
  EXPECT_EQ(w.pool.Running(), 0);
  EXPECT_EQ(w.pool.Waiting(), 0);
  while (NumGoroutine() != 1) Gosched();
}

}  // namespace
}  // namespace mn
