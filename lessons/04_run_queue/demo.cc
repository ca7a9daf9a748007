// Lesson 04, to run and watch: what the run queue does, and what it costs.
//
//   bazel run //lessons/04_run_queue:demo              a tour
//   bazel run //lessons/04_run_queue:demo -- --measure the quiz's answers here
//
// It runs on the piece alone, without the runtime around it: on yours if it is
// plugged in (--//runtime/plug:run_queue=//exercises/04_run_queue:piece).

#include "lessons/demo.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/plug/run_queue.h"

namespace mn {

struct G {
  std::string name;
};

namespace {
std::vector<std::string> global_queue;
int global_batches = 0;
}  // namespace

void GlobrunqPutBatch(G* const* batch, std::uint32_t n) {
  for (std::uint32_t i = 0; i < n; i++) global_queue.push_back(batch[i]->name);
  global_batches++;
}

namespace {

std::vector<G> MakeGs(int n) {
  std::vector<G> gs;
  for (int i = 0; i < n; i++) gs.push_back({"G" + std::to_string(i)});
  return gs;
}

int Length(const RunQueue& q) {
  return static_cast<int>(q.tail.load() - q.head.load());
}

// Where 300 goroutines are that were put one after the other.
struct Places {
  int ring = 0, runnext = 0, global = 0, batches = 0;
};

Places Put300(bool next) {
  global_queue.clear();
  global_batches = 0;
  RunQueue q;
  std::vector<G> gs = MakeGs(300);
  for (G& g : gs) RunqPut(q, &g, next);
  return {Length(q), q.runnext.load() != nullptr,
          static_cast<int>(global_queue.size()), global_batches};
}

std::string Drain(RunQueue& q) {
  std::string order;
  while (G* gp = RunqGet(q)) {
    if (!order.empty()) order += ' ';
    order += gp->name;
  }
  return order;
}

// G0 starts G1 … G4, as the go statement does, and ends.
std::string OrderOfFourStarted() {
  RunQueue q;
  std::vector<G> gs = MakeGs(5);
  for (int i = 1; i < 5; i++) {
    RunqPut(q, &gs[static_cast<std::size_t>(i)], /*next=*/true);
  }
  return Drain(q);
}

// A and B wait. G0 readies G1 and ends, G1 readies G2 and ends, … up to G4.
std::string OrderOfAChain() {
  RunQueue q;
  std::vector<G> gs = MakeGs(5);
  G a{"A"}, b{"B"};
  RunqPut(q, &a, /*next=*/false);
  RunqPut(q, &b, /*next=*/false);
  std::size_t next = 1;
  std::string order;
  RunqPut(q, &gs[next], /*next=*/true);
  while (const G* running = RunqGet(q)) {
    if (!order.empty()) order += ' ';
    order += running->name;
    if (running == &gs[next] && next < 4) {
      RunqPut(q, &gs[++next], /*next=*/true);
    }
  }
  return order;
}

// A pair that readies each other for ever, and one that waits: how many turns
// does the pair get first?
int TurnsBeforeTheThird() {
  RunQueue q;
  G a{"A"}, b{"B"}, waiting{"C"};
  RunqPut(q, &waiting, /*next=*/false);
  RunqPut(q, &a, /*next=*/true);
  for (int turns = 0; turns < 1000; turns++) {
    const G* running = RunqGet(q);
    if (running == nullptr || running == &waiting) return turns;
    RunqPut(q, running == &a ? &b : &a, /*next=*/true);
  }
  return 1000;
}

// ---- cost

// Nanoseconds per put and get: the median over blocks, so that what else the
// machine does counts little and contention counts in full.
template <class Put, class Get>
double PairNs(Put put, Get get) {
  constexpr int kBlocks = 401, kRounds = 100, kBurst = 64;
  std::vector<double> blocks;
  for (int block = 0; block < kBlocks; block++) {
    const std::int64_t start = judge::NowNs();
    for (int round = 0; round < kRounds; round++) {
      for (int i = 0; i < kBurst; i++) put();
      for (int i = 0; i < kBurst; i++) get();
    }
    blocks.push_back(static_cast<double>(judge::NowNs() - start) /
                     (kRounds * kBurst));
  }
  std::sort(blocks.begin(), blocks.end());
  return blocks[kBlocks / 2];
}

// Runs body(i) on n threads at once; the mean of what they return.
template <class Body>
double OnThreads(int n, Body body) {
  std::vector<double> results(static_cast<std::size_t>(n));
  std::vector<std::thread> threads;
  std::atomic<int> ready{0};
  for (int i = 0; i < n; i++) {
    threads.emplace_back([&, i] {
      ready++;
      while (ready != n) std::this_thread::yield();
      results[static_cast<std::size_t>(i)] = body(i);
    });
  }
  double sum = 0;
  for (std::thread& t : threads) t.join();
  for (double r : results) sum += r;
  return sum / n;
}

// Each thread has a ring of its own, as each P has.
double RingNs(int threads) {
  G g{"G"};
  return OnThreads(threads, [&](int) {
    const auto q = std::make_unique<RunQueue>();
    return PairNs([&] { RunqPut(*q, &g, false); },
                  [&] {
                    if (RunqGet(*q) == nullptr) std::abort();
                  });
  });
}

// All threads share one queue and one lock: what a thread pool does.
double DequeNs(int threads) {
  G g{"G"};
  std::mutex mutex;
  std::deque<G*> deque;
  return OnThreads(threads, [&](int) {
    return PairNs(
        [&] {
          std::lock_guard lock(mutex);
          deque.push_back(&g);
        },
        [&] {
          std::lock_guard lock(mutex);
          if (!deque.empty()) deque.pop_front();
        });
  });
}

void Measure() {
  const Places plain = Put300(false), next = Put300(true);
  std::printf("measure %s %d\n", "ring_after_300", plain.ring);
  std::printf("measure %s %d\n", "global_after_300", plain.global);
  std::printf("measure %s %d\n", "ring_after_300_started", next.ring);
  std::printf("measure %s %s\n", "order_started", OrderOfFourStarted().c_str());
  std::printf("measure %s %s\n", "order_chain", OrderOfAChain().c_str());
  std::printf("measure %s %.1f\n", "pair_ns", RingNs(1));
  std::printf("measure %s %.1f\n", "deque_ratio", DequeNs(1) / RingNs(1));
  std::printf("measure %s %.1f\n", "deque_ratio_2", DequeNs(2) / RingNs(2));
}

void Tour() {
  const Places plain = Put300(false), next = Put300(true);
  std::printf("300 goroutines are put into an empty queue\n");
  std::printf("                 ring  runnext  global  batches\n");
  std::printf("  next=false     %4d  %7d  %6d  %7d\n", plain.ring,
              plain.runnext, plain.global, plain.batches);
  std::printf("  next=true      %4d  %7d  %6d  %7d\n\n", next.ring,
              next.runnext, next.global, next.batches);
  std::printf("G0 starts G1 G2 G3 G4 and ends; they run:     %s\n",
              OrderOfFourStarted().c_str());
  std::printf("A and B wait; G0 readies G1, G1 readies G2 …: %s\n",
              OrderOfAChain().c_str());
  std::printf("turns of a ping-pong pair before one that waits: %d\n\n",
              TurnsBeforeTheThird());
  std::printf("ns for a put and a get\n");
  std::printf("  threads   a ring each   one locked deque\n");
  for (int threads : {1, 2, 4}) {
    std::printf("  %7d   %11.1f   %16.1f\n", threads, RingNs(threads),
                DequeNs(threads));
  }
}

}  // namespace
}  // namespace mn

int main(int argc, char** argv) {
  return mn::DemoMain(argc, argv, mn::Tour, mn::Measure);
}
