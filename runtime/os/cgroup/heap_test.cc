// What happens when memory runs out: this program's operator new may say so.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "runtime/os/cgroup/affinity.h"
#include "runtime/os/cgroup/cpu.h"
#include "runtime/os/cgroup/default_gomaxprocs.h"
#include "runtime/os/cgroup/fake_root.h"

namespace {

constexpr long kUnlimited = -1;

// How many allocations succeed before one fails.
long allocations_left = kUnlimited;

}  // namespace

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (allocations_left == 0) return nullptr;
  if (allocations_left > 0) allocations_left--;
  return std::malloc(size);
}
void* operator new(std::size_t size) {
  void* p = operator new(size, std::nothrow);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace mn::cgroup {
namespace {

FakeRoot& ThreeGroups(FakeRoot& root) {
  return root.V1("/a/b")
      .V1Limit("/cg", "-1\n")
      .V1Limit("/cg/a", "half\n")
      .V1Limit("/cg/a/b", "250000\n");
}

TEST(Heap, Cg5_WhicheverAllocationFailsOpenReportsIt) {
  FakeRoot root;
  ThreeGroups(root);
  long failures = 0;
  for (;; failures++) {
    allocations_left = failures;
    const CPU cpu = CPU::Open(root.path(), Policy::kWholePath);
    allocations_left = kUnlimited;
    if (cpu.outcome() == Outcome::kFound) break;
    ASSERT_EQ(cpu.outcome(), Outcome::kError);
    ASSERT_EQ(cpu.reason(), "out of memory");
    ASSERT_EQ(cpu.Read().cpus, std::nullopt);
  }
  EXPECT_GT(failures, 5);
}

TEST(Heap, Cg7_ReadNeedsNone) {
  FakeRoot root;
  ThreeGroups(root);
  const CPU cpu = CPU::Open(root.path(), Policy::kWholePath);
  allocations_left = 0;
  const Limit limit = cpu.Read();
  const Gomaxprocs g =
      DefaultGomaxprocs(Profile::kGo, AffinityCount(), limit.cpus);
  allocations_left = kUnlimited;
  EXPECT_EQ(limit.cpus, 2.5);
  EXPECT_STREQ(limit.problem, "malformed");
  EXPECT_GE(g.procs, 1);
}

}  // namespace
}  // namespace mn::cgroup
