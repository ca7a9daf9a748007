// /proc/self/cgroup: in which cgroup the process is.
//
// One line for each hierarchy,
//
//   hierarchy:controllers:path
//
// `0::/a` is the v2 hierarchy. In v1 the cpu controller may be mounted together
// with others (`4:cpu,cpuacct:/a`). A hybrid machine has both kinds of line,
// and a controller belongs to one hierarchy only: if v1 has `cpu`, v2's groups
// have no cpu.max. A path may hold any byte but newline and NUL, colons too.
//
// Invariant:
//   CG-1 v1, v2 and hybrid machines: a v1 line with the controller `cpu` beats
//        the v2 line, whatever their order.
#pragma once

#include <string>
#include <string_view>

#include "runtime/os/cgroup/kernel_text.h"

namespace mn::cgroup {

struct CPUCgroup {
  Outcome outcome = Outcome::kNone;
  Version version = Version::V2;  // if found
  std::string path;               // if found: absolute, no NUL byte
  std::string reason;             // if not found
};

// Go's parseCPUCgroup. Any text. A malformed line is an error, as in Go: a file
// in which one line makes no sense is not the file we think it is.
CPUCgroup ParseCPUCgroup(std::string_view text);

}  // namespace mn::cgroup
