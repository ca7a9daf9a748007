#include "runtime/os/cgroup/affinity.h"

#include <sched.h>

#include <array>

namespace mn::cgroup {

std::int32_t AffinityCount() noexcept {
  std::array<cpu_set_t, 65536 / CPU_SETSIZE> mask{};
  if (sched_getaffinity(0, sizeof(mask), mask.data()) != 0) return 1;
  const int count = CPU_COUNT_S(sizeof(mask), mask.data());
  return count < 1 ? 1 : count;
}

}  // namespace mn::cgroup
