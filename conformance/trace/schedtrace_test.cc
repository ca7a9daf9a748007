// GODEBUG=schedtrace and scheddetail, read as people read them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

using ::testing::Each;
using ::testing::MatchesRegex;

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
    R"(SCHED [0-9]+ms: gomaxprocs=2 idleprocs=[0-9]+ threads=[0-9]+ )"
    R"(spinningthreads=[0-9]+ needspinning=[0-9] idlethreads=[0-9]+ runqueue=[0-9]+)";

void ExpectLines(const std::string& profile, const std::string& tail) {
  const std::vector<std::string> lines = Lines("schedtrace=100", profile);
  ASSERT_GE(lines.size(), 2u);
  EXPECT_THAT(lines, Each(MatchesRegex(kHead + tail)));
  Measured(lines.back());
}

CLAIM(Schedtrace, PrintsTheLineOfTheDocument,
      {.id = "schedtrace.document",
       .section = 13,
       .source = "SCHED 1000ms: ... runqueue=0 [0 0 0 0]",
       .says = "GODEBUG=schedtrace prints the document's line.",
       .profile = kDocument}) {
  ExpectLines("document", R"( \[[0-9]+ [0-9]+\])");
}

CLAIM(Schedtrace, PrintsTheLineOfGo,
      {.id = "schedtrace.go",
       .section = 13,
       .source = "Go proc.go schedtrace",
       .says = "GODEBUG=schedtrace prints Go's line, with schedticks.",
       .profile = kGo}) {
  ExpectLines("go", R"( \[ [0-9]+ [0-9]+ \] schedticks=\[ [0-9]+ [0-9]+ \])");
}

CLAIM(Schedtrace, PrintsOneLineAPeriod,
      {.id = "schedtrace.period",
       .section = 13,
       .source = "prints one line per second",
       .says = "At least a period lies between two lines."}) {
  std::string stamps;
  long before = -1;
  for (const std::string& line : Lines("schedtrace=100", "document")) {
    long ms = -1;
    ASSERT_EQ(sscanf(line.c_str(), "SCHED %ldms:", &ms), 1) << line;
    if (before >= 0) {
      EXPECT_GE(ms - before, 99);  // cut to milliseconds
    }
    before = ms;
    stamps += (stamps.empty() ? "" : ", ") + std::to_string(ms);
  }
  ASSERT_NE(stamps.find(','), stamps.npos) << "fewer than two lines";
  Measured("every 100 ms: at " + stamps + " ms");
}

CLAIM(Schedtrace, DetailShowsEveryPMAndG,
      {.id = "schedtrace.detail",
       .section = 13,
       .source = "add scheddetail=1 for per-G/P/M detail",
       .says = "scheddetail=1 adds a line for every P, M and G."}) {
  for (const std::string profile : {"document", "go"}) {
    int heads = 0, ps = 0, ms = 0, gs = 0;
    for (const std::string& line :
         Lines("schedtrace=100,scheddetail=1", profile)) {
      if (line.starts_with("SCHED ")) {
        heads++;
        EXPECT_THAT(
            line, MatchesRegex(kHead +
                               R"( gcwaiting=(true|false) nmidlelocked=[0-9]+ )"
                               R"(stopwait=-?[0-9]+ sysmonwait=(true|false))"));
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
