// The explorer itself, on programs whose outcomes are known (litmus tests): it
// must reach all of them, no others, and call right and wrong by their names.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "runtime/sim/atomic.h"
#include "runtime/sim/schedule_text.h"
#include "runtime/sim/search.h"

namespace mn::sim {

// The programs of this test choose their configuration themselves.
std::span<const Config> Configs() { return {}; }

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;

Atomic<int> x;
Atomic<int> y;
Atomic<int> z;
int r1;
int r2;
Plain<int> plain;
std::set<std::string>* outcomes = new std::set<std::string>;

void Fresh() {
  Renew(x);
  Renew(y);
  Renew(z);
  Renew(plain);
  r1 = r2 = -1;
}

void NoteOutcome() {
  outcomes->insert(std::to_string(r1) + std::to_string(r2));
}

using Body = void (*)(void*);

template <Body kFirst, Body kSecond>
constexpr Config Two(void (*check)() = NoteOutcome) {
  return {"two",
          "two threads",
          [] {
            Fresh();
            Spawn("T1", kFirst, nullptr);
            Spawn("T2", kSecond, nullptr);
          },
          check,
          {9, 9},
          {9, 9}};
}

// Explores everything; the failure, if any.
std::optional<Result> All(const Config& config, Memory memory) {
  outcomes->clear();
  Learn(config, memory);
  outcomes->clear();
  Effort effort;
  auto failure = SearchAll(config, memory, 9, 9, 1e9, &effort);
  EXPECT_TRUE(failure.has_value() || effort.complete);
  return failure;
}

using Outcomes = std::set<std::string>;

// ---- store buffering -------------------------------------------------------

void Sb1(void*) {
  x.store(1, kRelaxed);
  r1 = y.load(kRelaxed);
}
void Sb2(void*) {
  y.store(1, kRelaxed);
  r2 = x.load(kRelaxed);
}
void SbFenced1(void*) {
  x.store(1, kRelaxed);
  StoreLoadFence();
  r1 = y.load(kRelaxed);
}
void SbFenced2(void*) {
  y.store(1, kRelaxed);
  StoreLoadFence();
  r2 = x.load(kRelaxed);
}
void SbSeqCst2(void*) {
  y.store(1);
  r2 = x.load();
}
void SbRmw2(void*) {
  y.store(1, kRelaxed);
  z.fetch_add(1, kRelaxed);
  r2 = x.load(kRelaxed);
}

TEST(Memory, ScHasNoStoreBuffers) {
  EXPECT_FALSE(All(Two<Sb1, Sb2>(), Memory::kSc));
  EXPECT_EQ(*outcomes, (Outcomes{"01", "10", "11"}));
}

TEST(Memory, TsoLetsBothStoresWait) {
  EXPECT_FALSE(All(Two<Sb1, Sb2>(), Memory::kTso));
  EXPECT_EQ(*outcomes, (Outcomes{"00", "01", "10", "11"}));
}

TEST(Memory, FencesSeqCstStoresAndLockedOperationsDrain) {
  for (const Config& c :
       {Two<SbFenced1, SbFenced2>(), Two<SbFenced1, SbSeqCst2>(),
        Two<SbFenced1, SbRmw2>()}) {
    EXPECT_FALSE(All(c, Memory::kTso));
    EXPECT_EQ(*outcomes, (Outcomes{"01", "10", "11"}));
  }
}

TEST(Memory, OneFenceIsNotEnough) {
  EXPECT_FALSE(All(Two<SbFenced1, Sb2>(), Memory::kTso));
  EXPECT_EQ(outcomes->count("00"), 1u);
}

// ---- message passing, forwarding, coherence ---------------------------------

void Mp1(void*) {
  x.store(1, kRelaxed);
  y.store(1, kRelaxed);
}
void Mp2(void*) {
  r1 = y.load(kRelaxed);
  r2 = x.load(kRelaxed);
}
void Own1(void*) {
  x.store(1, kRelaxed);
  r1 = x.load(kRelaxed);
}
void Own2(void*) { r2 = x.exchange(2, kRelaxed); }

TEST(Memory, BuffersAreFifo) {
  EXPECT_FALSE(All(Two<Mp1, Mp2>(), Memory::kTso));
  EXPECT_EQ(*outcomes, (Outcomes{"00", "01", "11"}));
}

TEST(Memory, AThreadSeesItsOwnStores) {
  EXPECT_FALSE(All(Two<Own1, Own2>(), Memory::kTso));
  // r1 is 2 if T2's exchange came between; r2 is what was there before it.
  EXPECT_EQ(*outcomes, (Outcomes{"10", "11", "21"}));
}

// ---- happens-before --------------------------------------------------------

void Publish(void*) {
  plain.Set(1);
  x.store(1, kRelease);
}
void PublishRelaxed(void*) {
  plain.Set(1);
  x.store(1, kRelaxed);
}
void PublishFenced(void*) {
  plain.Set(1);
  StoreLoadFence();
  x.store(1, kRelaxed);
}
void Receive(void*) {
  if (x.load(kAcquire) == 1) plain.Get();
}
void ReceiveRelaxed(void*) {
  if (x.load(kRelaxed) == 1) plain.Get();
}
void ReceiveFenced(void*) {
  if (x.load(kRelaxed) == 1) {
    StoreLoadFence();
    plain.Get();
  }
}
void WriteToo(void*) { plain.Set(2); }

TEST(HappensBefore, ReleaseAndAcquirePublish) {
  for (const Config& c :
       {Two<Publish, Receive>(), Two<PublishFenced, Receive>(),
        Two<Publish, ReceiveFenced>(), Two<PublishFenced, ReceiveFenced>()}) {
    EXPECT_FALSE(All(c, Memory::kTso));
  }
}

TEST(HappensBefore, RelaxedDoesNot) {
  for (const Config& c :
       {Two<PublishRelaxed, Receive>(), Two<Publish, ReceiveRelaxed>(),
        Two<Publish, WriteToo>()}) {
    const auto failure = All(c, Memory::kSc);
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->kind, "data race");
  }
}

