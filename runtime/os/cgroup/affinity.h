// How many CPUs the kernel lets the calling thread run on.
//
// Not std::thread::hardware_concurrency, which is allowed to guess, and not the
// number of CPUs online: `taskset` and cpusets take CPUs away.
//
// The kernel refuses a mask that has no room for all CPUs it was built for
// (EINVAL; a glibc cpu_set_t has 1024), so the mask here has room for 65 536,
// as Go's. Rejected: a mask that grows on the heap until the kernel takes it; a
// kernel for x86-64 can be built for 8192 CPUs at most.
//
// A cgroup's CPU quota is another matter: it says how much, not on how many.
#pragma once

#include <cstdint>

namespace mn::cgroup {

// The CPUs in the affinity mask of the calling thread (CG-4): Go's
// getproccount, whose value at the start is NumCPU. At least 1, also if
// the kernel does not say. No heap; 8 KiB of stack; any thread.
std::int32_t AffinityCount() noexcept;

}  // namespace mn::cgroup
