// Progress and order between goroutines that spin, yield and are pinned: rows
// of Go's own scheduler tests.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <queue>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/core/getg.h"
#include "runtime/mn.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/testing/needs.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using std::chrono::milliseconds;

// Sleeps until a time that has passed.
void SleepForNoTime() {
  ParkingCall call("test");
  Timer t;
  t.when = 1;
  t.fn = [](void* gp) { Goready(static_cast<G*>(gp)); };
  t.arg = call.g();
  Gopark(
      [](G*, void* timer) {
        getp()->timers.Add(static_cast<Timer*>(timer));
        return true;
      },
      &t, WaitReason::kSleep);
}

TEST(Progress, Mn5_ASleeperThatIsAlwaysDueLeavesTheGlobalQueueItsTurn) {
  const int before = GOMAXPROCS(1);
  test::Watchdog dog("a goroutine of the global queue");
  std::atomic<int> turns{0};
  WaitGroup wg;
  wg.Go([&] {
    // Each time it comes back by way of the global queue.
    for (; turns < 3; turns++) BlockingCall([] {});
  });
  while (turns < 3) SleepForNoTime();
  wg.Wait();
  GOMAXPROCS(before);
}

// A goroutine that polls and yields notices a value that comes later.
void PollAndYield(bool pinned) {
  Chan<int> in(0), ack(0);
  Go([=]() mutable {
    if (pinned) LockOSThread();
    int v = 0;
    while (in.TryRecv(v) != TryResult::kOk) Gosched();
    ack.Send(v);
  });
  Sleep(milliseconds(10));
  in.Send(7);
  EXPECT_EQ(ack.Recv(), 7);
}

TEST(Progress, GoSch02_APollingYielderNoticesASend) { PollAndYield(false); }

TEST(Progress, GoSch03_APinnedPollingYielderNoticesASend) {
  PollAndYield(true);
}

TEST(Progress, GoSch04_APinnedYielderThatSleepsAndExitsPinned) {
  Chan<int> ch(0);
  Go([=]() mutable {
    LockOSThread();
    for (int i = 0; i < 10; i++) {
      Gosched();
      Sleep(milliseconds(1));
    }
    ch.Send(3);
  });
  EXPECT_EQ(ch.Recv(), 3);
}

// Only if all four run at once does the counter go round.
TEST(Progress, GoSch05_FourSpinnersTakeTurnsOnFourPs) {
  constexpr std::uint32_t kProcs = 4;
  test::Watchdog dog("four spinners");
  const int before = GOMAXPROCS(kProcs);
  for (int tries = 0; tries < 10; tries++) {
    std::atomic<std::uint32_t> x{0};
    WaitGroup wg;
    for (std::uint32_t p = 0; p < kProcs; p++) {
      wg.Go([&, p] {
        for (std::uint32_t i = 0; i < 3; i++) {
          const std::uint32_t expected = kProcs * i + p;
          while (x.load() != expected) {
          }
          x.store(expected + 1);
        }
      });
    }
    wg.Wait();
    EXPECT_EQ(x, kProcs * 3);
  }
  GOMAXPROCS(before);
}

TEST(Progress, GoSch07_APinnedGoroutineSendsToOneThatIsNot) {
  Chan<int> ch(0);
  Go([=]() mutable {
    LockOSThread();
    for (int i = 0; i < 10; i++) ch.Send(i);
    UnlockOSThread();
  });
  for (int i = 0; i < 10; i++) EXPECT_EQ(ch.Recv(), i);
}

__attribute__((noinline)) std::uint32_t Look(
    const std::atomic<std::uint32_t>& x) {
  return x.load();
}

// At one P each of them can go on only when the other is interrupted.
TEST(Progress, GoSch10_TwoSpinnersHandAVariableBackAndForth) {
  MN_NEEDS_ASYNC_SIGNALS();
  test::Watchdog dog("two spinners");
  std::atomic<std::uint32_t> x{0};
  WaitGroup wg;
  for (std::uint32_t p = 0; p < 2; p++) {
    wg.Go([&, p] {
      for (std::uint32_t i = 0; i < 5; i++) {
        const std::uint32_t expected = 2 * i + p;
        while (Look(x) != expected) {
        }
        x.store(expected + 1);
      }
    });
  }
  wg.Wait();
  EXPECT_EQ(x, 10u);
}

TEST(Progress, GoSch14_ThreeThatOnlySpawnAllRun) {
  const int before = GOMAXPROCS(1);
  std::atomic<bool> stop{false};
  std::atomic<long> rounds[3] = {0, 0, 0};
  WaitGroup wg;
  for (std::atomic<long>& n : rounds) {
    wg.Go([&] {
      while (!stop) {
        wg.Go([] {});
        n++;
        if (n % 64 == 0) Gosched();  // memory for those that are spawned
      }
    });
  }
  while (rounds[0] == 0 || rounds[1] == 0 || rounds[2] == 0) Gosched();
  stop = true;
  wg.Wait();
  GOMAXPROCS(before);
}

