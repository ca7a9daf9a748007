// Runs a process: posix_spawn, two pipes, a look into /proc between reads.
//
// Why it is hard: the caller may be a goroutine, so nothing large may live on
// the stack and a preemption signal may interrupt any call; the process may
// fill one pipe while the other is being read, close both and run on, or leave
// children that hold them open.
//
// Rejected: fork, which copies the page tables of a test that may be a
// sanitizer's 20 TB; a thread per pipe.
#include "runtime/testing/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

extern char** environ;

namespace mn::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kLastWords{5};

constexpr std::string_view kNotInherited[] = {
    "GOMAXPROCS",           "GODEBUG",
    "GOTRACEBACK",          "GTEST_",
    "XML_OUTPUT_FILE",      "TEST_PREMATURE_EXIT_FILE",
    "TEST_TOTAL_SHARDS",    "TEST_SHARD_",
    "TESTBRIDGE_TEST_ONLY",
};

bool Inherited(std::string_view variable) {
  for (std::string_view name : kNotInherited) {
    if (variable.starts_with(name)) return false;
  }
  return true;
}

std::vector<std::string> Environment(const ProcessOptions& options) {
  std::vector<std::string> env;
  for (char** v = environ; *v != nullptr; v++) {
    std::string_view variable(*v);
    bool keep = Inherited(variable);
    for (const auto& [name, value] : options.env) {
      if (variable.starts_with(name + "=")) keep = false;
    }
    if (keep) env.emplace_back(variable);
  }
  for (const auto& [name, value] : options.env) {
    env.push_back(name + "=" + value);
  }
  return env;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> p;
  for (std::string& s : strings) p.push_back(s.data());
  p.push_back(nullptr);
  return p;
}

// One direction of output. Close-on-exec: other processes that this test starts
// meanwhile must not hold it open.
struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return;
    read_end = fds[0];
    write_end = fds[1];
    fcntl(read_end, F_SETFL, O_NONBLOCK);
  }
  ~Pipe() {
    CloseRead();
    CloseWrite();
  }
  void CloseRead() {
    if (read_end >= 0) close(read_end);
    read_end = -1;
  }
  void CloseWrite() {
    if (write_end >= 0) close(write_end);
    write_end = -1;
  }
  // Reads what there is; closes the read end once nobody can write any more.
  void Drain(std::string* to) {
    auto buffer = std::make_unique<char[]>(1 << 16);
    while (read_end >= 0) {
      ssize_t n = read(read_end, buffer.get(), 1 << 16);
      if (n > 0) {
        to->append(buffer.get(), static_cast<size_t>(n));
      } else if (n == 0) {
        CloseRead();
      } else if (errno != EINTR) {
        return;
      }
    }
  }
};

// Returns an error number, 0 if the process runs.
int Spawn(const std::vector<std::string>& argv, const ProcessOptions& options,
          int out, int err, pid_t* pid) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  posix_spawn_file_actions_adddup2(&files, err, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                            POSIX_SPAWN_SETSIGDEF |
                                            POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setpgroup(&attributes, 0);
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);

  std::vector<std::string> arguments = argv;
  std::vector<std::string> variables = Environment(options);
  int error =
      posix_spawn(pid, argv[0].c_str(), &files, &attributes,
                  Pointers(arguments).data(), Pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return error;
}

// The threads of a process, 0 if it is gone.
int CountThreads(pid_t pid) {
  std::string path = "/proc/" + std::to_string(pid) + "/stat";
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[1024];
  ssize_t n = read(fd, text, sizeof(text) - 1);
  close(fd);
  if (n <= 0) return 0;
  text[n] = '\0';
  // Field 2 is the name, in parentheses and with whatever it likes inside;
  // num_threads is field 20.
  char* p = strrchr(text, ')');
  for (int field = 2; p != nullptr && field < 20; field++) {
    p = strchr(p + 1, ' ');
  }
  return p == nullptr ? 0 : atoi(p);
}

bool HasEnded(pid_t pid) {
  siginfo_t info = {};
  // WNOWAIT: it stays a zombie, so that its process group can still be named.
  return waitid(P_PID, static_cast<id_t>(pid), &info,
                WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

// When Bazel kills this test, which starts now, less the time to say what
// hangs.
const steady_clock::time_point bazels_deadline = [] {
  const char* timeout = getenv("TEST_TIMEOUT");
  return timeout == nullptr
             ? steady_clock::time_point::max()
             : steady_clock::now() + seconds(atol(timeout)) - kLastWords;
}();

nanoseconds CpuTime(const rusage& u) {
  auto ns = [](const timeval& t) {
    return seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return ns(u.ru_utime) + ns(u.ru_stime);
}

std::string Seconds(nanoseconds t) {
  return std::to_string(std::chrono::duration<double>(t).count()) + " s";
}

}  // namespace

ProcessResult RunProcess(const std::vector<std::string>& argv,
                         const ProcessOptions& options) {
  ProcessResult r;
  const auto start = steady_clock::now();
  const auto deadline = std::min(start + options.deadline, bazels_deadline);
  Pipe out, err;
  pid_t pid = -1;
  int error = out.read_end < 0 || err.read_end < 0
                  ? errno
                  : Spawn(argv, options, out.write_end, err.write_end, &pid);
  if (error != 0) {
    ADD_FAILURE() << "cannot start " << argv[0] << ": " << strerror(error);
    r.exit_status = 127;
    return r;
  }
  out.CloseWrite();
  err.CloseWrite();

  bool ended = false;
  while (!ended) {
    ended = HasEnded(pid);  // before Drain: nothing it wrote is missed
    out.Drain(&r.out);
    err.Drain(&r.err);
    if (ended) break;
    r.max_threads = std::max(r.max_threads, CountThreads(pid));
    const auto now = steady_clock::now();
    if (now > deadline && !r.timed_out) {
      r.timed_out = true;
      kill(-pid, SIGKILL);
    }
    // Closed ends are negative and ignored by poll.
    pollfd fds[] = {{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}};
    poll(fds, 2, now - start < milliseconds(200) ? 1 : 5);
  }
  kill(-pid, SIGKILL);  // children that it left behind
  int status = 0;
  rusage usage = {};
  while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  r.wall = steady_clock::now() - start;
  r.cpu = CpuTime(usage);
  if (WIFEXITED(status)) r.exit_status = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) r.signal = WTERMSIG(status);
  return r;
}

std::string ProcessResult::Describe() const {
  std::string s = "the process ";
  if (timed_out) {
    s += "was still running after " + Seconds(wall) + " and was killed";
  } else if (signal != 0) {
    s += std::string("was ended by signal ") + std::to_string(signal) + " (" +
         strsignal(signal) + ")";
  } else {
    s += "exited with status " + std::to_string(exit_status);
  }
  s += "; CPU time " + Seconds(cpu) + " of " + Seconds(wall) + ", at most " +
       std::to_string(max_threads) + " threads\n";
  s += "--- stdout ---\n" + out + "--- stderr ---\n" + err + "---";
  return s;
}

::testing::AssertionResult Exited(const ProcessResult& r, int status) {
  if (!r.timed_out && r.signal == 0 && r.exit_status == status) {
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure()
         << "want exit status " << status << "; " << r.Describe();
}

::testing::AssertionResult Died(const ProcessResult& r,
                                std::string_view prefix) {
  ::testing::AssertionResult exited = Exited(r, 2);
  if (!exited) return exited;
  if (r.err.starts_with(prefix)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << "want stderr to start with `" << prefix << "`; " << r.Describe();
}

}  // namespace mn::test
