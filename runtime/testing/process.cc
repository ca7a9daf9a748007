#include "runtime/testing/process.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#include "runtime/os/subprocess/subprocess.h"

namespace mn::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kLastWords{5};

constexpr const char* kNotInherited[] = {
    "GOMAXPROCS",        "GODEBUG",         "GOTRACEBACK",
    "GTEST_*",           "XML_OUTPUT_FILE", "TEST_PREMATURE_EXIT_FILE",
    "TEST_TOTAL_SHARDS", "TEST_SHARD_*",    "TESTBRIDGE_TEST_ONLY",
};

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

// When Bazel kills this test, which starts now, less the time to say what
// hangs.
const steady_clock::time_point bazels_deadline = [] {
  const char* timeout = getenv("TEST_TIMEOUT");
  return timeout == nullptr
             ? steady_clock::time_point::max()
             : steady_clock::now() + seconds(atol(timeout)) - kLastWords;
}();

std::string Seconds(nanoseconds t) {
  return std::to_string(std::chrono::duration<double>(t).count()) + " s";
}

}  // namespace

ProcessResult RunProcess(const std::vector<std::string>& argv,
                         const ProcessOptions& options) {
  const auto start = steady_clock::now();
  ProcessResult r;
  os::Command c;
  c.argv = argv;
  c.unset_env.assign(std::begin(kNotInherited), std::end(kNotInherited));
  c.set_env = options.env;
  c.max_capture = std::numeric_limits<std::size_t>::max();
  c.own_group = true;
  const nanoseconds left =
      std::min<nanoseconds>(options.deadline, bazels_deadline - start);
  // Not 0, which means that there is no deadline.
  c.timeout =
      std::max(milliseconds(1), std::chrono::duration_cast<milliseconds>(left));
  c.look = [&](pid_t pid) {
    r.max_threads = std::max(r.max_threads, CountThreads(pid));
    return milliseconds(steady_clock::now() - start < milliseconds(200) ? 1
                                                                        : 5);
  };
  os::Outcome o = os::RunCommandBlocking(c);
  if (!o.started()) {
    ADD_FAILURE() << o.start_error;
    r.exit_status = 127;
    return r;
  }
  r.exit_status = o.exit_code;
  r.signal = o.signal;
  r.timed_out = o.timed_out;
  r.out = std::move(o.out);
  r.err = std::move(o.err);
  r.cpu = o.cpu;
  r.wall = o.elapsed;
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
