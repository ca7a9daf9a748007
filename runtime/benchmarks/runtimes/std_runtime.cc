#include "runtime/benchmarks/runtimes/std_runtime.h"

#include <sched.h>

#include <cstdio>

#include "runtime/benchmarks/harness/program.h"

namespace mn::bench {

void StdRuntime::UseCpus(int p) {
  cpu_set_t all;
  if (p == 0 || sched_getaffinity(0, sizeof(all), &all) != 0) return;
  cpu_set_t some;
  CPU_ZERO(&some);
  for (int cpu = 0; cpu < CPU_SETSIZE && p > 0; cpu++) {
    if (!CPU_ISSET(cpu, &all)) continue;
    CPU_SET(cpu, &some);
    p--;
  }
  sched_setaffinity(0, sizeof(some), &some);
}

int StdRuntime::Processors() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : -1;
}

void StdRuntime::NoThread(const char* why) {
  std::fprintf(stderr,
               "cannot start another thread: %s; the limit of the user (ulimit "
               "-u), of the container (pids.max) or of the system "
               "(/proc/sys/kernel/threads-max) is reached: lower -n, -k\n",
               why);
  Finish(1);
}

}  // namespace mn::bench
