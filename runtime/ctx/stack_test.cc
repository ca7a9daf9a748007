// Stacks: sizes, guards, who owns an address. No runtime runs here.
#include "runtime/ctx/stack.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "runtime/core/sched.h"
#include "runtime/testing/bare_program.h"

namespace mn {
namespace {

using test::Died;
using test::RunProgram;

std::size_t SizeOf(std::size_t asked) {
  return std::size_t{1} << StackClass(asked);
}

TEST(StackClass, RoundsUpToAPowerOfTwoFrom16KiB) {
  EXPECT_EQ(SizeOf(0), 16u << 10);
  EXPECT_EQ(SizeOf(16 << 10), 16u << 10);
  EXPECT_EQ(SizeOf((16 << 10) + 1), 32u << 10);
  EXPECT_EQ(SizeOf(64 << 10), 64u << 10);
  EXPECT_EQ(SizeOf(100'000), 128u << 10);
  EXPECT_EQ(SizeOf(kMaxStackSize), kMaxStackSize);
  EXPECT_EQ(StackClass(kDefaultStackSize), kDefaultStackClass);
}

MN_BARE_PROGRAM(AsksForTooLargeAStack) {
  StackClass(kMaxStackSize + 1);
  return 0;
}

TEST(StackClass, TooLargeIsFatalAndNamesTheLimit) {
  EXPECT_TRUE(Died(RunProgram("AsksForTooLargeAStack"),
                   "runtime: GoOptions::stack_size exceeds 4 GiB\n"
                   "fatal error: stack size out of range"));
}

TEST(CarveStacks, Stk1_GivesDistinctGsWithDisjointStacks) {
  std::set<std::uintptr_t> tops;
  std::uintptr_t last_lo = 0;
  for (int round = 0; round < 10; round++) {
    int got = 0;
    int n = 0;
    for (G* gp = CarveStacks(kDefaultStackClass, 16, &got); gp != nullptr;
         gp = gp->schedlink) {
      n++;
      EXPECT_TRUE(tops.insert(gp->stack_hi).second);
      EXPECT_EQ(gp->stack_hi, reinterpret_cast<std::uintptr_t>(gp));
      EXPECT_EQ(gp->stack_class, kDefaultStackClass);
      EXPECT_EQ(gp->status.load(), GStatus::kIdle);
      const std::size_t usable = gp->stack_hi - gp->stack_lo;
      EXPECT_GT(usable, kDefaultStackSize - 2 * 4096);
      EXPECT_LT(usable, kDefaultStackSize);
      EXPECT_NE(gp->stack_lo, last_lo);
      last_lo = gp->stack_lo;
    }
    EXPECT_EQ(n, got);
    EXPECT_GE(got, 1);
  }
}

TEST(CarveStacks, TheWholeStackCanBeWritten) {
  for (std::uint32_t stack_class : {14u, 16u, 18u, 20u}) {
    int got = 0;
    G* gp = CarveStacks(stack_class, 1, &got);
    for (std::uintptr_t a = gp->stack_lo; a < gp->stack_hi; a += 4096) {
      *reinterpret_cast<volatile char*>(a) = 1;
    }
    *reinterpret_cast<volatile char*>(gp->stack_hi - 1) = 1;
  }
}

// Whether a write there is a fault, found out in a child process.
bool Faults(std::uintptr_t addr) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGSEGV, SIG_DFL);
    ::signal(SIGBUS, SIG_DFL);
    *reinterpret_cast<volatile char*>(addr) = 1;
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) &&
         (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS);
}

TEST(Guard, IsEffectiveBelowEveryStack) {
  for (std::uint32_t stack_class : {14u, 16u, 18u, 20u}) {
    int got = 0;
    G* gp = CarveStacks(stack_class, 2, &got);
    for (; gp != nullptr; gp = gp->schedlink) {
      EXPECT_FALSE(Faults(gp->stack_lo)) << stack_class;
      EXPECT_TRUE(Faults(gp->stack_lo - 1)) << stack_class;
      EXPECT_TRUE(Faults(gp->stack_lo - 4096)) << stack_class;
    }
  }
}

TEST(Guard, OfALargeStackIs64KiB) {
  int got = 0;
  G* gp = CarveStacks(20, 1, &got);
  EXPECT_TRUE(Faults(gp->stack_lo - 64 * 1024));
}

TEST(GuardOwner, KnowsWhoseGuardAnAddressIsIn) {
  int got = 0;
  for (G* gp = CarveStacks(kDefaultStackClass, 4, &got); gp != nullptr;
       gp = gp->schedlink) {
    EXPECT_EQ(GuardOwner(gp->stack_lo - 1), gp);
    EXPECT_EQ(GuardOwner(gp->stack_lo - 4096), gp);
    EXPECT_EQ(GuardOwner(gp->stack_lo), nullptr);
    EXPECT_EQ(GuardOwner(gp->stack_hi), nullptr);
  }
  EXPECT_EQ(GuardOwner(0), nullptr);
  EXPECT_EQ(GuardOwner(reinterpret_cast<std::uintptr_t>(&got)), nullptr);
}

TEST(ForEachG, SeesTheLivingOnly) {
  int got = 0;
  G* gp = CarveStacks(kDefaultStackClass, 1, &got);
  const auto sees = [gp] {
    struct Search {
      G* wanted;
      bool found = false;
    } search{gp};
    ForEachG(
        [](G* g, void* p) {
          auto* s = static_cast<Search*>(p);
          if (g == s->wanted) s->found = true;
        },
        &search);
    return search.found;
  };
  EXPECT_FALSE(sees());
  gp->status.store(GStatus::kWaiting);
  EXPECT_TRUE(sees());
  gp->status.store(GStatus::kDead);
  EXPECT_FALSE(sees());
}

}  // namespace
}  // namespace mn
