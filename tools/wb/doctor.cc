#include "tools/wb/doctor.h"

#include <cstdlib>

#include "absl/strings/str_format.h"
#include "tools/common/text.h"

namespace mn::wb {
namespace {

using tools::Cat;
using V = Check::Verdict;

constexpr std::uint64_t kMiB = 1u << 20;
constexpr std::uint64_t kGiB = 1u << 30;

// What the tree needs to build: two configurations' outputs, a disk cache.
constexpr std::uint64_t kDiskNeeded = 3 * kGiB;
// Bazel's server, one compiler per CPU.
constexpr std::uint64_t kMemoryWanted = 1536 * kMiB;

}  // namespace

std::string ShowBytes(std::uint64_t bytes) {
  if (bytes >= kGiB) {
    return absl::StrFormat("%.1f GiB", static_cast<double>(bytes) / kGiB);
  }
  return Cat(bytes / kMiB, " MiB");
}

std::vector<int> VersionNumbers(std::string_view text) {
  std::vector<int> numbers;
  std::string digits;
  for (const char c : Cat(text, ".")) {
    if (c >= '0' && c <= '9') {
      digits.push_back(c);
    } else {
      if (digits.empty()) break;
      numbers.push_back(std::atoi(digits.c_str()));
      digits.clear();
      if (c != '.') break;
    }
  }
  if (numbers.size() < 3) numbers.resize(3);
  return numbers;
}

Check CheckCompiler(std::string_view name, std::string_view version) {
  if (version.empty()) {
    return {V::kBad, "compiler", Cat(name, " does not run"), "./setup"};
  }
  const bool clang = name.find("clang") != std::string_view::npos;
  const int oldest = clang ? 14 : 12;
  if (VersionNumbers(version)[0] < oldest) {
    return {V::kBad, "compiler",
            Cat(name, " ", version, " is too old for C++20"),
            Cat("install version ", oldest, " or newer (Debian 12 has it)")};
  }
  return {V::kOk, "compiler", Cat(name, " ", version), ""};
}

Check CheckDisk(std::string_view what, std::uint64_t free_bytes) {
  const std::string detail = Cat(ShowBytes(free_bytes), " free for ", what);
  if (free_bytes < kDiskNeeded) {
    return {V::kBad, "disk", detail,
            Cat("make room: a build needs ", ShowBytes(kDiskNeeded))};
  }
  return {V::kOk, "disk", detail, ""};
}

Check CheckMemory(std::uint64_t available_bytes) {
  const std::string detail = Cat(ShowBytes(available_bytes), " available");
  if (available_bytes < kMemoryWanted) {
    return {V::kNote, "memory", detail,
            "if the build dies: echo 'build --jobs=1' >> user.bazelrc"};
  }
  return {V::kOk, "memory", detail, ""};
}

Check CheckCpus(int cpus) {
  if (cpus < 2) {
    return {V::kNote, "cpus", "one CPU",
            "cases that need two are skipped and cost no points"};
  }
  return {V::kOk, "cpus", Cat(cpus, " CPUs"), ""};
}

Check CheckKernel(std::string_view release, long max_map_count) {
  const std::vector<int> v = VersionNumbers(release);
  const auto at_least = [&](int major, int minor) {
    return v[0] > major || (v[0] == major && v[1] >= minor);
  };
  if (!at_least(4, 18)) {
    return {V::kBad, "kernel", Cat("Linux ", release),
            "the runtime was written for Linux 4.18 and newer"};
  }
  if (!at_least(6, 13)) {
    // Each stack costs two mappings where guard pages are made by mprotect.
    return {V::kNote, "kernel", Cat("Linux ", release),
            Cat("guard pages by mprotect: about ", max_map_count / 2,
                " goroutines at once; more with sysctl vm.max_map_count")};
  }
  return {V::kOk, "kernel", Cat("Linux ", release), ""};
}

Check CheckOpenFiles(std::uint64_t soft, std::uint64_t hard) {
  if (soft < 1024) {
    return {V::kBad, "open files", Cat("at most ", soft),
            Cat("ulimit -n ", hard < 4096 ? hard : 4096)};
  }
  return {V::kOk, "open files",
          soft > kGiB ? std::string("no limit") : Cat("at most ", soft), ""};
}

Check CheckProcesses(std::uint64_t soft) {
  if (soft < 512) {
    return {V::kBad, "threads", Cat("at most ", soft),
            "ulimit -u 4096: programs here start hundreds of threads"};
  }
  return {V::kOk, "threads",
          soft > kGiB ? std::string("no limit") : Cat("at most ", soft), ""};
}

Check CheckInotify(long max_user_watches) {
  if (max_user_watches < 128) {
    return {V::kBad, "inotify", Cat(max_user_watches, " watches"),
            "sysctl fs.inotify.max_user_watches=8192: watch mode needs them"};
  }
  return {V::kOk, "inotify", Cat(max_user_watches, " watches"), ""};
}

}  // namespace mn::wb
