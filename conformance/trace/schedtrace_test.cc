// GODEBUG=schedtrace and scheddetail, read as people read them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

using std::chrono::milliseconds;

MN_PROGRAM(LivesForAWhile) {
  WaitGroup all;
  all.Go([] { BlockingCall([] { usleep(350'000); }); });
  all.Go([] {
    const long long end = Nanotime() + 350'000'000;
    while (Nanotime() < end) Gosched();
  });
  all.Wait();
  return 0;
}

std::vector<std::string> Lines(const std::string& godebug,
                               const std::string& profile) {
  const ProcessResult r =
      RunProgram("LivesForAWhile", {.env = {{"GOMAXPROCS", "2"},
                                            {"GODEBUG", godebug},
                                            {"MN_PROFILE", profile}}});
  EXPECT_TRUE(Exited(r, 0));
  std::vector<std::string> lines;
  std::istringstream in(r.err);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

const std::string kHead =
    R"(SCHED (\d+)ms: gomaxprocs=2 idleprocs=\d+ threads=\d+ )"
    R"(spinningthreads=\d+ needspinning=\d idlethreads=\d+ runqueue=\d+)";

void ExpectLines(const std::string& profile, const std::string& tail) {
  const std::regex regex(kHead + tail);
  const std::vector<std::string> lines = Lines("schedtrace=100", profile);
  ASSERT_GE(lines.size(), 2u);
  for (const std::string& line : lines) {
    EXPECT_TRUE(std::regex_match(line, regex)) << line;
  }
  Measured(lines.back());
}

TEST(Schedtrace, PrintsTheLineOfTheDocument) {
  ExpectLines("document", R"( \[\d+ \d+\])");
}

TEST(Schedtrace, PrintsTheLineOfGo) {
  ExpectLines("go", R"( \[ \d+ \d+ \] schedticks=\[ \d+ \d+ \])");
}

TEST(Schedtrace, PrintsOneLineAPeriod) {
  const std::regex regex(kHead + ".*");
  std::string stamps;
  long before = -1;
  for (const std::string& line : Lines("schedtrace=100", "document")) {
    std::smatch match;
    ASSERT_TRUE(std::regex_match(line, match, regex)) << line;
    const long ms = std::stol(match[1]);
    if (before >= 0) {
      EXPECT_GE(ms - before, 99);  // cut to milliseconds
    }
    before = ms;
    stamps += (stamps.empty() ? "" : ", ") + std::to_string(ms);
  }
  ASSERT_NE(stamps.find(','), stamps.npos) << "fewer than two lines";
  Measured("every 100 ms: at " + stamps + " ms");
}

TEST(Schedtrace, DetailShowsEveryPMAndG) {
  for (const std::string profile : {"document", "go"}) {
    int heads = 0, ps = 0, ms = 0, gs = 0;
    for (const std::string& line :
         Lines("schedtrace=100,scheddetail=1", profile)) {
      if (line.starts_with("SCHED ")) {
        heads++;
        EXPECT_TRUE(std::regex_match(
            line, std::regex(kHead + R"( gcwaiting=\w+ nmidlelocked=\d+ )"
                                     R"(stopwait=-?\d+ sysmonwait=\w+)")))
            << line;
      }
      ps += line.starts_with("  P") ? 1 : 0;
      ms += line.starts_with("  M") ? 1 : 0;
      gs += line.starts_with("  G") ? 1 : 0;
    }
    ASSERT_GE(heads, 2);
    EXPECT_EQ(ps, 2 * heads);
    EXPECT_GE(ms, 2 * heads) << "the main thread and the monitor";
    EXPECT_GE(gs, heads) << "goroutine 1";
    Measured(std::to_string(ps / heads) + " Ps, " + std::to_string(ms / heads) +
             " Ms and " + std::to_string(gs / heads) + " Gs each time");
  }
}

}  // namespace
}  // namespace mn::conformance
