// What waiting costs: no CPU, no threads.
#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

long long ProcessCpuNanoseconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

// Context switches of all threads so far, voluntary or not.
long long ContextSwitches() {
  long long n = 0;
  std::error_code error;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      // voluntary_ctxt_switches: 5, nonvoluntary_ctxt_switches: 0
      const size_t name = line.find("voluntary_ctxt_switches:");
      if (name != line.npos) n += std::stoll(line.substr(line.find(':') + 1));
    }
  }
  return n;
}

// Waits in the way that WAIT names. A thread that the runtime does not know
// says what the process uses in two seconds of that, after all has calmed down.
MN_PROGRAM(IsIdle) {
  const std::string wait = TextParameter("WAIT");
  std::thread watcher([] {
    usleep(500 * 1000);
    // To read the switches takes a while itself.
    const long long switches = ContextSwitches();
    const long long wall = Nanotime();
    const long long cpu = ProcessCpuNanoseconds();
    usleep(2000 * 1000);
    Say("cpu", ProcessCpuNanoseconds() - cpu);
    Say("switches", ContextSwitches() - switches);
    Say("wall", Nanotime() - wall);
  });
  if (wait == "asleep") Sleep(milliseconds(2700));
  if (wait == "blocked") BlockingCall([] { usleep(2700 * 1000); });
  if (wait == "in a system call") Syscall([] { usleep(2700 * 1000); });
  watcher.join();
  return 0;
}

// What IsIdle says of each way to wait; asked once.
const std::vector<std::pair<std::string, ProcessResult>>& IdleProcesses() {
  static const auto* all = [] {
    auto* results = new std::vector<std::pair<std::string, ProcessResult>>;
    for (const std::string wait : {"asleep", "blocked", "in a system call"}) {
      results->emplace_back(wait,
                            RunProgram("IsIdle", {.env = {{"WAIT", wait}}}));
    }
    return results;
  }();
  return *all;
}

CLAIM(Idle, ProcessBurnsLessThanHalfAPercentOfACpu,
      {.id = "cost.idle_cpu",
       .section = 0,
       .source = "Go's sysmon backs off when nothing happens",
       .says = "A process whose goroutines all sleep, or block in the kernel, "
               "burns less than 0.5 % of a CPU."}) {
  std::string figures;
  for (const auto& [wait, r] : IdleProcesses()) {
    ASSERT_TRUE(Exited(r, 0));
    const long long cpu = Number(r, "cpu");
    const long long wall = Number(r, "wall");
    ASSERT_GE(wall, 2'000'000'000);
    const double percent =
        100.0 * static_cast<double>(cpu) / static_cast<double>(wall);
    EXPECT_LT(percent, 0.5) << wait << "; " << r.Describe();
    char figure[64];
    snprintf(figure, sizeof(figure), "%s%s %.3f %%",
             figures.empty() ? "" : ", ", wait.c_str(), percent);
    figures += figure;
  }
  Measured(figures);
}

CLAIM(Idle, ProcessMakesFewerThanFiftyContextSwitchesASecond,
      {.id = "cost.idle_switches",
       .section = 0,
       .source = "measured with Go: 3 to 7 a second",
       .says = "Such a process makes fewer than 50 context switches a second, "
               "all its threads together."}) {
  std::string figures;
  for (const auto& [wait, r] : IdleProcesses()) {
    ASSERT_TRUE(Exited(r, 0));
    const double a_second = static_cast<double>(Number(r, "switches")) * 1e9 /
                            static_cast<double>(Number(r, "wall"));
    EXPECT_LT(a_second, 50) << wait << "; " << r.Describe();
    char figure[64];
    snprintf(figure, sizeof(figure), "%s%s %.1f", figures.empty() ? "" : ", ",
             wait.c_str(), a_second);
    figures += figure;
  }
  Measured(figures + " a second");
}

MN_PROGRAM(Sleepers) {
  const int n = static_cast<int>(Parameter("N"));
  static int up = 0;
  for (int i = 0; i < n; i++) {
    Go([] {
      up++;
      Sleep(seconds(3600));
    });
  }
  while (up < n) Gosched();
  Gosched();  // the last of them sleeps
  Say("goroutines", NumGoroutine());
  Say("threads", KernelThreads());
  return 0;
}

CLAIM(Idle, SleepingGoroutinesCostNoThread,
      {.id = "cost.sleepers_no_threads",
       .section = 5,
       .source = "timer waits cost no threads",
       .says = "Thousands of sleeping goroutines need no more threads than one "
               "does."}) {
  long long threads[2];
  const int sleepers[2] = {1, kManyGoroutines};
  for (int i = 0; i < 2; i++) {
    ProcessOptions options = OnProcs(1);
    options.env.emplace_back("N", std::to_string(sleepers[i]));
    const ProcessResult r = RunProgram("Sleepers", options);
    ASSERT_TRUE(Exited(r, 0));
    EXPECT_EQ(Number(r, "goroutines"), sleepers[i] + 1);
    threads[i] = Number(r, "threads");
  }
  EXPECT_LE(threads[1], threads[0] + 2);
  Measured("threads: " + std::to_string(threads[0]) + " with 1 sleeper, " +
           std::to_string(threads[1]) + " with " +
           std::to_string(kManyGoroutines));
}

}  // namespace
}  // namespace mn::conformance
