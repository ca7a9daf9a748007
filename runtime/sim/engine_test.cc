// The engine, on programs whose outcomes are known (litmus tests): it must
// reach all of them, no others, and call right and wrong by their names.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "runtime/sim/atomic.h"
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
  return {.name = "two",
          .what = "two threads",
          .setup =
              [] {
                Fresh();
                Spawn("T1", kFirst, nullptr);
                Spawn("T2", kSecond, nullptr);
              },
          .check = check};
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
  return {.name = "three", .what = "three threads", .setup = [] {
            Fresh();
            Spawn("T1", Publish, nullptr);
            Spawn("T2", kMiddle, nullptr);
            Spawn("T3", ReceiveTwo, nullptr);
          }};
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

}  // namespace
}  // namespace mn::sim