// The same with loops that call the runtime, which never parks them: only
// preemption lets the others run.
TEST(Progress, GoSch14_ThreeThatNeverParkAllRun) {
  test::Watchdog dog("three loops that never park");
  const int before = GOMAXPROCS(1);
  std::atomic<bool> stop{false};
  std::atomic<long> rounds[3] = {0, 0, 0};
  WaitGroup wg;
  for (std::atomic<long>& n : rounds) {
    wg.Go([&stop, &n, ch = Chan<long>(1)]() mutable {
      while (!stop) {
        long got = 0;
        ch.TrySend(n);
        ch.TryRecv(got);
        n++;
      }
    });
  }
  while (rounds[0] == 0 || rounds[1] == 0 || rounds[2] == 0) Gosched();
  stop = true;
  wg.Wait();
  GOMAXPROCS(before);
}

// SIGUSR2 to every thread of the process.
void SignalAllThreads() {
  std::error_code error;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/self/task", error)) {
    ::syscall(SYS_tgkill, ::getpid(),
              std::stoi(task.path().filename().string()), SIGUSR2);
  }
}

std::atomic<int> signals{0};

// Every sleep of every thread is interrupted again and again: none of ours gets
// shorter, none begins anew.
TEST(Progress, GoSch26_SignalsNeitherShortenNorRestartASleep) {
  struct sigaction action = {};
  action.sa_handler = [](int) { signals++; };
  action.sa_flags = SA_ONSTACK;
  ::sigaction(SIGUSR2, &action, nullptr);
  std::atomic<bool> stop{false};
  std::thread pest([&] {
    while (!stop) {
      SignalAllThreads();
      ::usleep(5000);
    }
  });
  while (signals <= 10) {
    const std::int64_t before = Nanotime();
    Sleep(milliseconds(200));
    EXPECT_GE(Nanotime() - before, 200'000'000);
  }
  stop = true;
  pest.join();
  ::signal(SIGUSR2, SIG_IGN);  // one may be pending still
}

const std::vector<int> kPrimes = {2,  3,  5,  7,  11, 13, 17, 19, 23,
                                  29, 31, 37, 41, 43, 47, 53, 59, 61,
                                  67, 71, 73, 79, 83, 89, 97};

void Generate(Chan<int> out) {
  for (int i = 2; i <= 100; i++) out.Send(i);
  out.Close();
}

void Filter(Chan<int> in, Chan<int> out, int prime) {
  for (int i : in) {
    if (i % prime != 0) out.Send(i);
  }
  out.Close();
}

TEST(Progress, GoSch29_ASieveOfGoroutinesFindsThePrimes) {
  Chan<int> in(0);
  Go([in] { Generate(in); });
  std::vector<int> primes;
  for (;;) {
    const std::optional<int> prime = in.Next();
    if (!prime) break;
    primes.push_back(*prime);
    Chan<int> out(0);
    Go([in, out, p = *prime] { Filter(in, out, p); });
    in = out;
  }
  EXPECT_EQ(primes, kPrimes);
}

// The odd multiples of p, from its square on.
Chan<int> Multiples(int p) {
  Chan<int> out(0);
  Go([out, p]() mutable {
    for (int m = p * p;; m += 2 * p) out.Send(m);
  });
  return out;
}

// The odd numbers that are a product of primes, in order, some more than once.
// A prime is asked for only when one of its multiples could be next.
void MergeMultiples(Chan<int> primes, Chan<int> composites) {
  using Head = std::pair<int, Chan<int>>;
  const auto later = [](const Head& a, const Head& b) {
    return a.first > b.first;
  };
  std::priority_queue<Head, std::vector<Head>, decltype(later)> heads(later);
  int last = 1;
  for (;;) {
    while (heads.empty() || heads.top().first >= (last + 2) * (last + 2)) {
      last = primes.Recv();
      Chan<int> multiples = Multiples(last);
      heads.emplace(multiples.Recv(), multiples);
    }
    Head next = heads.top();
    heads.pop();
    composites.Send(next.first);
    next.first = next.second.Recv();
    heads.push(std::move(next));
  }
}

// Go's second sieve: the primes that it finds come back to it as the makers of
// composites. Goroutines are left waiting, so this is a program.
MN_PROGRAM(SieveWithAFeedbackLoop) {
  Chan<int> primes(64), composites(50);
  Go([=] { MergeMultiples(primes, composites); });
  std::vector<int> found = {2, 3};
  primes.Send(3);
  int composite = 0;
  for (int n = 5; n < 100; n += 2) {
    while (composite < n) composite = composites.Recv();
    if (composite == n) continue;
    primes.Send(n);
    found.push_back(n);
  }
  return found == kPrimes ? 16 : 0;
}

TEST(Progress, GoSch29_ASieveWithAFeedbackLoopFindsThePrimes) {
  for (int procs : {1, 4}) {
    EXPECT_TRUE(test::Exited(
        test::RunProgram("SieveWithAFeedbackLoop", test::OnProcs(procs)), 16));
  }
}

// go:SCH-28.
TEST(Progress, GoSch28_AValueGoesThroughAChainOfGoroutines) {
  constexpr int kLinks = MN_TSAN ? 1000 : 10'000;
  Chan<int> right(0);
  const Chan<int> first = right;
  for (int i = 0; i < kLinks; i++) {
    Chan<int> left(0);
    Go([from = left, to = right]() mutable { to.Send(1 + from.Recv()); });
    right = left;
  }
  right.Send(0);
  EXPECT_EQ(Chan<int>(first).Recv(), kLinks);
}

}  // namespace
}  // namespace mn
