// Goroutines that are pinned to their thread, and what the others have then.
#pragma once

#include <unistd.h>

#include <atomic>
#include <functional>
#include <set>
#include <utility>

#include "runtime/mn.h"

namespace mn::test {

// Runs f as a goroutine to its end.
inline void RunToItsEnd(std::function<void()> f) {
  WaitGroup wg;
  wg.Go(std::move(f));
  wg.Wait();
}

// Goroutines that wait, each pinned, in a way that the test chooses.
class PinnedCrowd {
 public:
  // `wait` blocks until the crowd is let go; `begun` is counted before it.
  PinnedCrowd(int n, std::function<void()> wait) {
    for (int i = 0; i < n; i++) {
      wg_.Go([this, wait] {
        LockOSThread();
        begun_++;
        wait();
        UnlockOSThread();
      });
    }
    while (begun_ != n) Gosched();
  }
  void WaitForTheEnd() { wg_.Wait(); }

 private:
  std::atomic<int> begun_{0};
  WaitGroup wg_;
};

// As many goroutines as there are Ps meet by spinning: possible only if every P
// is free for them.
inline void AllPsMeet() {
  const int procs = GOMAXPROCS();
  std::atomic<int> arrived{0};
  WaitGroup wg;
  for (int i = 0; i < procs; i++) {
    wg.Go([&] {
      arrived++;
      while (arrived != procs) {
      }
    });
  }
  wg.Wait();
}

// Runs `rounds` short goroutines that use many threads; returns their threads.
inline std::set<int> ThreadsThatRunGoroutines(int rounds) {
  Mutex mu;
  std::set<int> tids;
  for (int round = 0; round < rounds; round++) {
    std::atomic<int> inside{0};
    WaitGroup wg;
    for (int i = 0; i < 8; i++) {
      wg.Go([&] {
        const int before = BlockingCall([&] {
          inside++;  // all at once: eight threads
          while (inside != 8) ::usleep(50);
          return Gettid();
        });
        const int tid = Gettid();
        mu.Lock();
        tids.insert(before);
        tids.insert(tid);
        mu.Unlock();
      });
    }
    wg.Wait();
  }
  return tids;
}

}  // namespace mn::test
