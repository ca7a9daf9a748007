#include "runtime/os/cgroup/default_gomaxprocs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "runtime/os/cgroup/fake_root.h"

namespace mn::cgroup {
namespace {

constexpr std::optional<double> kNoQuota;  // `max`, -1

struct Row {
  std::optional<double> quota;
  int document;
  int go;
};

void ExpectRows(std::int32_t ncpu, std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    const double quota = row.quota.value_or(-1);
    EXPECT_EQ(DefaultGomaxprocs(Profile::kDocument, ncpu, row.quota).procs,
              row.document)
        << quota;
    EXPECT_EQ(DefaultGomaxprocs(Profile::kGo, ncpu, row.quota).procs, row.go)
        << quota;
  }
}

TEST(DefaultGomaxprocs, Cg2_Cg3_Cg4_On64Cpus) {
  ExpectRows(64, {{0.5, 1, 2},
                  {1, 1, 2},
                  {1.5, 2, 2},
                  {2, 2, 2},
                  {2.00001, 3, 3},
                  {2.5, 3, 3},
                  {2.99999, 3, 3},
                  {3, 3, 3},
                  {63.5, 64, 64},
                  {64, 64, 64},
                  {100, 64, 64},
                  {kNoQuota, 64, 64}});
}

TEST(DefaultGomaxprocs, Cg2_Cg3_Cg4_On2Cpus) {
  ExpectRows(2, {{0.5, 1, 2},
                 {1, 1, 2},
                 {1.5, 2, 2},
                 {2, 2, 2},
                 {2.00001, 2, 2},
                 {2.5, 2, 2},
                 {2.99999, 2, 2},
                 {3, 2, 2},
                 {100, 2, 2},
                 {kNoQuota, 2, 2}});
}

TEST(DefaultGomaxprocs, Cg2_Cg3_Cg4_On1Cpu) {
  ExpectRows(1, {{0.5, 1, 1},
                 {1, 1, 1},
                 {1.5, 1, 1},
                 {2, 1, 1},
                 {2.00001, 1, 1},
                 {2.5, 1, 1},
                 {2.99999, 1, 1},
                 {3, 1, 1},
                 {100, 1, 1},
                 {kNoQuota, 1, 1}});
}

TEST(DefaultGomaxprocs, AnyNumberIsAccepted) {
  using Limits = std::numeric_limits<double>;
  ExpectRows(4, {{1e-300, 1, 2},
                 {1e300, 4, 4},
                 {Limits::infinity(), 4, 4},
                 {Limits::quiet_NaN(), 4, 4},
                 {0.0, 4, 4},
                 {-3.0, 4, 4}});
  ExpectRows(0, {{2, 1, 1}, {kNoQuota, 1, 1}});
  ExpectRows(-7, {{2, 1, 1}, {kNoQuota, 1, 1}});
  ExpectRows(INT32_MAX, {{1e18, INT32_MAX, INT32_MAX}});
}

TEST(DefaultGomaxprocs, SaysWhy) {
  const auto why = [](Profile profile, int ncpu, std::optional<double> quota) {
    return DefaultGomaxprocs(profile, ncpu, quota).why;
  };
  EXPECT_EQ(why(Profile::kDocument, 64, kNoQuota), Why::kNoQuota);
  EXPECT_EQ(why(Profile::kDocument, 64, 3), Why::kQuota);
  EXPECT_EQ(why(Profile::kDocument, 64, 0.5), Why::kRoundedUp);
  EXPECT_EQ(why(Profile::kGo, 64, 0.5), Why::kMinimum);
  EXPECT_EQ(why(Profile::kGo, 64, 1.5), Why::kRoundedUp);
  EXPECT_EQ(why(Profile::kGo, 2, 2.5), Why::kNumCPU);
  EXPECT_EQ(why(Profile::kGo, 2, 2), Why::kQuota);
  // The minimum does not exceed ncpu.
  EXPECT_EQ(why(Profile::kGo, 1, 0.5), Why::kRoundedUp);
}

// The line for a v2 group whose cpu.max has this text, with the root taken off.
std::string Line(Profile profile, std::int32_t ncpu, const char* cpu_max) {
  FakeRoot root;
  root.V2("/a").Write("/cg/a/cpu.max", cpu_max);
  const CPU cpu = CPU::Open(root.path());
  const Limit limit = cpu.Read();
  std::string line = ExplainGomaxprocs(
      DefaultGomaxprocs(profile, ncpu, limit.cpus), cpu, limit);
  if (const auto at = line.find(root.path()); at != line.npos) {
    line.erase(at, root.path().size());
  }
  return line;
}

TEST(ExplainGomaxprocs, NamesTheQuotaItsFileAndWhatBecameOfIt) {
  EXPECT_EQ(Line(Profile::kGo, 64, "250000 100000\n"),
            "maxprocs: GOMAXPROCS=3: quota of 2.5 CPUs, rounded up "
            "(cgroup v2, /cg/a/cpu.max)");
  EXPECT_EQ(Line(Profile::kGo, 64, "200001 100000\n"),
            "maxprocs: GOMAXPROCS=3: quota of 2.00001 CPUs, rounded up "
            "(cgroup v2, /cg/a/cpu.max)");
  EXPECT_EQ(Line(Profile::kGo, 64, "50000 100000\n"),
            "maxprocs: GOMAXPROCS=2: quota of 0.5 CPUs, raised to the minimum "
            "(cgroup v2, /cg/a/cpu.max)");
  EXPECT_EQ(Line(Profile::kDocument, 64, "300000 100000\n"),
            "maxprocs: GOMAXPROCS=3: quota of 3 CPUs "
            "(cgroup v2, /cg/a/cpu.max)");
  EXPECT_EQ(Line(Profile::kDocument, 2, "300000 100000\n"),
            "maxprocs: GOMAXPROCS=2: quota of 3 CPUs, more than there are CPUs "
            "(cgroup v2, /cg/a/cpu.max)");
}

TEST(ExplainGomaxprocs, SaysThatThereIsNoQuota) {
  EXPECT_EQ(Line(Profile::kGo, 2, "max 100000\n"),
            "maxprocs: GOMAXPROCS=2: no CPU quota");
}

TEST(ExplainGomaxprocs, SaysWhichFileIsMalformed) {
  EXPECT_EQ(Line(Profile::kGo, 2, "half\n"),
            "maxprocs: GOMAXPROCS=2: no CPU quota (/cg/a/cpu.max: malformed)");
}

TEST(ExplainGomaxprocs, SaysWhyThereIsNoCgroup) {
  FakeRoot root;
  root.Write("/proc/self/cgroup", "4:memory:/\n")
      .Write("/proc/self/mountinfo", "");
  const CPU cpu = CPU::Open(root.path());
  EXPECT_EQ(ExplainGomaxprocs(DefaultGomaxprocs(Profile::kGo, 8, {}), cpu,
                              cpu.Read()),
            "maxprocs: GOMAXPROCS=8: no CPU quota (/proc/self/cgroup names no "
            "cgroup with a cpu controller)");
}

TEST(ExplainGomaxprocs, SaysV1) {
  FakeRoot root;
  root.V1("/a").V1Limit("/cg/a", "150000\n");
  const CPU cpu = CPU::Open(root.path());
  const Limit limit = cpu.Read();
  EXPECT_EQ(
      ExplainGomaxprocs(DefaultGomaxprocs(Profile::kGo, 8, limit.cpus), cpu,
                        limit),
      "maxprocs: GOMAXPROCS=2: quota of 1.5 CPUs, rounded up (cgroup v1, " +
          root.At("/cg/a/cpu.cfs_quota_us)"));
}

}  // namespace
}  // namespace mn::cgroup
