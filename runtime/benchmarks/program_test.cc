// Smoke test of one benchmark program, named by the first argument: every
// workload, tiny, prints one JSON line with what a comparison needs; bad input
// is refused with a message that helps.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "runtime/benchmarks/comparison/measured_run.h"

namespace mn::bench {
namespace {

std::string g_program;

Outcome RunProgram(const std::string& args) {
  std::vector<std::string> argv = {g_program};
  for (auto word : absl::StrSplit(args, ' ', absl::SkipEmpty())) {
    argv.emplace_back(word);
  }
  return RunCommand({argv, {}, "", 50});
}

constexpr std::int64_t kAny = 0;
constexpr int kCannotExpress = 3;

struct Tiny {
  const char* args;
  std::int64_t ops;  // operations that must be reported for them, or kAny
  const char* unit;
  bool quotient = true;  // the figure is wall time by operations
};

// At least one line for every workload of every program.
constexpr Tiny kTiny[] = {
    {"calib -n 1000", 1000, "ns/xorshift64 step"},
    {"spawn_join -n 250 -batch 100", 300, "ns/goroutine"},
    {"spawn_join_one -n 50", 50, "ns/spawn+join"},
    {"spawn_first_yield -n 200 -batch 100", 200, "ns/goroutine"},
    {"yield -n 1001 -k 10", 1000, "ns/yield"},
    {"chan_pingpong -n 200", 200, "ns/round trip"},
    {"chan_buffered -n 200", 200, "ns/item"},
    {"chan_buffered -n 203 -cap 16 -prod 4 -cons 3", 200, "ns/item"},
    {"mutex -n 1000", 1000, "ns/lock+unlock"},
    {"mutex -n 1003 -k 4 -cs 3 -out 6", 1000, "ns/lock+unlock"},
    {"rwmutex -n 1600 -k 8", 1600, "ns/lock+unlock"},
    {"rwmutex -n 1600 -k 2 -variant rlock", 1600, "ns/lock+unlock"},
    {"fan_out_in -n 50 -reps 4", 200, "ns/goroutine"},
    {"fan_gate -n 50 -reps 3", 150, "ns/woken goroutine"},
    {"skynet -n 100", 111, "ns/goroutine"},
    {"parfib -n 10 -cutoff 2", 88, "ns/spawn"},
    {"sieve -n 20", 282, "ns/message"},
    {"mem_parked -n 100", 100, "ns/goroutine created and parked"},
    {"mem_parked -n 50 -frame 7168", 50, "ns/goroutine created and parked"},
    {"sleep_precision -n 20 -us 100", 20, "ns lateness (p50)", false},
    {"syscall -n 1000 -variant raw", 1000, "ns/getpid"},
    {"syscall -n 1000 -variant enter", 1000, "ns/getpid"},
    {"syscall_handoff -n 50", 50, "ns/start-to-other (p50)", false},
    {"syscall_handoff -n 50 -variant first", 50, "ns/start-to-other (p50)",
     false},
    {"pipe_handoff -n 50 -k 4", 50, "ns/write-to-resume (p50)", false},
    {"pipe_handoff -n 10 -k 2 -hogs 2", 10, "ns/write-to-resume (p50)", false},
    {"blocking_sleep -k 10 -us 1000", 1, "ms wall (warm round)"},
    {"cgo_call -n 1000", 1000, "ns/C call"},
    {"cgo_callback -n 1000", 1000, "ns/C-to-Go callback"},
    {"cgo_block -k 10 -us 1000", 1, "ms wall (warm round)"},
    {"lockosthread -n 100 -k 1", 100, "ns/round trip"},
    {"lockosthread -n 100 -k 2", 100, "ns/round trip"},
    {"lockosthread -n 100 -k 3", 100, "ns/round trip"},
    {"wake_latency -n 50 -us 50", 50, "ns send-to-resume (p50)", false},
    {"preempt -k 0 -dur 50ms", kAny, "ns lateness (p50)", false},
    {"preempt -k 2 -dur 200ms", kAny, "ns lateness (p50)", false},
    {"fairness -k 3 -dur 400ms", 3, "max share / min share", false},
    {"stw -n 5 -k 2", 5, "ns/stop and start (p50)", false},
};

std::string FirstWord(const std::string& text) {
  return text.substr(0, text.find(' '));
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  std::istringstream lines(RunProgram("list").out);
  for (std::string line; std::getline(lines, line);) {
    names.push_back(FirstWord(line));
  }
  return names;
}

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Boost.Fiber says nothing to the sanitizers about its switches: under them it
// fails for reasons of its own.
constexpr bool kSanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    true;
#else
    false;
#endif
#else
    false;
#endif

class Program : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitized && g_program.find("fiberbench") != std::string::npos) {
      GTEST_SKIP() << "Boost.Fiber does not work under sanitizers";
    }
  }
};

TEST_F(Program, EveryListedWorkloadIsTriedHere) {
  std::vector<std::string> names = Names();
  ASSERT_GE(names.size(), 14u);
  for (const std::string& name : names) {
    bool tried = false;
    for (const Tiny& tiny : kTiny) tried |= FirstWord(tiny.args) == name;
    EXPECT_TRUE(tried) << name;
  }
}

