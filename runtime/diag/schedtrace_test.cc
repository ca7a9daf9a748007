// GODEBUG=schedtrace=N and scheddetail=1: the lines, in both profiles; and the
// number of threads that they and NumThreads say.
#include "runtime/diag/schedtrace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/base/sanitizer.h"
#include "runtime/mn.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using std::chrono::milliseconds;
using test::Exited;
using test::ProcessResult;
using test::RunProgram;
using ::testing::Each;
using ::testing::MatchesRegex;

MN_PROGRAM(LivesForAWhile) {
  Sleep(milliseconds(300));
  return 0;
}

// Computes, sleeps, blocks and is pinned until two traces have come, and prints
// them.
MN_BARE_PROGRAM(PrintsTwoTraces) {
  int trace[2];
  if (::pipe(trace) != 0 || ::dup2(trace[1], STDERR_FILENO) < 0) return 1;
  return Main([from = trace[0]] {
    std::atomic<bool> done{false};
    WaitGroup wg;
    wg.Go([&] {
      LockOSThread();
      while (!done) Sleep(milliseconds(1));
    });
    wg.Go([&] {
      while (!done) Gosched();
    });
    std::string text;
    std::size_t third = text.npos;
    BlockingCall([&] {
      while (third == text.npos) {
        char buffer[4096];
        const ssize_t n = ::read(from, buffer, sizeof buffer);
        if (n <= 0) return;
        text.append(buffer, static_cast<std::size_t>(n));
        std::size_t at = text.find("SCHED");
        for (int i = 0; i < 2 && at != text.npos; i++) {
          at = text.find("SCHED", at + 1);
        }
        third = at;
      }
    });
    done = true;
    wg.Wait();
    ::fwrite(text.data(), 1, std::min(third, text.size()), stdout);
    return 0;
  });
}

ProcessResult Traced(const char* program, const std::string& godebug,
                     const std::string& profile) {
  return RunProgram(program, {.env = {{"GOMAXPROCS", "3"},
                                      {"GODEBUG", godebug},
                                      {"MN_PROFILE", profile}}});
}

// Two traces, line by line.
std::vector<std::string> Lines(const std::string& godebug,
                               const std::string& profile) {
  const ProcessResult r = Traced("PrintsTwoTraces", godebug, profile);
  EXPECT_TRUE(Exited(r, 0));
  std::vector<std::string> lines;
  std::istringstream in(r.out);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

const std::string kHead =
    R"(SCHED [0-9]+ms: gomaxprocs=3 idleprocs=[0-3] threads=[0-9]+ )"
    R"(spinningthreads=[0-9]+ needspinning=[01] idlethreads=[0-9]+ runqueue=[0-9]+)";

void ExpectEachMatches(const std::vector<std::string>& lines,
                       const std::string& pattern) {
  EXPECT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines, Each(MatchesRegex(pattern)));
}

TEST(Schedtrace, LinesOfProfileDocument) {
  ExpectEachMatches(Lines("schedtrace=50", "document"),
                    kHead + R"( \[[0-9]+ [0-9]+ [0-9]+\])");
}

TEST(Schedtrace, LinesOfProfileGo) {
  ExpectEachMatches(
      Lines("schedtrace=50", "go"),
      kHead +
          R"( \[ [0-9]+ [0-9]+ [0-9]+ \] schedticks=\[ [0-9]+ [0-9]+ [0-9]+ \])");
}

TEST(Schedtrace, APeriodLiesBetweenTwoLines) {
  long before = -1;
  for (const std::string& line : Lines("schedtrace=100", "document")) {
    long ms = -1;
    ASSERT_EQ(sscanf(line.c_str(), "SCHED %ldms:", &ms), 1) << line;
    if (before >= 0) {
      EXPECT_GE(ms - before, 99);  // cut to milliseconds
    }
    before = ms;
  }
  EXPECT_GE(before, 0);
}

TEST(Schedtrace, WithoutItNothingIsPrinted) {
  EXPECT_EQ(Traced("LivesForAWhile", "", "document").err, "");
  EXPECT_EQ(Traced("LivesForAWhile", "schedtrace=0", "document").err, "");
  EXPECT_EQ(Traced("LivesForAWhile", "scheddetail=1", "document").err, "");
}

TEST(Schedtrace, DetailHasALineForEveryPMAndG) {
  for (const std::string profile : {"document", "go"}) {
    int heads = 0, ps = 0, ms = 0, gs = 0;
    for (const std::string& line :
         Lines("schedtrace=50,scheddetail=1", profile)) {
      if (line.starts_with("SCHED")) {
        heads++;
        EXPECT_THAT(
            line,
            MatchesRegex(kHead + R"( gcwaiting=(true|false) )"
                                 R"(nmidlelocked=[0-9]+ stopwait=-?[0-9]+ )"
                                 R"(sysmonwait=(true|false))"));
      } else if (line.starts_with("  P")) {
        ps++;
        EXPECT_THAT(
            line,
            MatchesRegex(R"(  P[0-9]+: status=[0-9] schedtick=[0-9]+ )"
                         R"(syscalltick=[0-9]+ m=([0-9]+|nil) runqsize=[0-9]+ )"
                         R"(gfreecnt=[0-9]+ timerslen=[0-9]+)"));
      } else if (line.starts_with("  M")) {
        ms++;
        EXPECT_THAT(
            line, MatchesRegex(R"(  M[0-9]+: p=([0-9]+|nil) curg=([0-9]+|nil) )"
                               R"(spinning=(true|false) blocked=(true|false) )"
                               R"(lockedg=([0-9]+|nil))"));
      } else {
        gs++;
        EXPECT_THAT(line,
                    MatchesRegex(R"(  G[0-9]+: status=[0-9]+\([a-z ().A-Z]*\) )"
                                 R"(m=([0-9]+|nil) lockedm=([0-9]+|nil))"));
      }
    }
    EXPECT_EQ(heads, 2);
    EXPECT_EQ(ps, 3 * heads);
    EXPECT_GE(ms, 2 * heads) << "the main thread and sysmon at least";
    EXPECT_GE(gs, heads) << "main at least";
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
