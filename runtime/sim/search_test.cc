// The searches: what they find, how far they say they have looked, and that the
// reduction loses no outcome.
#include "runtime/sim/search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>

#include "runtime/sim/atomic.h"
#include "runtime/sim/schedule_text.h"

namespace mn::sim {

// The programs of this test choose their configuration themselves.
std::span<const Config> Configs() { return {}; }

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;

Atomic<int> x;
Atomic<int> y;

// Lost only if T2 runs between two given steps of T1, twice.
void Window1(void*) {
  x.store(1, kRelaxed);
  x.store(2, kRelaxed);
  y.store(1, kRelaxed);
  y.store(2, kRelaxed);
}
void Window2(void*) {
  const bool first = x.load(kRelaxed) == 1;
  const bool second = y.load(kRelaxed) == 1;
  Expect(!first || !second, "never both");
}

void SetUpWindows() {
  Renew(x);
  Renew(y);
  Spawn("T1", Window1, nullptr);
  Spawn("T2", Window2, nullptr);
}

constexpr Config kWindows = {
    .name = "windows", .what = "two threads", .setup = SetUpWindows};

TEST(Search, BoundsCountPreemptions) {
  Learn(kWindows, Memory::kSc);
  Effort effort;
  EXPECT_FALSE(SearchAll(kWindows, Memory::kSc, 1, 0, 1e9, &effort));
  EXPECT_TRUE(SearchAll(kWindows, Memory::kSc, 3, 0, 1e9, &effort));
}

TEST(Search, RandomAndPctFindItToo) {
  Unlearn();
  Effort effort;
  EXPECT_TRUE(SearchRandom(kWindows, Memory::kSc, 1, 10'000, 1e9, &effort));
  EXPECT_TRUE(SearchPct(kWindows, Memory::kSc, 1, 10'000, 1e9, &effort));
}

TEST(Search, Exp1_AFailureShrinksAndRepeatsFromItsText) {
  Unlearn();
  Effort effort;
  const auto failure =
      SearchRandom(kWindows, Memory::kSc, 7, 10'000, 1e9, &effort);
  ASSERT_TRUE(failure);
  const Schedule shrunk = Shrink(kWindows, Memory::kSc, *failure);
  EXPECT_LE(shrunk.size(), failure->schedule.size());
  Ticket ticket;
  ASSERT_TRUE(Decode(Encode({0, Memory::kSc, shrunk}), &ticket));
  EXPECT_EQ(ticket.schedule, shrunk);
  for (int i = 0; i < 2; i++) {  // EXP-1
    const Result again = Rerun(kWindows, ticket.memory, ticket.schedule);
    EXPECT_EQ(again.outcome, Outcome::kViolation);
    EXPECT_EQ(again.text, failure->text);
  }
}

// ---- nothing is lost -------------------------------------------------------

using Outcomes = std::set<std::string>;
// Never destroyed: an allocation of a model may outlive main.
Outcomes& outcomes = *new Outcomes;

// Small programs drawn by chance: three threads, each a few operations.
struct Op {
  enum Kind { kLoad, kStore, kAdd, kCas, kStoreSc, kFence, kKinds } kind;
  int variable;
  int value;
};
constexpr int kOps = 3;
Op program[3][kOps];
int seen[3][kOps];
Atomic<int> variables[3];

void Interpret(void* arg) {
  const auto t = static_cast<int>(reinterpret_cast<std::intptr_t>(arg));
  for (int i = 0; i < kOps; i++) {
    const Op& op = program[t][i];
    Atomic<int>& v = variables[op.variable];
    switch (op.kind) {
      case Op::kLoad:
        seen[t][i] = v.load(kAcquire);
        break;
      case Op::kStore:
        v.store(op.value, kRelease);
        break;
      case Op::kStoreSc:
        v.store(op.value);
        break;
      case Op::kAdd:
        seen[t][i] = v.fetch_add(op.value, kRelaxed);
        break;
      case Op::kCas: {
        int expected = 0;
        v.compare_exchange_strong(expected, op.value, kAcquire, kRelaxed);
        seen[t][i] = expected;
        break;
      }
      default:
        StoreLoadFence();
    }
  }
}

void SetUpDrawn() {
  for (auto& v : variables) Renew(v);
  for (auto& thread : seen) {
    for (int& s : thread) s = -1;
  }
  for (std::intptr_t t = 0; t < 3; t++) {
    Spawn("T", Interpret, reinterpret_cast<void*>(t));
  }
}

void NoteOutcome() {
  std::string outcome;
  for (const auto& thread : seen) {
    for (const int s : thread) outcome += std::to_string(s) + " ";
  }
  for (const auto& v : variables) outcome += std::to_string(v.load()) + " ";
  outcomes.insert(outcome);
}

constexpr Config kDrawn = {.name = "drawn",
                           .what = "a program drawn by chance",
                           .setup = SetUpDrawn,
                           .check = NoteOutcome};

Outcomes Reach(Memory memory, int preemptions, int delays, bool reduce) {
  Unlearn();
  outcomes.clear();
  Settings settings;
  settings.memory = memory;
  auto strategy = std::make_unique<DepthFirst>(preemptions, delays, reduce);
  for (;;) {
    const Result r = Execute(kDrawn, settings, *strategy);
    if (r.outcome == Outcome::kLearned) {
      strategy = std::make_unique<DepthFirst>(preemptions, delays, reduce);
    } else if (!strategy->Next()) {
      return outcomes;
    }
  }
}

TEST(Search, TheReductionLosesNoOutcome) {
  std::uint64_t random = 1;
  const auto draw = [&random](int n) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int>((random >> 33) % static_cast<std::uint64_t>(n));
  };
  std::size_t most = 0;
  const char* programs = std::getenv("MN_SIM_PROGRAMS");
  const int n = programs != nullptr ? std::atoi(programs) : 20;
  for (int i = 0; i < n; i++) {
    for (auto& thread : program) {
      for (Op& op : thread) {
        // Twice as many loads and stores as others; not all variables shared.
        const int kind = draw(Op::kKinds + 3);
        op = {static_cast<Op::Kind>(kind >= Op::kKinds ? kind % 2 : kind),
              draw(3), 1 + draw(3)};
      }
    }
    for (const Memory memory : {Memory::kSc, Memory::kTso}) {
      for (const int preemptions : {1, 2}) {
        for (const int delays : {0, 2}) {
          const Outcomes all = Reach(memory, preemptions, delays, false);
          const Outcomes reduced = Reach(memory, preemptions, delays, true);
          most = std::max(most, all.size());
          for (const std::string& outcome : all) {
            ASSERT_EQ(reduced.count(outcome), 1u)
                << "program " << i << ", preemptions " << preemptions
                << ", delays " << delays << ": " << outcome;
          }
        }
      }
    }
  }
  EXPECT_GT(most, 20u);  // the programs were worth it
}

TEST(Search, NonsenseIsNoSchedule) {
  Ticket ticket;
  for (const char* text : {"", "0", "0z", "00g", "02", "001", "0010"}) {
    EXPECT_FALSE(Decode(text, &ticket)) << text;
  }
  EXPECT_TRUE(Decode("00", &ticket));
}

}  // namespace
}  // namespace mn::sim
