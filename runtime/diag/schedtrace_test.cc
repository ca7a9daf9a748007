// GODEBUG=schedtrace=N and scheddetail=1: the lines, in both profiles; and the
// number of threads that they and NumThreads say.
#include "runtime/diag/schedtrace.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/core/sanitizer.h"
#include "runtime/mn.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using test::Exited;
using test::ProcessResult;
using test::RunProgram;

// Computes, sleeps, blocks and is pinned for a third of a second.
MN_PROGRAM(LivesForAWhile) {
  WaitGroup wg;
  wg.Go([] {
    LockOSThread();
    Sleep(milliseconds(300));
  });
  wg.Go([] { BlockingCall([] { ::usleep(300'000); }); });
  wg.Go([] {
    const std::int64_t end = Nanotime() + 300'000'000;
    while (Nanotime() < end) Gosched();
  });
  wg.Wait();
  return 0;
}

// stderr, line by line.
std::vector<std::string> Lines(const std::string& godebug,
                               const std::string& profile) {
  const ProcessResult r =
      RunProgram("LivesForAWhile", {.env = {{"GOMAXPROCS", "3"},
                                            {"GODEBUG", godebug},
                                            {"MN_PROFILE", profile}}});
  EXPECT_TRUE(Exited(r, 0));
  std::vector<std::string> lines;
  std::istringstream in(r.err);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

const std::string kHead =
    R"(SCHED (\d+)ms: gomaxprocs=3 idleprocs=[0-3] threads=\d+ )"
    R"(spinningthreads=\d+ needspinning=[01] idlethreads=\d+ runqueue=\d+)";

void ExpectEachMatches(const std::vector<std::string>& lines,
                       const std::string& pattern) {
  const std::regex regex(pattern);
  EXPECT_GE(lines.size(), 2u);
  for (const std::string& line : lines) {
    EXPECT_TRUE(std::regex_match(line, regex)) << line;
  }
}

TEST(Schedtrace, LinesOfProfileDocument) {
  ExpectEachMatches(Lines("schedtrace=50", "document"),
                    kHead + R"( \[\d+ \d+ \d+\])");
}

TEST(Schedtrace, LinesOfProfileGo) {
  ExpectEachMatches(
      Lines("schedtrace=50", "go"),
      kHead + R"( \[ \d+ \d+ \d+ \] schedticks=\[ \d+ \d+ \d+ \])");
}

TEST(Schedtrace, APeriodLiesBetweenTwoLines) {
  const std::regex regex(kHead + ".*");
  long before = -1;
  int seen = 0;
  for (const std::string& line : Lines("schedtrace=100", "document")) {
    std::smatch match;
    ASSERT_TRUE(std::regex_match(line, match, regex)) << line;
    const long ms = std::stol(match[1]);
    if (before >= 0) {
      EXPECT_GE(ms - before, 99);  // cut to milliseconds
    }
    before = ms;
    seen++;
  }
  EXPECT_GE(seen, 2);
}

TEST(Schedtrace, WithoutItNothingIsPrinted) {
  EXPECT_EQ(Lines("", "document").size(), 0u);
  EXPECT_EQ(Lines("schedtrace=0", "document").size(), 0u);
  EXPECT_EQ(Lines("scheddetail=1", "document").size(), 0u);
}

TEST(Schedtrace, DetailHasALineForEveryPMAndG) {
  for (const std::string profile : {"document", "go"}) {
    const std::regex head(
        kHead + R"( gcwaiting=(true|false) nmidlelocked=\d+ stopwait=-?\d+ )"
                R"(sysmonwait=(true|false))");
    const std::regex p(
        R"(  P\d+: status=\d schedtick=\d+ syscalltick=\d+ m=(\d+|nil) )"
        R"(runqsize=\d+ gfreecnt=\d+ timerslen=\d+)");
    const std::regex m(
        R"(  M\d+: p=(\d+|nil) curg=(\d+|nil) .*spinning=(true|false) )"
        R"(blocked=(true|false) lockedg=(\d+|nil))");
    const std::regex g(
        R"(  G\d+: status=\d+\([a-z ().A-Z]*\) m=(\d+|nil) lockedm=(\d+|nil))");
    int heads = 0, ps = 0, ms = 0, gs = 0, others = 0;
    for (const std::string& line :
         Lines("schedtrace=50,scheddetail=1", profile)) {
      if (std::regex_match(line, head)) {
        heads++;
      } else if (std::regex_match(line, p)) {
        ps++;
      } else if (std::regex_match(line, m)) {
        ms++;
      } else if (std::regex_match(line, g)) {
        gs++;
      } else {
        others++;
        ADD_FAILURE() << line;
      }
    }
    EXPECT_GE(heads, 2);
    EXPECT_EQ(ps, 3 * heads);
    EXPECT_GE(ms, 2 * heads) << "the main thread and sysmon at least";
    EXPECT_GE(gs, heads) << "main at least";
    EXPECT_EQ(others, 0);
  }
}

// ---- the number of threads --------------------------------------------------

int ThreadsOfTheProcess() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Threads:")) return std::stoi(line.substr(8));
  }
  return -1;
}

MN_PROGRAM(CountsThreads) {
  // TSan has one of its own.
  constexpr int kOthers = MN_TSAN ? 1 : 0;
  for (int round = 0; round < 3; round++) {
    WaitGroup wg;
    for (int i = 0; i < 10 * round; i++) {
      wg.Go([] { BlockingCall([] { ::usleep(20'000); }); });
    }
    wg.Wait();
    // One that begins or ends is in one number and not in the other.
    while (ThreadsOfTheProcess() != NumThreads() + kOthers) Gosched();
  }
  return 0;
}

TEST(NumThreads, IsWhatTheKernelSays) {
  EXPECT_TRUE(Exited(RunProgram("CountsThreads"), 0));
}

}  // namespace
}  // namespace mn
