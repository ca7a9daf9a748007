#include "runtime/benchmarks/comparison/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"

extern char** environ;

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

double Seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  auto overridden = [&](const char* entry) {
    for (const std::string& a : added) {
      if (std::strncmp(entry, a.c_str(), a.find('=') + 1) == 0) return true;
    }
    return false;
  };
  for (char** e = environ; *e != nullptr; e++) {
    if (!overridden(*e)) all.push_back(*e);
  }
  return all;
}

// Reads both pipes until the program has closed them; false at the deadline.
bool Drain(int out, int err, double timeout_s, Outcome& outcome) {
  const auto start = Clock::now();
  pollfd fds[] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
  std::string* texts[] = {&outcome.out, &outcome.err};
  int open = 2;
  while (open > 0) {
    double left = timeout_s - SecondsSince(start);
    if (left <= 0) return false;
    int wait_ms = static_cast<int>(std::min(left, 3600.0) * 1000) + 1;
    if (poll(fds, 2, wait_ms) < 0 && errno != EINTR) return false;
    for (int i = 0; i < 2; i++) {
      if (fds[i].fd < 0 || fds[i].revents == 0) continue;
      char buffer[4096];
      ssize_t n = read(fds[i].fd, buffer, sizeof(buffer));
      if (n > 0) {
        texts[i]->append(buffer, static_cast<std::size_t>(n));
      } else if (n == 0 || errno != EINTR) {
        fds[i].fd = -1;
        open--;
      }
    }
  }
  return true;
}

}  // namespace

Outcome RunCommand(const Command& command) {
  Outcome outcome;
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
    outcome.err = absl::StrCat("no pipe: ", std::strerror(errno));
    return outcome;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  if (!command.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions, command.directory.c_str());
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A process group of its own, so that a time-out ends all of it.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  std::vector<std::string> argv = command.argv;
  std::vector<std::string> env = Environment(command.env);

  const double busy = BusySeconds();
  const auto start = Clock::now();
  pid_t pid = -1;
  int error = posix_spawnp(&pid, argv[0].c_str(), &actions, &attributes,
                           Pointers(argv).data(), Pointers(env).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  close(out[1]);
  close(err[1]);
  if (error != 0) {
    outcome.err =
        absl::StrCat("cannot run ", argv[0], ": ", std::strerror(error));
  } else {
    outcome.timed_out = !Drain(out[0], err[0], command.timeout_s, outcome);
    if (outcome.timed_out) kill(-pid, SIGKILL);
    int status = 0;
    rusage usage{};
    while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    outcome.wall_s = SecondsSince(start);
    outcome.cpu_s = Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
    double foreign_s = std::max(0.0, BusySeconds() - busy - outcome.cpu_s);
    outcome.foreign = foreign_s / outcome.wall_s;
    // The kernel counts in ticks of 10 ms: a few of them are no evidence.
    outcome.disturbed = foreign_s > 0.04 && outcome.foreign > kDisturbance;
    if (!outcome.timed_out) {
      outcome.status =
          WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }
  close(out[0]);
  close(err[0]);
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
