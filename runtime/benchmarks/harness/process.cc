#include "runtime/benchmarks/harness/process.h"

#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

namespace mn::bench {
namespace {

// The number after "NAME:" in a file of such lines.
std::int64_t Field(const char* path, const std::string& name) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    if (line.compare(0, name.size(), name) == 0 && line[name.size()] == ':') {
      return std::stoll(line.substr(name.size() + 1));
    }
  }
  return -1;
}

}  // namespace

std::int64_t StatusField(const char* name) {
  return Field("/proc/self/status", name);
}

std::int64_t ResidentBytes() {
  std::int64_t kb = Field("/proc/self/smaps_rollup", "Rss");
  return (kb >= 0 ? kb : StatusField("VmRSS")) * 1024;
}

std::int64_t PageTableBytes() { return StatusField("VmPTE") * 1024; }

std::int64_t Mappings() {
  std::ifstream maps("/proc/self/maps");
  std::int64_t lines = 0;
  std::string line;
  while (std::getline(maps, line)) lines++;
  return lines;
}

Guard GuardPageBelow(std::size_t bytes) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  for (std::uintptr_t down = page; down <= bytes + page; down += page) {
    char byte;
    iovec local = {&byte, 1};
    iovec remote = {reinterpret_cast<void*>(here - down), 1};
    ssize_t copied = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
    if (copied == 1) continue;
    return errno == EFAULT ? Guard::kFound : Guard::kUnknown;
  }
  return Guard::kMissing;
}

}  // namespace mn::bench
