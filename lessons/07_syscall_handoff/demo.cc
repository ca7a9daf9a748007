// Lesson 07, to run and watch: what a thread that blocks in the kernel costs.
//
//   bazel run //lessons/07_syscall_handoff:demo              a tour
//   bazel run //lessons/07_syscall_handoff:demo -- --measure the quiz's answers
//
// Both take a quarter of a minute, because they watch idle threads. They run on
// your piece if your piece is plugged in
// (--//runtime/plug:syscall_handoff=//exercises/07_syscall_handoff:piece).

#include "lessons/demo.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "runtime/mn.h"
#include "tools/judge/clock.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How a goroutine calls: this way, or with BlockingCall, or through a pool.
const auto kSyscall = [](auto f) { Syscall(f); };

// Threads while n goroutines are blocked in read(2).
template <class Call>
int ThreadsInStorm(int n, Call call) {
  int ends[2];
  if (pipe(ends) != 0) abort();
  WaitGroup left;
  left.Add(n);
  for (int i = 0; i < n; i++) {
    Go([&, call] {
      call([&] {
        char c;
        while (read(ends[0], &c, 1) < 0) {
        }
      });
      left.Done();
    });
  }
  Sleep(milliseconds(200));
  const int threads = NumThreads();
  const std::string bytes(static_cast<std::size_t>(n), 'x');
  if (write(ends[1], bytes.data(), bytes.size()) < 0) abort();
  left.Wait();
  close(ends[0]);
  close(ends[1]);
  return threads;
}

int ThreadsWithPool(int n) {
  BlockingPool pool(8);
  return ThreadsInStorm(n, [&pool](auto f) { pool.Call(f); });
}

// Threads after 100 goroutines have made a call of about 5 us each.
int ThreadsAfterShortCalls() {
  const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  WaitGroup done;
  done.Add(100);
  for (int i = 0; i < 100; i++) {
    Go([&] {
      std::vector<char> buffer(64 << 10);
      Syscall([&] { return read(zero, buffer.data(), buffer.size()); });
      done.Done();
    });
  }
  done.Wait();
  close(zero);
  return NumThreads();
}

template <class Call>
double CallNs(Call call) {
  return BestNs(200, 1000, [&] {
    for (int i = 0; i < 1000; i++) call();
  });
}
const auto kBare = [] { getppid(); };
const auto kInSyscall = [] { Syscall(getppid); };
const auto kInBlockingCall = [] { BlockingCall(getppid); };

// Microseconds that a goroutine waits behind one that makes a call, with one P:
// the median. Each call is a new goroutine's, so that none is known to last.
template <class Call>
double HandoffUs(Call call) {
  const int procs = GOMAXPROCS(1);
  std::vector<double> waits(301);
  for (double& wait : waits) {
    WaitGroup done;
    done.Add(2);
    std::atomic<std::int64_t> began{0}, ran{0};
    Go([&] {
      Go([&] {
        ran = judge::NowNs();
        done.Done();
      });
      began = judge::NowNs();
      // In the kernel until the other one has run.
      call([&ran] {
        const timespec us = {0, 1000};
        while (ran == 0) nanosleep(&us, nullptr);
      });
      done.Done();
    });
    done.Wait();
    wait = static_cast<double>(ran - began) / 1000;
  }
  GOMAXPROCS(procs);
  std::nth_element(waits.begin(), waits.begin() + 150, waits.end());
  return waits[150];
}

void Measure() {
  Measured("threads_short", ThreadsAfterShortCalls());
  Measured("threads_pool", ThreadsWithPool(100));
  Measured("threads_blocked", ThreadsInStorm(100, kSyscall));
  Sleep(seconds(1));
  Measured("threads_1s_later", NumThreads());
  Measured("threads_again", ThreadsInStorm(100, kSyscall));
  Sleep(seconds(10));
  Measured("threads_10s_later", NumThreads());
  Measured("overhead_ns", CallNs(kInSyscall) - CallNs(kBare));
  Measured("handoff_us", HandoffUs(kSyscall));
}

void Tour() {
  std::printf("threads, with %d Ps\n", GOMAXPROCS(0));
  std::printf("  blocked calls   pool of 8   without\n");
  const std::vector<int> calls = {1, 10, 50, 100, 200};
  std::vector<int> pooled;  // first, because threads stay
  for (int n : calls) pooled.push_back(ThreadsWithPool(n));
  for (std::size_t i = 0; i < calls.size(); i++) {
    std::printf("  %13d   %9d   %7d\n", calls[i], pooled[i],
                ThreadsInStorm(calls[i], kSyscall));
  }
  std::printf("\nall calls are back; threads by the second (a # is four)\n");
  for (int second = 0; second <= 8; second++) {
    const int threads = NumThreads();
    std::printf(
        "  %2d s %5d  %s\n", second, threads,
        std::string(static_cast<std::size_t>(threads) / 4, '#').c_str());
    std::fflush(stdout);
    Sleep(seconds(1));
  }
  std::printf("\none getppid: %.0f ns, in Syscall %.0f, in BlockingCall %.0f\n",
              CallNs(kBare), CallNs(kInSyscall), CallNs(kInBlockingCall));
  std::printf("how long a goroutine waits behind a call that lasts (one P):\n");
  std::printf("  Syscall %.0f us, BlockingCall %.0f us\n", HandoffUs(kSyscall),
              HandoffUs([](auto f) { BlockingCall(f); }));
}

}  // namespace
}  // namespace mn

int main(int argc, char** argv) {
  setenv("GOMAXPROCS", "2", 1);
  return mn::Main(
      [=] { return mn::DemoMain(argc, argv, mn::Tour, mn::Measure); });
}
