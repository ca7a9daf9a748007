// Kernels that the machine at hand does not have: this program's
// sched_getaffinity stands in for libc's.
#include <gtest/gtest.h>
#include <sched.h>

#include <cerrno>
#include <cstring>

#include "runtime/os/cgroup/affinity.h"

namespace {

// Built for this many CPUs, all of which the thread may use; -1: does not say.
int kernel_cpus = 0;

}  // namespace

extern "C" int sched_getaffinity(pid_t, size_t size, cpu_set_t* mask) noexcept {
  const auto bytes = static_cast<size_t>(kernel_cpus) / 8;
  if (kernel_cpus < 0 || size < bytes) {
    errno = EINVAL;
    return -1;
  }
  memset(mask, 0, size);
  memset(mask, 0xff, bytes);
  return 0;
}

namespace mn::cgroup {
namespace {

TEST(AffinityKernel, Cg4_MoreCpusThanACpuSetHas) {
  for (int cpus : {8, 1024, 1032, 8192, 65536}) {
    kernel_cpus = cpus;
    EXPECT_EQ(AffinityCount(), cpus);
  }
}

TEST(AffinityKernel, IsAtLeastOne) {
  for (int cpus : {0, -1}) {
    kernel_cpus = cpus;
    EXPECT_EQ(AffinityCount(), 1);
  }
}

}  // namespace
}  // namespace mn::cgroup
