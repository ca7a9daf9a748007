// The CPU limit of the calling process, as its cgroup has it.
//
//   const cgroup::CPU cpu = cgroup::CPU::Open();
//   const cgroup::Limit limit = cpu.Read();   // each time, as often as wanted
//
// Why it is hard: which files hold the limit takes two files of /proc and their
// rules (proc_cgroup.h, mountinfo.h), and a container may show anything there,
// or nothing. This must neither end a program that is about to start nor keep
// it from starting: whatever is wrong, the answer is "no limit" and a reason.
//
// Which groups count:
//   kLeaf       the process's own group, as Go does.
//   kWholePath  that and its ancestors up to the mount point; the smallest of
//               their limits decides, as it does in the kernel. Kubernetes
//               limits the container, systemd a slice above the service.
//
// Rejected: looking the group up on each Read. It is a walk through mountinfo,
// which has thousands of lines on a machine full of containers, once a second;
// Go keeps the files open too. The price is in CGF-6.
//
// Invariants:
//   CG-5 whatever the files hold, and also when memory runs out, Open and Read
//        throw nothing and set no limit that the files do not state. Text,
//        depth and time are bounded.
//   CG-6 the policy decides which groups count: the process's own alone, or
//        the whole path, and then the smallest limit.
//   CG-7 a change is seen: Read says what the files hold now. It needs no heap.
//   CGF-6 Read sees the groups of the time of Open: not another group that the
//        process was moved to, not a file that replaced one. A group that was
//        removed limits nothing.
//   CGF-7 a group without the file (v2's root, or one for which its parent does
//        not enable the cpu controller) is passed over; the ancestors of the
//        latter may have a limit. An unreadable or malformed file is passed
//        over too, and Limit::problem or reason() says so.
//   CGF-8 file descriptors are close-on-exec, and closed with the CPU.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/os/cgroup/file.h"
#include "runtime/os/cgroup/kernel_text.h"
#include "runtime/os/cgroup/limit_files.h"

namespace mn::cgroup {

enum class Policy { kLeaf, kWholePath };

// Views are valid as long as the CPU, also if that is moved.
struct Limit {
  std::optional<double> cpus;     // quota / period; > 0
  std::string_view where;         // with cpus: the file that holds the quota
  const char* problem = nullptr;  // why a file was passed over; a literal
  std::string_view problem_file;  // with a problem
};

class CPU {
 public:
  // `root` is put before every path: a test has a /proc and a /sys of its own.
  static CPU Open(const std::string& root = "",
                  Policy policy = Policy::kLeaf) noexcept;

  // kFound: at least one file is open; whether it limits, Read says.
  Outcome outcome() const { return outcome_; }

  // Not found: why. Found: empty, or which of the ancestors cannot be read.
  const std::string& reason() const { return reason_; }

  // REQUIRES: found.
  Version version() const { return version_; }

  // No limit if not found. Any thread; blocks for as long as the kernel takes
  // to write a few numbers. Quota and period of v1 are two files: between two
  // writes the ratio may be one that nobody meant, until the next Read.
  Limit Read() const noexcept;

 private:
  // A group whose limit can be read.
  struct Level {
    // Returns 0 or errno.
    int Open(Version version, const std::string& dir);
    // Returns null or what is wrong.
    const char* Read(Version version, Quota* to) const;

    std::string quota_path;
    File quota;   // cpu.cfs_quota_us or cpu.max
    File period;  // V1 only: cpu.cfs_period_us
  };

  static CPU Find(const std::string& root, Policy policy);
  static CPU OpenAt(Version version, const std::string& point,
                    const std::string& below, Policy policy);
  static CPU NotFound(Outcome outcome, std::string reason);

  Outcome outcome_ = Outcome::kNone;
  Version version_ = Version::V2;
  std::string reason_;
  std::vector<Level> levels_;  // the leaf first
};

}  // namespace mn::cgroup
