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

inline std::vector<G> MakeGs(std::int64_t n) {
  std::vector<G> gs(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < gs.size(); i++) {
    gs[i].id = static_cast<std::int64_t>(i);
  }
  return gs;
}

inline std::int64_t IdOf(const G* gp) { return gp ? gp->id : kNothing; }

inline void StartAt(RunQueue& q, std::int64_t counter) {
  q.head.store(static_cast<std::uint32_t>(counter));
  q.tail.store(static_cast<std::uint32_t>(counter));
}

// What went to the global queue, one vector per batch (queue.cc).
extern std::vector<std::vector<std::int64_t>> global_batches;

// The thief's side of the contract (runtime/plug/run_queue.h): half of the ring,
// claimed by one compare-and-swap, or runnext. Returns how many ids it wrote to
// `out`, which has room for a ring.
std::size_t Steal(RunQueue& q, std::int64_t* out);
std::size_t StealRunnext(RunQueue& q, std::int64_t* out);

#else

inline constexpr std::int64_t kSize = kRunqSize;
inline constexpr std::int64_t kHalf = kRunqSize / 2;

inline std::string NameOf(std::int64_t id) {
  return id == kNothing ? "null (empty)" : "G" + std::to_string(id);
}

// Any 32-bit counter: an implementation that only works from 0 is wrong.
inline std::int64_t AnyStart(judge::Random& rng) {
  return rng.Between(0, 2'000'000'000);
}

#endif

}  // namespace mn
