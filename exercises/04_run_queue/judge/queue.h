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
inline constexpr std::int64_t kNewQueue = 4;  // goes on with another queue
inline constexpr std::int64_t kRob = 5;       // thieves empty the ring

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

#else

inline constexpr std::int64_t kSize = kRunqSize;
inline constexpr std::int64_t kHalf = kRunqSize / 2;

inline std::string NameOf(std::int64_t id) {
  return id == kNothing ? "null (empty)" : "G" + std::to_string(id);
}

// What an owner does to a queue that holds so many.
inline std::string DescribeOwner(std::int64_t op, std::int64_t ring,
                                 std::int64_t runnext) {
  return std::string(op == kGet       ? "RunqGet"
                     : op == kPutNext ? "RunqPut(next)"
                                      : "RunqPut") +
         " with " + std::to_string(ring) + " in the ring" +
         (runnext ? " and one in runnext" : "");
}

inline Verdict NothingCameOut() {
  return Verdict::NotImplemented("nothing that was put came out");
}

// Any 32-bit counter: an implementation that only works from 0 is wrong.
inline std::int64_t AnyStart(Random& rng) {
  return rng.Between(0, 2'000'000'000);
}

#endif

}  // namespace mn
