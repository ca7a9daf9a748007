// Lesson 03, to run and watch: how a wake-up is lost, and what a park costs.
//
//   bazel run //lessons/03_park_ready:demo              a tour
//   bazel run //lessons/03_park_ready:demo -- --measure the quiz's answers here
//
// It runs on the whole runtime: with your piece in it, if that is plugged in
// (--//runtime/plug:park=//exercises/03_park_ready:piece).

#include "lessons/demo.h"

#include <condition_variable>
#include <ctime>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "runtime/mn.h"
#include "runtime/sched/runtime_call.h"

namespace mn {
namespace {

// ---- the lost wake-up: the page's two columns

struct World {
  bool happened = false, sees = false;
  bool name = false, found = false, sleeps = false;
};

void Step(World& w, const std::string& step) {
  if (step == "W1") w.sees = w.happened;
  if (step == "W2" && !w.sees) w.name = true;
  if (step == "W3" && !w.sees) w.sleeps = true;
  if (step == "K1") w.happened = true;
  if (step == "K2") w.found = w.name;
  if (step == "K3" && w.found) w.sleeps = false;
}

// Steps that nobody comes between stand in one string: "W1 W2".
using Program = std::vector<std::string>;

// In how many orders of what is left of the two programs, after the steps in
// `begun`, the waiter sleeps in the end. `print` shows each.
int Lost(const Program& waiter, const Program& waker, bool print,
         const std::string& begun = "") {
  const auto rest = [](const Program& program) {
    return Program(program.begin() + 1, program.end());
  };
  if (waiter.empty() && waker.empty()) {
    World world;
    std::istringstream steps(begun);
    for (std::string step; steps >> step;) Step(world, step);
    const char* end = world.sleeps ? "LOST" : "";
    if (print) std::printf("  %s%s\n", begun.c_str(), end);
    return world.sleeps;
  }
  int lost = 0;
  if (!waiter.empty()) {
    lost += Lost(rest(waiter), waker, print, begun + waiter[0] + " ");
  }
  if (!waker.empty()) {
    lost += Lost(waiter, rest(waker), print, begun + waker[0] + " ");
  }
  return lost;
}

// The statuses of a goroutine that receives: while it runs, while nobody has
// sent, when somebody has, and when it is back. One P, so nobody interferes.
std::string Statuses() {
  GOMAXPROCS(1);
  Chan<int> channel(0);
  const G* gp = nullptr;
  std::string seen;
  const auto look = [&] {
    seen += std::string(seen.empty() ? "" : " ") + GStatusText(gp->status);
  };
  Go([&] {
    gp = RuntimeCall("demo").g();
    look();
    channel.Recv();
    look();
  });
  Gosched();
  look();
  channel.Send(0);
  look();
  Gosched();
  return seen;
}

// How many threads there are while 1000 goroutines wait for 200 ms, and how
// many ms of CPU time go by.
int ThreadsOf1000(double* cpu_ms) {
  Chan<int> go(0);
  for (int i = 0; i < 1000; i++) Go([=]() mutable { go.Recv(); });
  Sleep(std::chrono::milliseconds(50));  // all of them are at Recv by now
  const std::clock_t before = std::clock();
  Sleep(std::chrono::milliseconds(200));
  *cpu_ms = 1e3 * static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  go.Close();
  return NumThreads();
}

// A ping and its pong: two goroutines park once each, and are made ready.
double GoroutinesNs() {
  constexpr int kTurns = 20'000;
  GOMAXPROCS(1);
  Chan<int> ping(0), pong(0);
  Go([=]() mutable {
    for (int i : ping) pong.Send(i);
  });
  const double ns = BestNs(20, kTurns, [&] {
    for (int i = 0; i < kTurns; i++) {
      ping.Send(i);
      pong.Recv();
    }
  });
  ping.Close();
  return ns;
}

// The same between two threads. Not for a goroutine: its thread would block.
double ThreadsNs() {
  constexpr int kTurns = 2'000;
  std::mutex mutex;
  std::condition_variable cv;
  int turn = 0;
  const auto play = [&](int self) {
    for (int i = 0; i < kTurns; i++) {
      std::unique_lock lock(mutex);
      cv.wait(lock, [&] { return turn == self; });
      turn = 1 - self;
      cv.notify_one();
    }
  };
  return BestNs(10, kTurns, [&] {
    std::thread other(play, 1);
    play(0);
    other.join();
  });
}
const double threads_ns = ThreadsNs();

void Measure() {
  double cpu_ms = 0;
  Measured("lost_of_20", Lost({"W1", "W2", "W3"}, {"K1", "K2", "K3"}, false));
  Measured("lost_of_6", Lost({"W1 W2", "W3"}, {"K1 K2", "K3"}, false));
  Measured("threads_of_1000", ThreadsOf1000(&cpu_ms));
  Measured("statuses", Statuses());
  const double ns = GoroutinesNs();
  Measured("round_trip_ns", ns);
  Measured("condvar_ratio", threads_ns / ns);
}

void Tour() {
  std::puts("no lock");
  Lost({"W1", "W2", "W3"}, {"K1", "K2", "K3"}, true);
  std::puts("a lock, which is free before W3");
  Lost({"W1 W2", "W3"}, {"K1 K2", "K3"}, true);
  std::puts("a lock, which is free after W3");
  Lost({"W1 W2 W3"}, {"K1 K2", "K3"}, true);
  double cpu_ms = 0;
  std::printf("\n1000 wait: %d threads", ThreadsOf1000(&cpu_ms));
  std::printf(", %.1f ms of CPU time in 200 ms\n", cpu_ms);
  std::printf("statuses around a receive: %s\n", Statuses().c_str());
  std::printf("a ping and its pong: %.0f ns, of two threads %.0f ns\n",
              GoroutinesNs(), threads_ns);
}

}  // namespace
}  // namespace mn

int main(int argc, char** argv) {
  return mn::Main(
      [=] { return mn::DemoMain(argc, argv, mn::Tour, mn::Measure); });
}
