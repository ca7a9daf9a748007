// What waiting costs: no CPU, no threads.
#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

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

// Waits for two seconds in the way that WAIT names, after everything that comes
// with starting has calmed down, and says what the whole process used.
MN_PROGRAM(IsIdle) {
  const std::string wait = TextParameter("WAIT");
  auto idle = [&wait](milliseconds t) {
    if (wait == "asleep") Sleep(t);
    if (wait == "blocked") BlockingCall([t] { usleep(t.count() * 1000); });
  };
  idle(milliseconds(300));
  const long long wall = Nanotime();
  const long long cpu = ProcessCpuNanoseconds();
  idle(seconds(2));
  Say("cpu", ProcessCpuNanoseconds() - cpu);
  Say("wall", Nanotime() - wall);
  return 0;
}

TEST(Idle, ProcessBurnsLessThanOnePercentOfACpu) {
  std::string figures;
  for (const std::string wait : {"asleep", "blocked"}) {
    const ProcessResult r = RunProgram("IsIdle", {.env = {{"WAIT", wait}}});
    ASSERT_TRUE(Exited(r, 0));
    const long long cpu = Number(r, "cpu");
    const long long wall = Number(r, "wall");
    ASSERT_GE(wall, 2'000'000'000);
    const double percent =
        100.0 * static_cast<double>(cpu) / static_cast<double>(wall);
    EXPECT_LT(percent, 1.0) << wait << "; " << r.Describe();
    char figure[64];
    snprintf(figure, sizeof(figure), "%s%s %.3f %%",
             figures.empty() ? "" : ", ", wait.c_str(), percent);
    figures += figure;
  }
  Measured(figures);
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
  Say("threads", Threads());
  return 0;
}

TEST(Idle, SleepingGoroutinesCostNoThread) {
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
