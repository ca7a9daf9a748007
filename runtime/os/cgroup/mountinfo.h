// /proc/self/mountinfo: under which directory a cgroup can be seen.
//
//   36 35 0:30 /root /point rw,noatime master:1 - cgroup2 source rw,cpu
//   (1)(2)(3)  (4)   (5)    (6)        (7)...  (8)(9)     (10)   (11)
//
// (4) which part of the hierarchy is mounted: not "/" in a container that does
// not have its own cgroup namespace, or for a bind mount of a subtree; (5)
// where; (7) any number of optional fields, ended by (8); (9) `cgroup` is v1,
// whose controllers are options in (11). Space, tab, newline and backslash in a
// path are \040, \011, \012, \134.
//
// Why it is hard. The group `/docker/42` under a mount with root `/docker/42`
// is the mount point itself. Under root `/docker/4` it is not there at all:
// paths match by components. Seen from inside a cgroup namespace, what lies
// outside is `/..`, in the group's path and in a mount's root; these dots are
// names and not for open(2), which would take them for the parent of the mount
// point. And the same hierarchy may be mounted several times, at points that
// are covered by other mounts.
//
// Rejected: joining mount point and path without the root, as Go did at first
// (in a Docker container on v1 it opens a file that is not there); asking
// statfs whether the directory is a cgroup's: tests need plain directories.
//
// Invariants:
//   CGF-1 a mount shows the group if its root is the group or an ancestor of
//         it, by components; the rest of the path holds no "..".
//   CGF-2 all mounts that show the group are returned, the one that shows the
//         most of its ancestors first; of equals the later one, which covers
//         the earlier at the same point.
//   CGF-3 a path is taken with its escapes undone, or not at all.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/os/cgroup/kernel_text.h"

namespace mn::cgroup {

// Where a group is: the directory point + below.
struct CPUMount {
  std::string point;  // absolute, no NUL byte
  std::string below;  // "" if the group is the mount's root, else "/a/b"
};

struct CPUMounts {
  Outcome outcome = Outcome::kNone;
  std::vector<CPUMount> mounts;  // if found: at least one
  std::string reason;            // if not found
};

// Go's parseCPUMount. Any text; `cgroup` as ParseCPUCgroup has found it. A line
// that is malformed up to its file system type, or a cgroup mount's that is
// malformed anywhere, is an error.
CPUMounts ParseCPUMount(std::string_view text, Version version,
                        std::string_view cgroup);

// Undoes the kernel's octal escapes. Nothing for a backslash without three
// octal digits, or more than 377.
std::optional<std::string> UnescapePath(std::string_view path);

}  // namespace mn::cgroup
