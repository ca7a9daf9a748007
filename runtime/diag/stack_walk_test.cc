#include "runtime/diag/stack_walk.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/diag/symbols.h"

namespace mn::internal {
namespace {

using Pcs = std::vector<std::uintptr_t>;

void Collect(void* arg, std::uintptr_t pc, bool) {
  static_cast<Pcs*>(arg)->push_back(pc);
}

// A made-up stack of 8-byte words; frame i is {outer frame pointer, pc}.
class FakeStack {
 public:
  std::uintptr_t At(int word) const {
    return reinterpret_cast<std::uintptr_t>(words_) + 8 * word;
  }
  void Frame(int word, std::uintptr_t outer, std::uintptr_t pc) {
    words_[word] = outer;
    words_[word + 1] = pc;
  }
  StackBounds Bounds() const { return {At(0), At(kWords)}; }
  Pcs Walk(std::uintptr_t fp) const { return Walk(fp, Bounds()); }
  static Pcs Walk(std::uintptr_t fp, StackBounds bounds) {
    Pcs pcs;
    WalkFramePointers(fp, bounds, &Collect, &pcs);
    return pcs;
  }

  static constexpr int kWords = 64;

 private:
  std::uintptr_t words_[kWords] = {};
};

TEST(WalkFramePointers, FollowsTheChainOutwards) {
  FakeStack s;
  s.Frame(2, s.At(10), 111);
  s.Frame(10, s.At(40), 222);
  s.Frame(40, 0, 333);
  EXPECT_EQ(s.Walk(s.At(2)), (Pcs{111, 222, 333}));
}

TEST(WalkFramePointers, EndsOutsideTheStack) {
  FakeStack s;
  s.Frame(2, s.At(FakeStack::kWords + 2), 111);
  EXPECT_EQ(s.Walk(s.At(2)), Pcs{111});
  EXPECT_EQ(s.Walk(0), Pcs{});
  EXPECT_EQ(s.Walk(s.At(0) - 16), Pcs{});
  EXPECT_EQ(s.Walk(~std::uintptr_t{7}), Pcs{});
}

TEST(WalkFramePointers, NeedsRoomForAWholeFrame) {
  FakeStack s;
  s.Frame(FakeStack::kWords - 2, 0, 111);
  EXPECT_EQ(s.Walk(s.At(FakeStack::kWords - 2)), Pcs{111});
  EXPECT_EQ(s.Walk(s.At(FakeStack::kWords - 1)), Pcs{});
}

TEST(WalkFramePointers, EndsAtAMisalignedFrame) {
  FakeStack s;
  s.Frame(2, s.At(10) + 1, 111);
  s.Frame(10, 0, 222);
  EXPECT_EQ(s.Walk(s.At(2)), Pcs{111});
}

TEST(WalkFramePointers, NeverGoesInwardsOrRound) {
  FakeStack s;
  s.Frame(10, s.At(10), 111);
  EXPECT_EQ(s.Walk(s.At(10)), Pcs{111});
  s.Frame(10, s.At(2), 111);
  s.Frame(2, s.At(10), 222);
  EXPECT_EQ(s.Walk(s.At(10)), Pcs{111});
}

TEST(WalkFramePointers, EndsAtANullReturnAddress) {
  FakeStack s;
  s.Frame(2, s.At(10), 0);
  EXPECT_EQ(s.Walk(s.At(2)), Pcs{});
}

// What the functions at these addresses are called.
std::vector<std::string> Names(const Pcs& pcs) {
  std::vector<std::string> names;
  for (std::uintptr_t pc : pcs) {
    Symbolize(
        pc, false,
        [](void* arg, const Frame& f) {
          static_cast<std::vector<std::string>*>(arg)->push_back(
              f.function != nullptr ? f.function : "??");
        },
        &names);
  }
  return names;
}

bool Contains(const std::vector<std::string>& names, std::string_view part) {
  for (const std::string& name : names) {
    if (name.find(part) != std::string::npos) return true;
  }
  return false;
}

Pcs by_tables;

__attribute__((noinline)) void TakeTrace() {
  by_tables.clear();
  const StackPoint here = MN_CALLERS_STACK_POINT();
  WalkByTables(here, {}, &Collect, &by_tables);
}

extern "C" __attribute__((noinline)) int CompareTakingATrace(const void*,
                                                             const void*) {
  TakeTrace();
  asm volatile("");  // not a tail call
  return 0;
}

// libc keeps no frame pointer: only the tables lead out of the comparator.
extern "C" __attribute__((noinline)) void SortInts(int* ints) {
  qsort(ints, 2, sizeof ints[0], &CompareTakingATrace);
  asm volatile("");
}

TEST(WalkByTables, GoesThroughCodeWithoutFramePointers) {
  int ints[] = {2, 1};
  SortInts(ints);
  const auto names = Names(by_tables);
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.front(), "CompareTakingATrace");
  EXPECT_TRUE(Contains(names, "SortInts")) << testing::PrintToString(names);
  EXPECT_TRUE(Contains(names, "main")) << testing::PrintToString(names);
}

TEST(WalkByTables, StopsAtTheBounds) {
  Pcs pcs;
  int here = 0;
  const auto addr = reinterpret_cast<std::uintptr_t>(&here);
  const StackPoint point =
      CallerOf(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
  WalkByTables(point, {addr, point.sp}, &Collect, &pcs);
  EXPECT_EQ(pcs.size(), 2u);  // the point itself, and the first one outside
}

TEST(CallOnFreshStack, RunsAndComesBack) {
  int calls = 0;
  CallOnFreshStack([](void* n) { ++*static_cast<int*>(n); }, &calls);
  EXPECT_EQ(calls, 1);
}

TEST(CallOnFreshStack, HasRoomForTheDemangler) {
  std::uintptr_t inside = 0;
  CallOnFreshStack(
      [](void* out) {
        volatile char room[512 * 1024];
        room[0] = 1;
        room[sizeof room - 1] = 1;
        *static_cast<std::uintptr_t*>(out) =
            reinterpret_cast<std::uintptr_t>(&room[0]);
      },
      &inside);
  EXPECT_NE(inside, 0u);
}

TEST(CallOnFreshStack, Nests) {
  int depth = 0;
  CallOnFreshStack(
      [](void* n) {
        ++*static_cast<int*>(n);
        CallOnFreshStack([](void* n) { ++*static_cast<int*>(n); }, n);
      },
      &depth);
  EXPECT_EQ(depth, 2);
}

TEST(CallOnFreshStack, AnExceptionInsideStaysInside) {
  bool caught = false;
  CallOnFreshStack(
      [](void* caught) {
        try {
          throw 1;
        } catch (int) {
          *static_cast<bool*>(caught) = true;
        }
      },
      &caught);
  EXPECT_TRUE(caught);
}

}  // namespace
}  // namespace mn::internal