TEST_F(Program, EveryWorkloadPrintsOneCompleteLine) {
  const std::vector<std::string> names = Names();
  for (const Tiny& tiny : kTiny) {
    if (!Has(names, FirstWord(tiny.args))) continue;
    SCOPED_TRACE(tiny.args);
    Outcome outcome = RunProgram(std::string(tiny.args) + " -p 2");
    if (outcome.status == kCannotExpress) continue;
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    ASSERT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1);
    auto line = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(line.at("workload"), FirstWord(tiny.args));
    EXPECT_EQ(line.at("unit"), tiny.unit);
    EXPECT_GT(line.at("params").at("p"), 0);
    const std::int64_t ops = line.at("extra").at("ops");
    EXPECT_GT(ops, 0);
    if (tiny.ops != kAny) {
      EXPECT_EQ(ops, tiny.ops);
    }
    EXPECT_GE(line.at("extra").at("threads"), 1);
    EXPECT_GT(line.at("extra").at("rss_bytes"), 0);
    EXPECT_TRUE(line.at("extra").contains("cpu_user_s"));
    EXPECT_TRUE(line.at("extra").contains("minflt"));
    // Two of the figures are one figure, or all three.
    const double ns = line.at("ns_per_op");
    const double per_s = line.at("ops_per_s");
    const double elapsed = line.at("elapsed_s");
    EXPECT_GT(ns, 0);
    EXPECT_NEAR(per_s * elapsed, static_cast<double>(ops), 0.01);
    if (tiny.quotient) {
      EXPECT_NEAR(ns * per_s, 1e9, 1);
    }
  }
}

TEST_F(Program, SetsP) {
  for (int p : {1, 2}) {
    Outcome outcome = RunProgram("yield -n 100 -p " + std::to_string(p));
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    auto line = nlohmann::json::parse(outcome.out);
    // stdbench can have no more than there are CPUs.
    EXPECT_GE(line.at("params").at("p"), 1);
    EXPECT_LE(line.at("params").at("p"), p);
  }
}

TEST_F(Program, MemParkedReportsMemory) {
  Outcome outcome = RunProgram("mem_parked -n 200 -p 1");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  auto extra = nlohmann::json::parse(outcome.out).at("extra");
  for (const char* key : {"rss_per_goroutine", "page_tables_per_goroutine",
                          "memory_per_goroutine", "threads_parked",
                          "maps_parked", "release_ns_per_goroutine"}) {
    EXPECT_TRUE(extra.at(key).is_number()) << key;
  }
  EXPECT_TRUE(extra.at("guard_pages").is_string());
}

TEST_F(Program, LatenciesHaveADistribution) {
  Outcome outcome = RunProgram("wake_latency -n 20 -us 20 -p 2");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  auto line = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(line.at("ns_per_op"), line.at("extra").at("p50_ns"));
  EXPECT_EQ(line.at("extra").at("samples"), 20);
  EXPECT_GE(line.at("extra").at("max_ns"), line.at("extra").at("p99_ns"));
}

// Every workload is listed, or refused with a reason.
TEST_F(Program, SaysWhatItCannotExpress) {
  const std::vector<std::string> names = Names();
  for (const Tiny& tiny : kTiny) {
    const std::string name = FirstWord(tiny.args);
    if (Has(names, name)) continue;
    Outcome outcome = RunProgram(tiny.args);
    EXPECT_EQ(outcome.status, kCannotExpress) << name;
    EXPECT_EQ(outcome.out, "") << name;
    EXPECT_NE(outcome.err.find(name + ": "), std::string::npos) << outcome.err;
  }
}

TEST_F(Program, RefusesBadInput) {
  struct Bad {
    const char* args;
    const char* message;
  };
  constexpr Bad kBad[] = {
      {"", "which workload?"},
      {"spawn_jion", "no such workload: spawn_jion"},
      {"yield -cap 3", "yield does not take -cap"},
      {"yield -k many", "not a decimal number"},
      {"yield -n 5 -k 10", "-n must be at least -k"},
      {"skynet -n 50", "-n must be a power of 10"},
      {"parfib -n 51", "-n must be at most 50"},
      {"syscall -variant cooked", "-variant must be raw or enter"},
      {"sleep_precision -us many", "not a decimal number"},
      {"mem_parked -frame 100 -n 10", "-frame must be 0, 1024, 3072 or 7168"},
  };
  for (const Bad& bad : kBad) {
    Outcome outcome = RunProgram(bad.args);
    EXPECT_EQ(outcome.status, 2) << bad.args;
    EXPECT_EQ(outcome.out, "") << bad.args;
    EXPECT_NE(outcome.err.find(bad.message), std::string::npos) << outcome.err;
  }
}

}  // namespace
}  // namespace mn::bench

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc < 2) {
    fprintf(stderr, "usage: program_test PROGRAM\n");
    return 2;
  }
  mn::bench::g_program = argv[1];
  return RUN_ALL_TESTS();
}
