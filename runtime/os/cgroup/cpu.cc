#include "runtime/os/cgroup/cpu.h"

#include <fcntl.h>
#include <string.h>

#include <cerrno>
#include <new>
#include <utility>

#include "runtime/os/cgroup/mountinfo.h"
#include "runtime/os/cgroup/proc_cgroup.h"

namespace mn::cgroup {
namespace {

// A line is a few hundred bytes; the kernel allows 100 000 mounts, and a
// machine full of containers has thousands.
constexpr std::size_t kMaxProcFile = std::size_t{64} << 20;

// Two descriptors each. Kubernetes and systemd nest six deep.
constexpr std::size_t kMaxLevels = 64;

const char* QuotaFile(Version version) {
  return version == Version::V1 ? "cpu.cfs_quota_us" : "cpu.max";
}

const char* Describe(int error) {
  const char* text = strerrordesc_np(error);
  return text == nullptr ? "unknown error" : text;
}

std::string Cannot(const char* what, const std::string& path, int error) {
  return std::string("cannot ") + what + " " + path + ": " + Describe(error);
}

// Returns 0 or errno.
int ReadProcFile(const std::string& path, std::string* text) {
  File file;
  const int error = file.Open(path);
  return error != 0 ? error : file.ReadAll(text, kMaxProcFile);
}

// What a limit file says now.
class Text {
 public:
  // Returns 0 or errno.
  int Read(const File& file) {
    size_ = file.ReadAgain(buffer_);
    return size_ < 0 ? static_cast<int>(-size_) : 0;
  }
  std::string_view View() const {
    return {buffer_, static_cast<std::size_t>(size_)};
  }

 private:
  char buffer_[kMaxLimitFile];
  std::ptrdiff_t size_ = 0;
};

}  // namespace

CPU CPU::Open(const std::string& root, Policy policy) noexcept {
  try {
    return Find(root, policy);
  } catch (const std::bad_alloc&) {
    CPU cpu;
    cpu.outcome_ = Outcome::kError;
    cpu.reason_ = "out of memory";  // short enough for no memory
    return cpu;
  }
}

CPU CPU::NotFound(Outcome outcome, std::string reason) {
  CPU cpu;
  cpu.outcome_ = outcome;
  cpu.reason_ = std::move(reason);
  return cpu;
}

CPU CPU::Find(const std::string& root, Policy policy) {
  std::string groups, mounts;
  for (auto [name, text] : {std::pair{"/proc/self/cgroup", &groups},
                            std::pair{"/proc/self/mountinfo", &mounts}}) {
    if (const int error = ReadProcFile(root + name, text)) {
      return NotFound(error == ENOENT ? Outcome::kNone : Outcome::kError,
                      Cannot("read", root + name, error));
    }
  }
  CPUCgroup group = ParseCPUCgroup(groups);
  if (group.outcome != Outcome::kFound) {
    return NotFound(group.outcome, std::move(group.reason));
  }
  CPUMounts shown = ParseCPUMount(mounts, group.version, group.path);
  if (shown.outcome != Outcome::kFound) {
    return NotFound(shown.outcome, std::move(shown.reason));
  }
  // A mount may be covered by another one: take the first that has the files.
  std::optional<CPU> first;
  for (const CPUMount& mount : shown.mounts) {
    CPU cpu = OpenAt(group.version, root + mount.point, mount.below, policy);
    if (cpu.outcome_ == Outcome::kFound) return cpu;
    if (!first) first = std::move(cpu);
  }
  return std::move(*first);
}

CPU CPU::OpenAt(Version version, const std::string& point,
                const std::string& below, Policy policy) {
  const std::string leaf = point + below;
  File dir;
  if (const int error = dir.Open(leaf, O_PATH | O_DIRECTORY)) {
    return NotFound(Outcome::kError, Cannot("open", leaf, error));
  }
  CPU cpu;
  cpu.version_ = version;
  std::size_t depth = below.size();  // how much of `below` names the group
  for (std::size_t n = 0;; n++) {
    if (n == kMaxLevels) {
      return NotFound(Outcome::kError, "too many groups above " + leaf);
    }
    Level level;
    const int error = level.Open(version, point + below.substr(0, depth));
    if (error == 0) {
      cpu.levels_.push_back(std::move(level));
    } else if (error != ENOENT && cpu.reason_.empty()) {  // CGF-7
      cpu.reason_ = Cannot("open", level.quota_path, error);
    }
    if (depth == 0 || policy == Policy::kLeaf) break;
    depth = below.rfind('/', depth - 1);
  }
  if (!cpu.levels_.empty()) {
    cpu.outcome_ = Outcome::kFound;
  } else if (!cpu.reason_.empty()) {
    cpu.outcome_ = Outcome::kError;
  } else {
    cpu.reason_ = leaf + " has no " + QuotaFile(version);
  }
  return cpu;
}

int CPU::Level::Open(Version version, const std::string& dir) {
  quota_path = dir + "/" + QuotaFile(version);
  const int error = quota.Open(quota_path);
  if (error != 0 || version == Version::V2) return error;
  return period.Open(dir + "/cpu.cfs_period_us");
}

const char* CPU::Level::Read(Version version, Quota* to) const {
  Text first, second;
  if (const int error = first.Read(quota)) return Describe(error);
  if (version == Version::V2) {
    *to = ParseV2Limit(first.View());
  } else {
    if (const int error = second.Read(period)) return Describe(error);
    *to = ParseV1Limit(first.View(), second.View());
  }
  return to->outcome == Outcome::kError ? "malformed" : nullptr;
}

Limit CPU::Read() const noexcept {
  Limit limit;
  for (const Level& level : levels_) {
    Quota quota;
    if (const char* problem = level.Read(version_, &quota)) {
      limit.problem = problem;
      limit.problem_file = level.quota_path;
    } else if (quota.outcome == Outcome::kFound &&
               (!limit.cpus || quota.cpus < *limit.cpus)) {
      limit.cpus = quota.cpus;
      limit.where = level.quota_path;
    }
  }
  return limit;
}

}  // namespace mn::cgroup