// A relaxed read-modify-write goes on with the release sequence; a relaxed
// store ends it.
void AddRelaxed(void*) { x.fetch_add(1, kRelaxed); }
void StoreRelaxed(void*) {
  if (x.load(kRelaxed) == 1) x.store(2, kRelaxed);
}
void ReceiveTwo(void*) {
  if (x.load(kAcquire) == 2) plain.Get();
}

template <Body kMiddle>
constexpr Config Three() {
  return {"three",
          "three threads",
          [] {
            Fresh();
            Spawn("T1", Publish, nullptr);
            Spawn("T2", kMiddle, nullptr);
            Spawn("T3", ReceiveTwo, nullptr);
          },
          nullptr,
          {9, 9},
          {9, 9}};
}

TEST(HappensBefore, ReleaseSequences) {
  // The add either continues the release (2) or comes first (then x is 1).
  EXPECT_FALSE(All(Three<AddRelaxed>(), Memory::kSc));
  const auto failure = All(Three<StoreRelaxed>(), Memory::kSc);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, "data race");
}

// ---- ends ------------------------------------------------------------------

Atomic<std::uint32_t> word;

void SleepFirst(void*) {
  OpFutexWait(&word, Atomic<std::uint32_t>::kType, 0, -1, {"test", 1});
}
void WakeOnly(void*) { OpFutexWake(&word, 1, {"test", 2}); }
void SpinForX(void*) {
  while (x.load(kAcquire) == 0) CpuRelax();
}
void SetX(void*) { x.store(1, kRelease); }
void SpinForY(void*) {
  while (y.load(kAcquire) == 0) CpuRelax();
}
void Nothing(void*) {}

TEST(Ends, Exp2_AWakeUpThatComesFirstIsLost) {
  const auto failure = All(Two<SleepFirst, WakeOnly>(nullptr), Memory::kSc);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, "deadlock");
}

