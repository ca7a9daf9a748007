#include "tools/judge/memory_group.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

#include "tools/judge/kernel_file.h"

namespace mn::judge {
namespace {

// As the enclosure names its groups.
constexpr std::string_view kEnclosure = "/mn-enclosure-";
constexpr std::string_view kJudge = "/judge";
// What belongs to a process and is not its resident memory.
constexpr std::int64_t kSlack = std::int64_t{64} << 20;

std::string ReadText(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::string GroupBase(const std::string& proc_self_cgroup, bool* v2) {
  std::istringstream lines(proc_self_cgroup);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers =
        "," + line.substr(first + 1, second - first - 1) + ",";
    std::string path = line.substr(second + 1);
    if (path.find(kEnclosure) == std::string::npos) continue;
    *v2 = controllers == ",,";
    if (*v2 && path.ends_with(kJudge)) {
      // A group with processes of its own cannot have limited groups below it.
      path.resize(path.size() - kJudge.size());
      return "/sys/fs/cgroup" + path;
    }
    if (controllers.find(",memory,") != std::string::npos) {
      return "/sys/fs/cgroup/memory" + path;
    }
  }
  return "";
}

MemoryGroup::MemoryGroup(std::int64_t bytes) {
  bool v2 = false;
  const std::string base = GroupBase(ReadText("/proc/self/cgroup"), &v2);
  if (base.empty()) return;
  dir_ = base + "/case";
  rmdir(dir_.c_str());  // of a case that could not be removed in time
  if (mkdir(dir_.c_str(), 0755) != 0) {
    dir_.clear();
    return;
  }
  const std::string limit = std::to_string(bytes + kSlack);
  if (v2) {
    events_ = dir_ + "/memory.events";
    WriteText(dir_ + "/memory.swap.max", "0");
    if (!WriteText(dir_ + "/memory.max", limit)) return;
  } else {
    events_ = dir_ + "/memory.oom_control";
    if (!WriteText(dir_ + "/memory.limit_in_bytes", limit)) return;
    // Absent where the kernel does not count swap.
    WriteText(dir_ + "/memory.memsw.limit_in_bytes", limit);
  }
  // A thread that moves itself alone, which v1 can say, need not wait until all
  // CPUs have heard of it: 10 ms less.
  const char* members = v2 ? "/cgroup.procs" : "/tasks";
  procs_ = open((dir_ + members).c_str(), O_WRONLY | O_CLOEXEC);
}

MemoryGroup::~MemoryGroup() {
  if (procs_ >= 0) close(procs_);
  if (dir_.empty()) return;
  // Its processes are dead; the kernel may still be taking them apart.
  for (int i = 0; i < 100 && rmdir(dir_.c_str()) != 0 && errno == EBUSY; i++) {
    usleep(10000);
  }
}

bool MemoryGroup::Enter() const {
  return procs_ >= 0 && write(procs_, "0", 1) == 1;
}

bool MemoryGroup::RanOut() const {
  if (!ok()) return false;
  std::istringstream words(ReadText(events_));
  std::string key;
  for (std::int64_t count = 0; words >> key >> count;) {
    if (key == "oom_kill") return count > 0;
  }
  return false;
}

}  // namespace mn::judge
