#include "runtime/benchmarks/comparison/measured_run.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>
#include <utility>

#include "runtime/os/subprocess/subprocess.h"

namespace mn::bench {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Seconds that all CPUs together have been busy since boot.
double BusySeconds() {
  std::ifstream stat("/proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle, iowait, irq = 0, softirq = 0;
  stat >> name >> user >> nice >> system >> idle >> iowait >> irq >> softirq;
  return (user + nice + system + irq + softirq) /
         static_cast<double>(sysconf(_SC_CLK_TCK));
}

double Seconds(std::chrono::nanoseconds t) {
  return std::chrono::duration<double>(t).count();
}

}  // namespace

Outcome RunCommand(const Command& command) {
  os::Command c;
  c.argv = command.argv;
  c.cwd = command.directory;
  for (const std::string& entry : command.env) {
    const std::size_t equals = entry.find('=');
    c.set_env.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
  c.own_group = true;
  c.max_capture = std::numeric_limits<std::size_t>::max();
  c.timeout = std::chrono::ceil<std::chrono::milliseconds>(
      std::chrono::duration<double>(command.timeout_s));

  const double busy = BusySeconds();
  os::Outcome ran = os::RunCommandBlocking(c);
  Outcome outcome;
  outcome.out = std::move(ran.out);
  outcome.err = ran.started() ? std::move(ran.err) : ran.start_error;
  if (!ran.started()) return outcome;
  outcome.timed_out = ran.timed_out;
  outcome.wall_s = Seconds(ran.elapsed);
  outcome.cpu_s = Seconds(ran.cpu);
  const double foreign_s = std::max(0.0, BusySeconds() - busy - outcome.cpu_s);
  outcome.foreign = foreign_s / outcome.wall_s;
  // The kernel counts in ticks of 10 ms: a few of them are no evidence.
  outcome.disturbed = foreign_s > 0.04 && outcome.foreign > kDisturbance;
  if (!ran.timed_out) {
    outcome.status = ran.signal != 0 ? 128 + ran.signal : ran.exit_code;
  }
  return outcome;
}

double MachineLoad(double seconds) {
  const double busy = BusySeconds();
  const auto start = Clock::now();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  return std::max(0.0, BusySeconds() - busy) / SecondsSince(start);
}

void Prefault(long long bytes) {
  std::ifstream meminfo("/proc/meminfo");
  std::string line;
  while (std::getline(meminfo, line)) {
    std::istringstream words(line);
    std::string name;
    long long kb = 0;
    words >> name >> kb;
    if (name == "MemAvailable:") bytes = std::min(bytes, kb * 1024 / 2);
  }
  pid_t pid = fork();
  if (pid == 0) {
    auto size = static_cast<std::size_t>(bytes);
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) std::memset(memory, 1, size);
    _exit(0);
  }
  while (pid > 0 && waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace mn::bench