TEST(Ends, SpinningIsFair) {
  EXPECT_FALSE(All(Two<SpinForX, SetX>(nullptr), Memory::kTso));
}

TEST(Ends, Exp2_SpinningForWhatNeverComesIsALivelock) {
  const auto failure = All(Two<SpinForY, Nothing>(nullptr), Memory::kSc);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, "livelock");
}

void Crash(void*) {
  volatile int* volatile null = nullptr;
  x.store(1, kRelaxed);
  *null = 1;
}

TEST(Ends, Exp2_ANullPointerEndsTheScheduleNotTheProcess) {
  const auto failure = All(Two<Crash, Nothing>(nullptr), Memory::kSc);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, "crash");
}

// ---- search ----------------------------------------------------------------

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

TEST(Search, BoundsCountPreemptions) {
  const Config c = Two<Window1, Window2>(nullptr);
  Learn(c, Memory::kSc);
  Effort effort;
  EXPECT_FALSE(SearchAll(c, Memory::kSc, 1, 0, 1e9, &effort));
  EXPECT_TRUE(SearchAll(c, Memory::kSc, 3, 0, 1e9, &effort));
}

TEST(Search, RandomAndPctFindItToo) {
  const Config c = Two<Window1, Window2>(nullptr);
  Unlearn();
  Effort effort;
  EXPECT_TRUE(SearchRandom(c, Memory::kSc, 1, 10'000, 1e9, &effort));
  EXPECT_TRUE(SearchPct(c, Memory::kSc, 1, 10'000, 1e9, &effort));
}

TEST(Search, Exp1_AFailureShrinksAndRepeatsFromItsText) {
  const Config c = Two<Window1, Window2>(nullptr);
  Unlearn();
  Effort effort;
  const auto failure = SearchRandom(c, Memory::kSc, 7, 10'000, 1e9, &effort);
  ASSERT_TRUE(failure);
  const Schedule shrunk = Shrink(c, Memory::kSc, *failure);
  EXPECT_LE(shrunk.size(), failure->schedule.size());
  Ticket ticket;
  ASSERT_TRUE(Decode(Encode({0, Memory::kSc, shrunk}), &ticket));
  EXPECT_EQ(ticket.schedule, shrunk);
  for (int i = 0; i < 2; i++) {  // EXP-1
    const Result again = Rerun(c, ticket.memory, ticket.schedule);
    EXPECT_EQ(again.outcome, Outcome::kViolation);
    EXPECT_EQ(again.text, failure->text);
  }
}

// ---- nothing is lost -------------------------------------------------------

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

constexpr Config kDrawn = {"drawn",
                           "a program drawn by chance",
                           [] {
                             for (auto& v : variables) Renew(v);
                             for (auto& thread : seen) {
                               for (int& s : thread) s = -1;
                             }
                             for (std::intptr_t t = 0; t < 3; t++) {
                               Spawn("T", Interpret,
                                     reinterpret_cast<void*>(t));
                             }
                           },
                           [] {
                             std::string outcome;
                             for (const auto& thread : seen) {
                               for (const int s : thread)
                                 outcome += std::to_string(s) + " ";
                             }
                             for (const auto& v : variables)
                               outcome += std::to_string(v.load()) + " ";
                             outcomes->insert(outcome);
                           },
                           {9, 9},
                           {9, 9}};

Outcomes Reach(Memory memory, int preemptions, int delays, bool reduce) {
  Unlearn();
  outcomes->clear();
  Settings settings;
  settings.memory = memory;
  auto strategy = std::make_unique<DepthFirst>(preemptions, delays, reduce);
  for (;;) {
    const Result r = Execute(kDrawn, settings, *strategy);
    if (r.outcome == Outcome::kLearned) {
      strategy = std::make_unique<DepthFirst>(preemptions, delays, reduce);
    } else if (!strategy->Next()) {
      return *outcomes;
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
