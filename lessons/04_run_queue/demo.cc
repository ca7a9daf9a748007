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
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/plug/run_queue.h"

namespace mn {

struct G {
  std::string name;
};

namespace {

// One queue with one lock, which everybody may use.
struct GlobalQueue {
  std::mutex mutex;
  std::deque<G*> gs;
  int batches = 0;
  std::atomic<std::size_t> size{0};  // so that a look costs no lock
};
GlobalQueue global;

G* GlobalGet() {
  if (global.size == 0) return nullptr;
  std::lock_guard lock(global.mutex);
  if (global.gs.empty()) return nullptr;
  G* gp = global.gs.front();
  global.gs.pop_front();
  global.size--;
  return gp;
}

void ClearGlobal() {
  std::lock_guard lock(global.mutex);
  global.gs.clear();
  global.batches = 0;
  global.size = 0;
}

}  // namespace

void GlobrunqPutBatch(G* const* batch, std::uint32_t n) {
  std::lock_guard lock(global.mutex);
  global.gs.insert(global.gs.end(), batch, batch + n);
  global.batches++;
  global.size += n;
}

namespace {

// Where 300 goroutines are that were put one after the other.
struct Places {
  int ring = 0, runnext = 0, global = 0, batches = 0;
};

Places Put300(bool next) {
  ClearGlobal();
  RunQueue q;
  std::vector<G> gs(300);
  for (G& g : gs) RunqPut(q, &g, next);
  return {static_cast<int>(q.tail.load() - q.head.load()),
          q.runnext.load() != nullptr, static_cast<int>(global.gs.size()),
          global.batches};
}

// The names in the order in which they come out. `runs` is told each.
template <class Runs>
std::string Order(RunQueue& q, Runs runs) {
  std::string order;
  while (G* gp = RunqGet(q)) {
    order += (order.empty() ? "" : " ") + gp->name;
    runs(gp);
  }
  return order;
}

// G0 starts G1 … G4, as the go statement does, and ends.
std::string OrderOfFourStarted() {
  RunQueue q;
  G gs[] = {{"G1"}, {"G2"}, {"G3"}, {"G4"}};
  for (G& g : gs) RunqPut(q, &g, /*next=*/true);
  return Order(q, [](G*) {});
}

// A and B wait. G0 readies G1 and ends, G1 readies G2 and ends, … up to G4.
std::string OrderOfAChain() {
  RunQueue q;
  G a{"A"}, b{"B"}, gs[] = {{"G1"}, {"G2"}, {"G3"}, {"G4"}};
  RunqPut(q, &a, /*next=*/false);
  RunqPut(q, &b, /*next=*/false);
  RunqPut(q, &gs[0], /*next=*/true);
  return Order(q, [&](G* gp) {
    if (gp >= gs && gp < gs + 3) RunqPut(q, gp + 1, /*next=*/true);
  });
}

// A pair that readies each other for ever, and one that waits: how many turns
// does the pair get first?
int TurnsBeforeTheThird() {
  RunQueue q;
  G pair[2], third;
  RunqPut(q, &third, /*next=*/false);
  RunqPut(q, &pair[0], /*next=*/true);
  int turns = 0;
  while (turns < 1000 && RunqGet(q) != &third) {
    RunqPut(q, &pair[++turns % 2], /*next=*/true);
  }
  return turns;
}

// ---- cost

struct Ring {
  void Put(G* gp) { RunqPut(q, gp, /*next=*/false); }
  void Get() { RunqGet(q); }
  RunQueue q;
};

struct LockedDeque {
  void Put(G* gp) {
    std::lock_guard lock(mutex);
    deque.push_back(gp);
  }
  void Get() {
    std::lock_guard lock(mutex);
    if (!deque.empty()) deque.pop_front();
  }
  std::mutex mutex;
  std::deque<G*> deque;
};

// Nanoseconds per put and get on so many threads at once. The median over
// blocks, so that what else the machine does counts little and contention
// counts in full.
template <class Queue>
double PairNs(std::size_t threads, bool shared) {
  constexpr int kBlocks = 401, kRounds = 100, kBurst = 64;
  std::vector<Queue> queues(shared ? 1 : threads);
  std::atomic<std::size_t> ready{0};
  std::atomic<double> sum{0};
  const auto body = [&](Queue& q) {
    G g;
    std::vector<double> blocks;
    ready++;
    while (ready != threads) std::this_thread::yield();
    for (int block = 0; block < kBlocks; block++) {
      blocks.push_back(BestNs(1, kRounds * kBurst, [&] {
        for (int round = 0; round < kRounds; round++) {
          for (int i = 0; i < kBurst; i++) q.Put(&g);
          for (int i = 0; i < kBurst; i++) q.Get();
        }
      }));
    }
    std::sort(blocks.begin(), blocks.end());
    sum += blocks[kBlocks / 2];
  };
  std::vector<std::thread> all;
  for (std::size_t i = 0; i < threads; i++) {
    all.emplace_back(body, std::ref(queues[shared ? 0 : i]));
  }
  for (std::thread& t : all) t.join();
  return sum / static_cast<double>(threads);
}

// Each thread has a ring of its own, as each P has.
double RingNs(std::size_t threads) {
  return PairNs<Ring>(threads, /*shared=*/false);
}

// All threads share one queue and one lock: what a thread pool does.
double DequeNs(std::size_t threads) {
  return PairNs<LockedDeque>(threads, /*shared=*/true);
}

// ---- thieves

// What a thief does, as the contract says: takes half of what waits in the
// ring. Returns how many.
std::uint32_t Steal(RunQueue& q, G** loot) {
  for (;;) {
    std::uint32_t head = q.head.load(memory_order_acquire);
    const std::uint32_t tail = q.tail.load(memory_order_acquire);
    std::uint32_t n = tail - head;
    n -= n / 2;
    if (n == 0) return 0;
    if (n > kRunqSize / 2) continue;  // the two were not of one moment
    for (std::uint32_t i = 0; i < n; i++) {
      loot[i] = q.ring[(head + i) % kRunqSize].load(memory_order_relaxed);
    }
    if (q.head.compare_exchange_strong(head, head + n, memory_order_release,
                                       memory_order_relaxed)) {
      return n;
    }
  }
}

// A goroutine that computes for about a microsecond.
void RunOne() {
  for (int i = 0; i < 2'000; i++) asm volatile("");
}

struct WithThieves {
  double ns = 0;          // per goroutine
  double stolen = 0;      // of all goroutines
  double per_steal = 0;   // goroutines
  double to_global = 0;   // of all goroutines
  std::int64_t lost = 0;  // came out nowhere
};

// The owner puts `burst` goroutines. Then everybody runs what they can get,
// until all have run; again and again. Who finds the ring empty looks into the
// global queue.
WithThieves RunWithThieves(std::size_t thieves, std::int64_t burst) {
  constexpr std::int64_t kAll = 20'000, kPatienceNs = 1'000'000'000;
  const std::int64_t rounds = kAll / burst;
  ClearGlobal();
  const auto q = std::make_unique<RunQueue>();
  std::vector<G> gs(static_cast<std::size_t>(burst));
  std::atomic<std::int64_t> left{0}, stolen{0}, steals{0};
  std::atomic<bool> stop{false};
  const auto thief = [&] {
    std::vector<G*> loot(kRunqSize);
    while (!stop) {
      std::uint32_t n = Steal(*q, loot.data());
      if (n != 0) {
        stolen += n;
        steals++;
      } else if (GlobalGet() != nullptr) {
        n = 1;
      } else {
        std::this_thread::yield();
        continue;
      }
      for (std::uint32_t i = 0; i < n; i++) RunOne();
      left -= n;
    }
  };
  std::vector<std::thread> all;
  for (std::size_t i = 0; i < thieves; i++) all.emplace_back(thief);

  WithThieves result;
  std::int64_t overflows = 0;
  const std::int64_t start = judge::NowNs();
  for (std::int64_t round = 0; round < rounds && result.lost == 0; round++) {
    left = burst;
    for (G& g : gs) RunqPut(*q, &g, /*next=*/false);
    std::int64_t idle_since = 0;
    while (left != 0) {
      G* gp = RunqGet(*q);
      if (gp == nullptr) gp = GlobalGet();
      if (gp != nullptr) {
        RunOne();
        left--;
        idle_since = 0;
        continue;
      }
      const std::int64_t now = judge::NowNs();
      if (idle_since == 0) idle_since = now;
      if (now - idle_since > kPatienceNs) {
        result.lost = left;
        break;
      }
      std::this_thread::yield();
    }
  }
  const std::int64_t ns = judge::NowNs() - start;
  stop = true;
  for (std::thread& t : all) t.join();
  {
    std::lock_guard lock(global.mutex);
    overflows = global.batches * (kRunqSize / 2 + 1);
  }
  const auto n = static_cast<double>(rounds * burst);
  result.ns = static_cast<double>(ns) / n;
  result.stolen = static_cast<double>(stolen) / n;
  result.per_steal =
      steals == 0 ? 0
                  : static_cast<double>(stolen) / static_cast<double>(steals);
  result.to_global = static_cast<double>(overflows) / n;
  return result;
}

void Measure() {
  const Places plain = Put300(false);
  Measured("ring_after_300", plain.ring);
  Measured("global_after_300", plain.global);
  Measured("ring_after_300_started", Put300(true).ring);
  Measured("order_started", OrderOfFourStarted());
  Measured("order_chain", OrderOfAChain());
  Measured("pair_ns", RingNs(1));
  Measured("deque_ratio", DequeNs(1) / RingNs(1));
  Measured("deque_ratio_2", DequeNs(2) / RingNs(2));
}

void Tour() {
  std::printf("300 goroutines are put into an empty queue\n");
  std::printf("                 ring  runnext  global  batches\n");
  for (bool next : {false, true}) {
    const Places p = Put300(next);
    std::printf("  next=%-5s     %4d  %7d  %6d  %7d\n", next ? "true" : "false",
                p.ring, p.runnext, p.global, p.batches);
  }
  std::printf("\nG0 starts G1 G2 G3 G4 and ends; they run:     %s\n",
              OrderOfFourStarted().c_str());
  std::printf("A and B wait; G0 readies G1, G1 readies G2 …: %s\n",
              OrderOfAChain().c_str());
  std::printf("turns of a ping-pong pair before one that waits: %d\n\n",
              TurnsBeforeTheThird());
  std::printf("ns for a put and a get\n");
  std::printf("  threads   a ring each   one locked deque\n");
  for (std::size_t threads : {1, 2, 4}) {
    std::printf("  %7zu   %11.1f   %16.1f\n", threads, RingNs(threads),
                DequeNs(threads));
  }
  std::printf("\na burst is put, and all of it is run, %zu slots in the ring\n",
              std::size_t{kRunqSize});
  std::printf(
      "  thieves   burst   ns each   stolen   by one steal   overflow\n");
  for (std::size_t thieves : {0, 1, 3}) {
    for (std::int64_t burst : {100, 1000}) {
      WithThieves r;
      for (int i = 0; i < 5 && r.lost == 0; i++) {  // the best of five
        const WithThieves now = RunWithThieves(thieves, burst);
        if (i == 0 || now.lost != 0 || now.ns < r.ns) r = now;
      }
      std::printf("  %7zu   %5d   %7.0f   %4.0f %%   %12.1f   %6.0f %%\n",
                  thieves, static_cast<int>(burst), r.ns, 100 * r.stolen,
                  r.per_steal, 100 * r.to_global);
      if (r.lost != 0) {
        std::printf("  %d goroutines came out nowhere\n",
                    static_cast<int>(r.lost));
        return;
      }
    }
  }
}

}  // namespace
}  // namespace mn

int main(int argc, char** argv) {
  return mn::DemoMain(argc, argv, mn::Tour, mn::Measure);
}
