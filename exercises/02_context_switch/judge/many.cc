// CTX-6: ten thousand contexts, all made before the first one runs.
#include <algorithm>
#include <span>

#include "exercises/02_context_switch/judge/contexts.h"
#include "runtime/plug/context.h"

namespace mn {
namespace {

// A context's running sum, after a turn that was the `turn`-th of all.
std::uint64_t NextSum(std::uint64_t sum, std::int64_t turn) {
  return Random::Mix(sum + static_cast<std::uint64_t>(turn));
}

#ifdef MN_CASE_PROCESS

constexpr std::size_t kLocals = 16;
constexpr std::size_t kWordsAbove = 8;  // each stack, filled with a pattern

std::vector<std::uint64_t> sums;
Numbers round_order;
std::size_t round_at;
std::int64_t turns_of_all;

Fiber& NextInRound() {
  if (round_at == round_order.size()) return fibers->main();
  return (*fibers)[round_order[round_at++]];
}

void Body(Fiber& self) {
  const auto id = static_cast<std::uint64_t>(self.id);
  volatile std::uint64_t locals[kLocals];
  for (std::size_t i = 0; i < kLocals; i++) locals[i] = Random::Mix(id + i);
  std::uint64_t sum = 0;
  for (;;) {
    sum = NextSum(sum, ++turns_of_all);
    for (std::size_t i = 0; i < kLocals; i++) {
      if (locals[i] != Random::Mix(id + i)) sum++;
    }
    sums[id] = sum;
    Swap(self, NextInRound());
  }
}

std::span<std::uint64_t> WordsAbove(const Fiber& f) {
  return {reinterpret_cast<std::uint64_t*>(f.hi), kWordsAbove};
}

std::uint64_t Pattern(const Fiber& f) {
  return Random::Mix(static_cast<std::uint64_t>(f.id));
}

// The words of a stack that CtxMake must leave alone.
std::span<std::uint64_t> BelowTheTop(const Fiber& f) {
  return {reinterpret_cast<std::uint64_t*>(f.lo),
          reinterpret_cast<std::uint64_t*>(f.hi - kCtxTop)};
}

std::int64_t Written(std::span<const std::uint64_t> words,
                     std::uint64_t pattern) {
  return std::ssize(words) - std::count(words.begin(), words.end(), pattern);
}

void Drive(Driver& d) {
  const std::int64_t count = d.number("count");
  Fibers all(count, kWordsAbove * 8, /*stride=*/16 << 10, /*guards=*/false);
  Begin(d, all);
  sums.resize(static_cast<std::size_t>(count) + 1);
  std::int64_t below = 0, above = 0;
  for (std::int64_t id = 1; id <= count; id++) {
    const Fiber& f = all[id];
    const bool looked_at = id % 100 == 0;
    std::ranges::fill(WordsAbove(f), Pattern(f));
    if (looked_at) std::ranges::fill(BelowTheTop(f), Pattern(f));
    all.Make(all[id], Body);
    if (looked_at) below = std::max(below, Written(BelowTheTop(f), Pattern(f)));
  }
  d.Observe("written_below_the_top", below);
  Random order(static_cast<std::uint64_t>(d.number("seed")));
  for (std::int64_t round = 0; round < d.number("rounds"); round++) {
    round_order = Permutation(order, count);
    round_at = 0;
    Swap(all.main(), NextInRound());
  }
  d.Observe("turns", turns_of_all);
  for (std::int64_t id = 1; id <= count; id++) {
    const std::uint64_t sum = sums[static_cast<std::size_t>(id)];
    d.Observe("sum", {id, static_cast<std::int64_t>(sum)});
    above += Written(WordsAbove(all[id]), Pattern(all[id]));
  }
  d.Observe("written_above", above);
}

const bool kRegistered = judge::RegisterDriver("Context.TenThousand", Drive);

#else

// More fibers than this, TSan does not take.
constexpr std::int64_t kMany = MN_TSAN ? 1'000 : 10'000;

Workload Make(Random& rng) {
  return {{"seed", {AnySeed(rng)}},
          {"count", {kMany}},
          {"rounds", {rng.Between(3, 5)}}};
}

Observations Right(const Workload& work) {
  const std::int64_t count = work.at("count")[0];
  std::vector<std::uint64_t> sums(static_cast<std::size_t>(count) + 1);
  Random order(static_cast<std::uint64_t>(work.at("seed")[0]));
  std::int64_t turns = 0;
  for (std::int64_t round = 0; round < work.at("rounds")[0]; round++) {
    for (std::int64_t id : Permutation(order, count)) {
      std::uint64_t& sum = sums[static_cast<std::size_t>(id)];
      sum = NextSum(sum, ++turns);
    }
  }
  Observations right = {{"written_below_the_top", {0}}, {"turns", {turns}}};
  for (std::int64_t id = 1; id <= count; id++) {
    const std::uint64_t sum = sums[static_cast<std::size_t>(id)];
    right.push_back({"sum", {id, static_cast<std::int64_t>(sum)}});
  }
  right.push_back({"written_above", {0}});
  return right;
}

std::string Describe(const Observation& o) {
  if (o.kind == "sum" && o.values.size() == 2) {
    return "the sum " + Hex(o.values[1]) + " in " + Who(o.values[0]);
  }
  if (o.values.size() != 1) return o.kind;
  return std::to_string(o.values[0]) +
         (o.kind == "turns" ? " turns" : " words");
}

std::string Complaint(const Observation& want, const Observation&, int) {
  if (want.kind == "turns") return "some contexts did not get their turns";
  if (want.kind == "written_below_the_top") {
    return "CtxMake wrote below the top " + std::to_string(kCtxTop) +
           " bytes of a stack";
  }
  if (want.kind == "written_above") return "memory above a stack was written";
  return Who(want.values[0]) + " did not keep its locals, or ran out of turn";
}

Verdict Decide(const Workload& work, const Observations& seen) {
  if (seen.size() > 1 && seen[1].values == Numbers{0}) return NothingRan();
  return judge::CompareWithModel(Right(work), seen, Describe, Complaint);
}

const bool kRegistered = judge::RegisterCases({
    {"Context.TenThousand", Make, Decide, Right},
});

#endif

}  // namespace
}  // namespace mn
