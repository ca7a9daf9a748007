// What the cases of lesson 04 share: goroutines are numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/plug/run_queue.h"
#include "tools/judge/both.h"

namespace mn {

inline constexpr std::int64_t kNothing = -1;  // null, where an id is reported

// Operations of a workload.
inline constexpr std::int64_t kPut = 1;
inline constexpr std::int64_t kPutNext = 2;
inline constexpr std::int64_t kGet = 3;

#ifdef MN_CASE_PROCESS

struct G {
  std::int64_t id;
};

struct Gs {
  explicit Gs(std::int64_t n) : all(static_cast<std::size_t>(n)) {
    for (G& g : all) g.id = &g - all.data();
  }
  G* operator[](std::int64_t id) { return &all[static_cast<std::size_t>(id)]; }
  std::vector<G> all;
};

inline std::int64_t IdOf(const G* gp) { return gp ? gp->id : kNothing; }

inline void StartAt(RunQueue& q, std::int64_t counter) {
  q.head.store(static_cast<std::uint32_t>(counter));
  q.tail.store(static_cast<std::uint32_t>(counter));
}

// Gets until the queue is empty. A broken one hands out without end: at most
// `most`.
inline void Drain(RunQueue& q, std::int64_t most, Numbers* out) {
  while (most-- > 0) {
    const G* gp = RunqGet(q);
    if (gp == nullptr) return;
    out->push_back(gp->id);
  }
}

// What went to the global queue, one vector per batch (script.cc).
extern std::vector<Numbers> global_batches;

// The thief's side of the contract (runtime/plug/run_queue.h): half of the
// ring, claimed by one compare-and-swap, or runnext. Returns how many ids it
// wrote to `out`, which has room for a ring.
inline std::size_t Steal(RunQueue& q, std::int64_t* out) {
  for (;;) {
    // acquire: pairs with the release of head by whoever consumed slots.
    std::uint32_t head = q.head.load(memory_order_acquire);
    // acquire: pairs with the release of tail in RunqPut.
    const std::uint32_t tail = q.tail.load(memory_order_acquire);
    std::uint32_t n = tail - head;
    n -= n / 2;
    if (n == 0) return 0;
    if (n > kRunqSize / 2) continue;  // head and tail are not of one moment
    G* batch[kRunqSize / 2];
    for (std::uint32_t i = 0; i < n; i++) {
      batch[i] = q.ring[(head + i) % kRunqSize].load(memory_order_relaxed);
    }
    // release: pairs with the acquire of head in RunqPut.
    if (q.head.compare_exchange_strong(head, head + n, memory_order_release,
                                       memory_order_relaxed)) {
      for (std::uint32_t i = 0; i < n; i++) out[i] = IdOf(batch[i]);
      return n;
    }
  }
}

inline std::size_t StealRunnext(RunQueue& q, std::int64_t* out) {
  G* gp = q.runnext.load(memory_order_relaxed);
  if (gp == nullptr) return 0;
  // acquire: pairs with the release of runnext in RunqPut.
  const bool won = q.runnext.compare_exchange_strong(
      gp, nullptr, memory_order_acquire, memory_order_relaxed);
  if (won) *out = gp->id;
  return won;
}

#else

inline constexpr std::int64_t kSize = kRunqSize;
inline constexpr std::int64_t kHalf = kRunqSize / 2;

inline std::string NameOf(std::int64_t id) {
  return id == kNothing ? "null (empty)" : "G" + std::to_string(id);
}

inline Verdict NothingCameOut() {
  return Verdict::NotImplemented("nothing that was put came out");
}

inline std::string EachOnce(std::int64_t n) {
  return "each of " + std::to_string(n) + " goroutines comes out once";
}

// Any 32-bit counter: an implementation that only works from 0 is wrong.
inline std::int64_t AnyStart(Random& rng) {
  return rng.Between(0, 2'000'000'000);
}

#endif

}  // namespace mn
