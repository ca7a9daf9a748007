// The default of GOMAXPROCS: what it is when neither the environment nor the
// program has set it.
//
// A container that may use half a CPU on a machine with 64 of them has an
// affinity of 64. With 64 Ps the kernel lets all of them run until the quota of
// the period (50 ms of CPU time, gone in 1 ms) is used up, and then none of
// them for the rest of it: the tail latencies of section 9 of the document.
//
// A quota of 2.5 CPUs is rounded up: 2 would leave paid-for time unused. The
// profiles differ on quotas up to 1:
//   kDocument  `cpu: 500m` is 1 (section 9).
//   kGo        2 is the least.
// Neither exceeds the number of CPUs, so both say 1 where there is one.
//
// Invariants:
//   CG-2 no quota is no limit: the result is ncpu.
//   CG-3 the quota is rounded up, and then at least 1 (kDocument) or at least
//        2 (kGo).
//   CG-4 the result is never more than ncpu, the CPUs in the affinity mask.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/os/cgroup/cpu.h"

namespace mn::cgroup {

enum class Profile { kDocument, kGo };

enum class Why {
  kNoQuota,    // ncpu
  kQuota,      // a whole number of CPUs
  kRoundedUp,  // the next whole number
  kMinimum,    // Go's 2
  kNumCPU,     // ncpu, because the quota asks for more
};

struct Gomaxprocs {
  std::int32_t procs = 1;
  Why why = Why::kNoQuota;
};

// Go's defaultGOMAXPROCS. `ncpu` below 1 counts as 1; a quota that is not a
// number > 0 as none. Pure; no heap.
Gomaxprocs DefaultGomaxprocs(Profile profile, std::int32_t ncpu,
                             std::optional<double> quota) noexcept;

// One line, without a newline, for whoever wonders about the value. `limit` is
// the one whose `cpus` was the quota, `cpu` where it came from.
//   maxprocs: GOMAXPROCS=3: quota of 2.5 CPUs, rounded up (cgroup v2,
//   /sys/fs/cgroup/a/cpu.max)
std::string ExplainGomaxprocs(const Gomaxprocs& g, const CPU& cpu,
                              const Limit& limit);

}  // namespace mn::cgroup
