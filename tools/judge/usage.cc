#include "tools/judge/usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace mn::judge {
namespace {

constexpr int kMaxThreadsRead = 64;

struct ProcStat {
  char state = '?';
  double cpu_s = 0;
  std::int64_t rss_bytes = 0;
};

bool ReadStat(const std::string& path, ProcStat* out) {
  std::ifstream file(path);
  // Not istreambuf_iterator: that one throws when the process ends between the
  // open and the read (ESRCH).
  std::string all;
  std::getline(file, all, '\0');
  const std::size_t close = all.rfind(')');  // the name may hold anything
  if (close == std::string::npos) return false;
  std::istringstream rest(all.substr(close + 1));
  const std::vector<std::string> f(std::istream_iterator<std::string>(rest),
                                   {});
  if (f.size() < 22) return false;
  static const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  static const std::int64_t page = sysconf(_SC_PAGESIZE);
  out->state = f[0][0];
  out->cpu_s = (std::stod(f[11]) + std::stod(f[12])) / ticks;
  out->rss_bytes = std::stoll(f[21]) * page;
  return true;
}

std::filesystem::path Proc(pid_t pid) {
  return std::filesystem::path("/proc") / std::to_string(pid);
}

// The folders of its threads. A process may end while it is being read about:
// then there are fewer, and that is no error.
std::vector<std::filesystem::path> Tasks(pid_t pid) {
  std::vector<std::filesystem::path> tasks;
  std::error_code ec;
  std::filesystem::directory_iterator it(Proc(pid) / "task", ec), end;
  while (!ec && it != end) {
    tasks.push_back(it->path());
    it.increment(ec);
  }
  return tasks;
}

// Only threads that still live count.
double WaitedForCpu(pid_t pid) {
  double waited_s = 0;
  int read = 0;
  for (const std::filesystem::path& task : Tasks(pid)) {
    std::ifstream file(task / "schedstat");
    double ran_ns = 0, waited_ns = 0;
    if (!(file >> ran_ns >> waited_ns)) return -1;
    waited_s += waited_ns * 1e-9;
    if (++read == kMaxThreadsRead) break;
  }
  return waited_s;
}

// 0 if there is none.
pid_t ThreadThatRuns(pid_t pid) {
  int read = 0;
  for (const std::filesystem::path& task : Tasks(pid)) {
    ProcStat stat;
    if (ReadStat(task / "stat", &stat) && stat.state == 'R') {
      return std::stoi(task.filename());
    }
    if (++read == kMaxThreadsRead) break;
  }
  return 0;
}

void AddBelow(pid_t root, Usage* usage, int max_processes) {
  for (const pid_t pid : Children(root)) {
    ProcStat stat;
    if (usage->processes >= max_processes) return;
    if (!ReadStat(Proc(pid) / "stat", &stat)) continue;
    usage->processes++;
    usage->threads += static_cast<int>(Tasks(pid).size());
    usage->memory_bytes += stat.rss_bytes;
    usage->cpu_s += stat.cpu_s;
    const double waited_s = WaitedForCpu(pid);
    usage->waited_s =
        waited_s < 0 || usage->waited_s < 0 ? -1 : usage->waited_s + waited_s;
    usage->runnable = usage->runnable || ThreadThatRuns(pid) != 0;
    AddBelow(pid, usage, max_processes);
  }
}

}  // namespace

std::vector<pid_t> Children(pid_t pid) {
  std::vector<pid_t> children;
  for (const std::filesystem::path& task : Tasks(pid)) {
    std::ifstream file(task / "children");
    for (pid_t child; file >> child;) children.push_back(child);
  }
  return children;
}

pid_t RunnableThread(pid_t pid) {
  const pid_t runs = ThreadThatRuns(pid);
  return runs != 0 ? runs : pid;
}

std::int64_t SleepsBelow(pid_t root) {
  std::int64_t sleeps = 0;
  for (const pid_t pid : Children(root)) {
    for (const std::filesystem::path& task : Tasks(pid)) {
      std::ifstream file(task / "status");
      const std::string key = "voluntary_ctxt_switches:";
      for (std::string line; std::getline(file, line);) {
        if (line.starts_with(key))
          sleeps += std::stoll(line.substr(key.size()));
      }
    }
    sleeps += SleepsBelow(pid);
  }
  return sleeps;
}

Usage UsageBelow(pid_t root, int max_processes) {
  Usage usage;
  AddBelow(root, &usage, max_processes);
  return usage;
}

}  // namespace mn::judge
