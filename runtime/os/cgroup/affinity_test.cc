#include "runtime/os/cgroup/affinity.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace mn::cgroup {
namespace {

// The first `n` CPUs that this thread may use, or fewer.
cpu_set_t First(int n) {
  cpu_set_t all, some;
  CPU_ZERO(&some);
  EXPECT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  for (int cpu = 0; cpu < CPU_SETSIZE && n > 0; cpu++) {
    if (!CPU_ISSET(cpu, &all)) continue;
    CPU_SET(cpu, &some);
    n--;
  }
  return some;
}

TEST(Affinity, Cg4_IsTheNumberOfCpusInTheMask) {
  std::thread([] {
    const int before = AffinityCount();
    const cpu_set_t all = First(CPU_SETSIZE);
    EXPECT_EQ(before, CPU_COUNT(&all));
    for (int n = before; n >= 1; n--) {
      const cpu_set_t some = First(n);
      ASSERT_EQ(sched_setaffinity(0, sizeof(some), &some), 0);
      EXPECT_EQ(AffinityCount(), n);
    }
  }).join();
}

TEST(Affinity, Cg4_IsTheCallingThreads) {
  const int here = AffinityCount();
  if (here < 2) GTEST_SKIP() << "needs 2 CPUs";
  std::thread([] {
    const cpu_set_t one = First(1);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_EQ(AffinityCount(), 1);
  }).join();
  EXPECT_EQ(AffinityCount(), here);
}

}  // namespace
}  // namespace mn::cgroup
