// The harness: command line, percentiles, and what it says about the process.

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <chrono>
#include <cstddef>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/process.h"
#include "runtime/benchmarks/harness/report.h"
#include "runtime/benchmarks/harness/work.h"

namespace mn::bench {
namespace {

const std::vector<Workload> kWorkloads = {
    {"yield", "n k", "yields", nullptr},
    {"rwmutex", "n k variant", "locks", nullptr},
    {"preempt", "k dur", "hogs", nullptr},
    {"rpc", "n", "calls", nullptr, "there is no network"},
};

Options Parse(const std::vector<std::string>& args) {
  return ParseCommandLine(kWorkloads, args);
}

// The complaint about bad input; "" if there was none.
std::string Complaint(const std::vector<std::string>& args) {
  try {
    Parse(args);
  } catch (const UsageError& e) {
    return e.what;
  }
  return "";
}

TEST(CommandLine, TakesAllSpellingsOfAFlag) {
  for (const std::vector<std::string>& args :
       {std::vector<std::string>{"yield", "-p", "2", "-k", "7"},
        std::vector<std::string>{"yield", "-p=2", "-k=7"},
        std::vector<std::string>{"yield", "--p", "2", "--k=7"}}) {
    Options options = Parse(args);
    EXPECT_EQ(options.workload, "yield");
    EXPECT_EQ(options.p, 2);
    EXPECT_EQ(options.Get("k", 2), 7);
    EXPECT_EQ(options.Get("n", 5), 5);
  }
}

TEST(CommandLine, TheLastOfTwoEqualFlagsCounts) {
  EXPECT_EQ(Parse({"yield", "-n", "9", "-n", "3"}).Get("n", 1), 3);
}

TEST(CommandLine, ZeroIsTheDefault) {
  EXPECT_EQ(Parse({"yield", "-k", "0"}).Get("k", 2), 2);
}

TEST(CommandLine, ZeroIsAValueWhereItMakesSense) {
  EXPECT_EQ(Parse({"preempt", "-k", "0"}).GetEvenZero("k", 1), 0);
  EXPECT_EQ(Parse({"preempt"}).GetEvenZero("k", 1), 1);
}

TEST(CommandLine, TakesADuration) {
  using std::chrono::milliseconds;
  EXPECT_EQ(Parse({"preempt", "-dur", "5s"}).dur, milliseconds(5000));
  EXPECT_EQ(Parse({"preempt", "-dur=1m2.5s"}).dur, milliseconds(62'500));
  EXPECT_EQ(Parse({"preempt"}).dur, milliseconds(0));
  for (const char* bad : {"5", "soon", "-1s"}) {
    EXPECT_NE(Complaint({"preempt", "-dur", bad}).find("not a duration"),
              std::string::npos);
  }
}

TEST(CommandLine, SaysWhatTheRuntimeCannotDo) {
  EXPECT_EQ(ListWorkloads(kWorkloads).find("rpc"), std::string::npos);
  try {
    Parse({"rpc", "-n", "1"});
    ADD_FAILURE() << "not refused";
  } catch (const CannotExpress& e) {
    EXPECT_EQ(e.what, "rpc: there is no network");
  }
}

TEST(CommandLine, SaysWhatIsWrongAndWhatWouldBeRight) {
  EXPECT_EQ(Complaint({}).substr(0, 15), "which workload?");
  std::string unknown = Complaint({"yeild"});
  EXPECT_NE(unknown.find("no such workload: yeild"), unknown.npos);
  EXPECT_NE(unknown.find("\nyield "), unknown.npos);
  std::string not_taken = Complaint({"yield", "-cap", "1"});
  EXPECT_NE(not_taken.find("yield does not take -cap"), not_taken.npos);
  EXPECT_NE(not_taken.find("  -k "), not_taken.npos);
  EXPECT_NE(Complaint({"yield", "-q", "1"}).find("does not take -q"),
            std::string::npos);
  EXPECT_NE(Complaint({"yield", "-k"}).find("-k needs a value"),
            std::string::npos);
  EXPECT_NE(Complaint({"yield", "-k", "two"}).find("not a decimal number"),
            std::string::npos);
  EXPECT_NE(Complaint({"yield", "-k", "-1"}).find("must be 0 to"),
            std::string::npos);
  EXPECT_NE(Complaint({"yield", "7"}).find("not a flag: \"7\""),
            std::string::npos);
  EXPECT_NE(Complaint({"yield", "--"}).find("not a flag"), std::string::npos);
  EXPECT_EQ(Complaint({"rwmutex", "-variant", "rlock"}), "");
}

TEST(Percentile, IsTheNearestRank) {
  std::vector<std::int64_t> hundred(100);
  std::iota(hundred.begin(), hundred.end(), 1);
  EXPECT_EQ(Percentile(hundred, 0.5), 50);
  EXPECT_EQ(Percentile(hundred, 0.99), 99);
  EXPECT_EQ(Percentile(hundred, 0.999), 100);
  EXPECT_EQ(Percentile(hundred, 0), 1);
  EXPECT_EQ(Percentile({7}, 0.5), 7);
  EXPECT_EQ(Percentile({}, 0.5), -1);
}

TEST(Report, SaysWhenASizeWasReduced) {
  Report report("yield");
  EXPECT_EQ(report.Bounded("n", 1000, 10), 10);
  EXPECT_EQ(report.Bounded("k", 2, 10), 2);
  Meter meter;
  meter.Stop(report, "ns/yield", 10);
  auto line = nlohmann::json::parse(report.Line("test", 3));
  EXPECT_EQ(line["params"]["n"], 10);
  EXPECT_EQ(line["params"]["n_asked"], 1000);
  EXPECT_EQ(line["params"]["p"], 3);
  EXPECT_FALSE(line["params"].contains("k_asked"));
}

TEST(Report, TheFigureOfLatenciesIsTheirMedian) {
  Report report("sleep_precision");
  report.Result("ns", 4, 1000);
  report.Latencies({40, 10, 20, 30});
  auto line = nlohmann::json::parse(report.Line("test", 1));
  EXPECT_EQ(line["ns_per_op"], 20);
  EXPECT_EQ(line["extra"]["p50_ns"], 20);
  EXPECT_EQ(line["extra"]["max_ns"], 40);
  EXPECT_EQ(line["extra"]["ops"], 4);
}

TEST(Work, FibIsFib) {
  EXPECT_EQ(Fib(0), 0);
  EXPECT_EQ(Fib(1), 1);
  EXPECT_EQ(Fib(20), 6765);
}

TEST(Process, ResidentBytesSeeTouchedPages) {
  constexpr std::size_t kBytes = 32 << 20;
  std::int64_t before = ResidentBytes();
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  std::int64_t grown = ResidentBytes() - before;
  munmap(memory, kBytes);
  EXPECT_GE(grown, static_cast<std::int64_t>(kBytes) * 9 / 10);
}

TEST(Process, GuardPageOfAThreadIsSeen) {
  // The main thread's stack ends far away; a page of it does not.
  EXPECT_NE(GuardPageBelow(4096), Guard::kFound);
  Guard guard = Guard::kUnknown;
  std::thread([&] { guard = GuardPageBelow(64 << 20); }).join();
  EXPECT_NE(guard, Guard::kMissing);
}

}  // namespace
}  // namespace mn::bench
