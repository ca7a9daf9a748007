// What a tree of processes uses, read from /proc by somebody outside of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace mn::judge {

struct Usage {
  int processes = 0;
  int threads = 0;
  std::int64_t memory_bytes = 0;  // resident
  double cpu_s = 0;
  // How long threads have waited for a CPU; negative: the kernel does not say.
  double waited_s = 0;
  bool runnable = false;  // some thread runs or wants to
};

// The children of a process, from all of its threads, oldest first.
std::vector<pid_t> Children(pid_t pid);

// Of everything that descends from `root`, without root itself. Stops counting
// at `max_processes`.
Usage UsageBelow(pid_t root, int max_processes);

// A thread of the process that runs or wants to; its first one if none does.
pid_t RunnableThread(pid_t pid);

// How often a thread of those processes has gone to sleep so far. Only threads
// that still live count.
std::int64_t SleepsBelow(pid_t root);

}  // namespace mn::judge
