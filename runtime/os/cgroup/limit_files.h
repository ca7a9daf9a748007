// The files of a cgroup that hold its CPU limit.
//
//   v1  cpu.cfs_quota_us   "50000\n", "-1\n": no limit
//       cpu.cfs_period_us  "100000\n"
//   v2  cpu.max            "50000 100000\n", "max 100000\n": no limit
//
// `quota` microseconds of CPU time in every period of `period` microseconds.
//
// Invariants:
//   CGF-4 a limit is a finite number > 0; whatever else a file says is
//         malformed and limits nothing. (Go computes with a quota or a period
//         of 0, which no kernel writes.)
//   CGF-5 a value that does not end in a newline is malformed: it may have been
//         cut off in the middle of a number.
// Thread-safety: pure functions; no heap.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/os/cgroup/kernel_text.h"

namespace mn::cgroup {

// How much of a file is read. Two int64, a space and a newline are 40 bytes; of
// a longer file the number or the newline is not among those read (CGF-5).
inline constexpr std::size_t kMaxLimitFile = 64;

struct Quota {
  Outcome outcome = Outcome::kError;  // kNone: no limit; kError: malformed
  double cpus = 0;                    // if found
};

// Nothing if malformed.
std::optional<std::int64_t> ParseV1Number(std::string_view text);

// From the texts of the two files of v1. Without a quota the period is not
// looked at.
Quota ParseV1Limit(std::string_view quota, std::string_view period);

// From the text of cpu.max.
Quota ParseV2Limit(std::string_view text);

}  // namespace mn::cgroup
