// GOMAXPROCS in a container: programs in a cgroup with a CPU quota. Bazel's
// sandbox does not let a test make one, so this runs outside it.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"
#include "runtime/os/cgroup/mountinfo.h"
#include "runtime/os/cgroup/proc_cgroup.h"

namespace mn::conformance {
namespace {

std::string ReadFile(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

constexpr int kNoLimit = -1;

// A group below this process's own in the v1 cpu hierarchy, there as long as
// this.
class Group {
 public:
  Group() {
    using namespace cgroup;
    const CPUCgroup own = ParseCPUCgroup(ReadFile("/proc/self/cgroup"));
    if (own.outcome != Outcome::kFound || own.version != Version::V1) return;
    const CPUMounts mounts =
        ParseCPUMount(ReadFile("/proc/self/mountinfo"), Version::V1, own.path);
    if (mounts.outcome != Outcome::kFound) return;
    const std::string dir = mounts.mounts[0].point + mounts.mounts[0].below +
                            "/mn_conformance." + std::to_string(getpid());
    if (mkdir(dir.c_str(), 0755) == 0) dir_ = dir;
  }
  ~Group() {
    if (!dir_.empty()) rmdir(dir_.c_str());
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  bool Usable() const { return !dir_.empty(); }

  // False: the kernel grants a group no more than the ones above it have.
  bool SetQuota(int percent) {
    const int us = percent == kNoLimit ? -1 : percent * 1000;
    const std::string file = dir_ + "/cpu.cfs_quota_us";
    std::ofstream(file) << us << std::flush;
    return ReadFile(file.c_str()) == std::to_string(us) + "\n";
  }

  // Runs the program in it, with `percent` of a CPU to begin with, or kNoLimit.
  ProcessResult Run(const char* program, int percent, ProcessOptions options) {
    EXPECT_TRUE(SetQuota(percent)) << percent << " % of a CPU";
    options.env.emplace_back("GROUP", dir_);
    return RunProgram(program, options);
  }

 private:
  std::string dir_;
};

int Cpus() {
  cpu_set_t mine;
  return sched_getaffinity(0, sizeof(mine), &mine) == 0 ? CPU_COUNT(&mine) : 1;
}

#define MN_NEEDS_A_GROUP(group)                               \
  if (Cpus() < 2) MN_NOT_ON_THIS_MACHINE("needs 2 CPUs");     \
  Group group;                                                \
  if (!group.Usable()) {                                      \
    MN_NOT_ON_THIS_MACHINE(                                   \
        "needs a v1 cpu cgroup below which it may make one"); \
  }                                                           \
  if (!group.SetQuota(100 * Cpus() + 150)) {                  \
    MN_NOT_ON_THIS_MACHINE("is in a group with a CPU quota"); \
  }

void JoinGroup() {
  std::ofstream procs(TextParameter("GROUP") + "/cgroup.procs");
  MUST(procs << 0 << std::flush);
}

MN_BARE_PROGRAM(SaysProcsInAGroup) {
  JoinGroup();
  return Main([] {
    Say("procs", GOMAXPROCS());
    Say("cpus", NumCPU());
    return 0;
  });
}

void ExpectProcs(const std::string& profile, int percent, int want) {
  MN_NEEDS_A_GROUP(group);
  const ProcessResult r = group.Run("SaysProcsInAGroup", percent,
                                    {.env = {{"MN_PROFILE", profile}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "procs"), want);
  EXPECT_EQ(Number(r, "cpus"), Cpus()) << "the quota is no number of CPUs";
  Measured((percent == kNoLimit ? "no limit"
                                : std::to_string(percent) + " % of a CPU") +
           ": " + Text(r, "procs"));
}

CLAIM(Quota, HalfACpuIsOnePInTheDocument,
      {.id = "quota.half_document",
       .section = 9,
       .source = "cpu: 500m is GOMAXPROCS=1, rounded up from 0.5",
       .says = "Half a CPU is one P.",
       .profile = kDocument}) {
  ExpectProcs("document", 50, 1);
}

CLAIM(Quota, HalfACpuIsTwoPsInGo,
      {.id = "quota.half_go",
       .section = 9,
       .source = "Go cgroup_linux.go: never less than 2",
       .says = "Half a CPU is two Ps.",
       .profile = kGo}) {
  ExpectProcs("go", 50, 2);
}

CLAIM(Quota, MoreThanTheCpusIsTheCpus,
      {.id = "quota.more_than_cpus",
       .section = 9,
       .source = "go:GMP-03",
       .says = "A quota above the number of CPUs leaves their number."}) {
  ExpectProcs("document", 100 * Cpus() + 150, Cpus());
}

CLAIM(
    Quota, NoneIsTheCpus,
    {.id = "quota.none",
     .section = 9,
     .source = "bare metal, dedicated machine: default (NumCPU) (8); go:GMP-02",
     .says = "A group without a quota leaves the number of CPUs."}) {
  ExpectProcs("document", kNoLimit, Cpus());
}

CLAIM(Quota, BetweenTwoCpusAndAllItIsRoundedUp,
      {.id = "quota.between",
       .section = 9,
       .source = "cpu: 2500m is GOMAXPROCS=3, rounded up; go:GMP-01",
       .says = "A quota between two CPUs and all of them is rounded up."}) {
  if (Cpus() < 4) MN_NOT_ON_THIS_MACHINE("needs 4 CPUs");
  ExpectProcs("go", 250, 3);
}

MN_BARE_PROGRAM(SaysProcsInAGroupOnOneCpu) {
  JoinGroup();
  cpu_set_t all, one;
  sched_getaffinity(0, sizeof(all), &all);
  CPU_ZERO(&one);
  int cpu = 0;
  while (!CPU_ISSET(cpu, &all)) cpu++;
  CPU_SET(cpu, &one);
  sched_setaffinity(0, sizeof(one), &one);
  return Main([] {
    Say("procs", GOMAXPROCS());
    Say("cpus", NumCPU());
    return 0;
  });
}

CLAIM(Quota, AnAffinityMaskOfFewerCpusCountsMore,
      {.id = "quota.affinity",
       .section = 9,
       .source = "Go cgroup_linux.go, go:GMP-06",
       .says = "Of the quota and the CPUs of the affinity mask the smaller "
               "counts."}) {
  MN_NEEDS_A_GROUP(group);
  const ProcessResult r = group.Run("SaysProcsInAGroupOnOneCpu", 150,
                                    {.env = {{"MN_PROFILE", "document"}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "cpus"), 1);
  EXPECT_EQ(Number(r, "procs"), 1);
  Measured("150 % of a CPU and one CPU: " + Text(r, "procs"));
}

CLAIM(Quota, EnvironmentOverridesIt,
      {.id = "quota.environment",
       .section = 9,
       .source = "the environment overrides the default (8); go:GMP-05",
       .says = "GOMAXPROCS in the environment counts more than the quota."}) {
  MN_NEEDS_A_GROUP(group);
  const ProcessResult r =
      group.Run("SaysProcsInAGroup", 50,
                {.env = {{"MN_PROFILE", "document"}, {"GOMAXPROCS", "7"}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "procs"), 7);
  Measured("50 % of a CPU and GOMAXPROCS=7: " + Text(r, "procs"));
}

CLAIM(Quota, ContainermaxprocsOffIgnoresIt,
      {.id = "quota.ignored",
       .section = 9,
       .source = "Go GODEBUG containermaxprocs, go:GMP-01",
       .says = "GODEBUG=containermaxprocs=0 ignores the quota."}) {
  MN_NEEDS_A_GROUP(group);
  const ProcessResult r =
      group.Run("SaysProcsInAGroup", 50,
                {.env = {{"MN_PROFILE", "document"},
                         {"GODEBUG", "containermaxprocs=0"}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "procs"), Cpus());
  Measured("50 % of a CPU: " + Text(r, "procs"));
}

// The quota, a CPU or more at the start, falls to half a CPU.
MN_BARE_PROGRAM(QuotaFalls) {
  JoinGroup();
  return Main([] {
    Say("before", GOMAXPROCS());
    std::ofstream(TextParameter("GROUP") + "/cpu.cfs_quota_us")
        << 50'000 << std::flush;
    SetDefaultGOMAXPROCS();
    Say("default", GOMAXPROCS());
    Say("cpus", NumCPU());
    return 0;
  });
}

CLAIM(Quota, SetDefaultReadsTheOneOfNow,
      {.id = "quota.set_default",
       .section = 9,
       .source = "Go debug.go SetDefaultGOMAXPROCS, go:GMP-07, go:GMP-18",
       .says = "SetDefaultGOMAXPROCS takes the number of the quota of now; "
               "NumCPU stays.",
       .profile = kDocument}) {
  MN_NEEDS_A_GROUP(group);
  const ProcessResult r =
      group.Run("QuotaFalls", 100 * Cpus(),
                {.env = {{"MN_PROFILE", "document"}, {"GOMAXPROCS", "5"}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "before"), 5);
  EXPECT_EQ(Number(r, "default"), 1);
  EXPECT_EQ(Number(r, "cpus"), Cpus()) << "NumCPU follows no quota";
  Measured("5 that was set, then 1");
}

CLAIM(Quota, SetDefaultIgnoresItIfContainermaxprocsIsOff,
      {.id = "quota.set_default_ignored",
       .section = 9,
       .source = "Go GODEBUG containermaxprocs, go:GMP-07",
       .says = "With GODEBUG=containermaxprocs=0 SetDefaultGOMAXPROCS takes "
               "the number of CPUs."}) {
  MN_NEEDS_A_GROUP(group);
  const int set = Cpus() + 3;
  const ProcessResult r =
      group.Run("QuotaFalls", 100 * Cpus(),
                {.env = {{"MN_PROFILE", "document"},
                         {"GOMAXPROCS", std::to_string(set)},
                         {"GODEBUG", "containermaxprocs=0"}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "before"), set);
  EXPECT_EQ(Number(r, "default"), Cpus());
  Measured(std::to_string(set) + " that was set, then the CPUs");
}

// Keeps busy while the quota changes to TO percent of a CPU, until the number
// follows, or for as many milliseconds as WAIT says.
MN_BARE_PROGRAM(QuotaChanges) {
  JoinGroup();
  return Main([] {
    Say("before", GOMAXPROCS());
    std::ofstream(TextParameter("GROUP") + "/cpu.cfs_quota_us")
        << Parameter("TO") * 1000 << std::flush;
    const long long wait = Parameter("WAIT");
    const int before = GOMAXPROCS();
    const long long began = Nanotime();
    while (wait == 0 ? GOMAXPROCS() == before
                     : Nanotime() - began < wait * 1'000'000) {
      Gosched();
    }
    Say("after", GOMAXPROCS());
    Say("after_ms", (Nanotime() - began) / 1'000'000);
    if (wait != 0) {
      SetDefaultGOMAXPROCS();
      Say("default", GOMAXPROCS());
    }
    return 0;
  });
}

CLAIM(Quota, ChangeIsFollowedWhileTheProgramIsBusy,
      {.id = "quota.followed",
       .section = 9,
       .source = "Go proc.go sysmon: once a second, while the program is busy",
       .says = "A busy program follows a change of its quota."}) {
  MN_NEEDS_A_GROUP(group);
  const ProcessResult r = group.Run(
      "QuotaChanges", 50,
      {.env = {{"MN_PROFILE", "document"}, {"TO", "150"}, {"WAIT", "0"}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "before"), 1);
  EXPECT_EQ(Number(r, "after"), 2);
  Measured("1, and 2 after " + Text(r, "after_ms") + " ms");
}

CLAIM(Quota, AFallIsFollowedToo,
      {.id = "quota.fall_followed",
       .section = 9,
       .source = "Go proc.go sysmon: once a second, while the program is busy",
       .says = "A busy program gives Ps up when its quota falls.",
       .profile = kDocument}) {
  MN_NEEDS_A_GROUP(group);
  const ProcessResult r = group.Run(
      "QuotaChanges", 100 * Cpus(),
      {.env = {{"MN_PROFILE", "document"}, {"TO", "50"}, {"WAIT", "0"}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "before"), Cpus());
  EXPECT_EQ(Number(r, "after"), 1);
  Measured(Text(r, "before") + ", and 1 after " + Text(r, "after_ms") + " ms");
}

CLAIM(Quota, ChangeIsNotFollowedIfUpdatesAreOff,
      {.id = "quota.updates_off",
       .section = 9,
       .source = "Go GODEBUG updatemaxprocs, go:GMP-07, go:GMP-09",
       .says = "With GODEBUG=updatemaxprocs=0 a change of the quota counts "
               "only when SetDefaultGOMAXPROCS asks for it."}) {
  MN_NEEDS_A_GROUP(group);
  const ProcessResult r = group.Run("QuotaChanges", 50,
                                    {.env = {{"MN_PROFILE", "document"},
                                             {"TO", "150"},
                                             {"WAIT", "2500"},
                                             {"GODEBUG", "updatemaxprocs=0"}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "before"), 1);
  EXPECT_EQ(Number(r, "after"), 1);
  EXPECT_EQ(Number(r, "default"), 2) << "SetDefaultGOMAXPROCS reads it";
  Measured("1 for 2.5 s, 2 when asked for");
}

CLAIM(Quota, ChangeIsNotFollowedAfterTheNumberWasSet,
      {.id = "quota.not_if_set",
       .section = 9,
       .source = "Go debug.go GOMAXPROCS, go:GMP-09",
       .says = "A number that was set does not follow the quota."}) {
  MN_NEEDS_A_GROUP(group);
  const ProcessResult r = group.Run("QuotaChanges", 50,
                                    {.env = {{"MN_PROFILE", "document"},
                                             {"TO", "150"},
                                             {"WAIT", "2500"},
                                             {"GOMAXPROCS", "5"}}});
  ASSERT_TRUE(Exited(r, 0));
  EXPECT_EQ(Number(r, "before"), 5);
  EXPECT_EQ(Number(r, "after"), 5);
  EXPECT_EQ(Number(r, "default"), 2);
  Measured("5 for 2.5 s");
}

}  // namespace
}  // namespace mn::conformance
