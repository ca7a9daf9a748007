// What judge.cc and case.cc of lesson 04 agree on: the numbers in a workload.
#pragma once

#include <cstdint>
#include <vector>

namespace mn {

inline constexpr std::int64_t kNothing = -1;  // null, where an id is reported

// Operations.
inline constexpr std::int64_t kPut = 1;
inline constexpr std::int64_t kPutNext = 2;
inline constexpr std::int64_t kGet = 3;

// What a thief takes.
inline constexpr std::int64_t kStealHalf = 0;
inline constexpr std::int64_t kStealRunnext = 1;

// One operation of the owner that a thief interrupts. The goroutines are
// numbered 0 … ring-1 in the ring, then runnext, then the one that is put.
struct StepPlan {
  std::int64_t start;    // head before anything
  std::int64_t ring;     // goroutines in the ring
  std::int64_t runnext;  // 1: one more in runnext
  std::int64_t op;
  std::int64_t thief;

  std::int64_t Goroutines() const { return ring + runnext + (op != kGet); }
};

inline std::vector<std::int64_t> Numbers(const std::vector<StepPlan>& plans) {
  std::vector<std::int64_t> numbers;
  for (const StepPlan& p : plans) {
    numbers.insert(numbers.end(), {p.start, p.ring, p.runnext, p.op, p.thief});
  }
  return numbers;
}

inline std::vector<StepPlan> StepPlans(const std::vector<std::int64_t>& n) {
  std::vector<StepPlan> plans;
  for (std::size_t i = 0; i + 5 <= n.size(); i += 5) {
    plans.push_back({n[i], n[i + 1], n[i + 2], n[i + 3], n[i + 4]});
  }
  return plans;
}

}  // namespace mn
