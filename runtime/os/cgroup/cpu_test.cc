#include "runtime/os/cgroup/cpu.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "runtime/os/cgroup/fake_root.h"

namespace mn::cgroup {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Optional;

CPU OpenFound(const FakeRoot& root, Policy policy = Policy::kLeaf) {
  CPU cpu = CPU::Open(root.path(), policy);
  EXPECT_EQ(cpu.outcome(), Outcome::kFound) << cpu.reason();
  return cpu;
}

void ExpectNotFound(const FakeRoot& root, Outcome outcome, const char* why,
                    Policy policy = Policy::kLeaf) {
  const CPU cpu = CPU::Open(root.path(), policy);
  EXPECT_EQ(cpu.outcome(), outcome);
  EXPECT_THAT(cpu.reason(), HasSubstr(why));
  EXPECT_EQ(cpu.Read().cpus, std::nullopt);
}

TEST(Cpu, Cg1_V2) {
  FakeRoot root;
  root.V2("/a/b").Write("/cg/a/b/cpu.max", "250000 100000\n");
  const CPU cpu = OpenFound(root);
  const Limit limit = cpu.Read();
  EXPECT_THAT(limit.cpus, Optional(2.5));
  EXPECT_EQ(limit.where, root.At("/cg/a/b/cpu.max"));
  EXPECT_EQ(limit.problem, nullptr);
  EXPECT_EQ(cpu.version(), Version::V2);
  EXPECT_EQ(cpu.reason(), "");
}

TEST(Cpu, Cg1_V1) {
  FakeRoot root;
  root.V1("/a").V1Limit("/cg/a", "50000\n");
  const CPU cpu = OpenFound(root);
  const Limit limit = cpu.Read();
  EXPECT_THAT(limit.cpus, Optional(0.5));
  EXPECT_EQ(limit.where, root.At("/cg/a/cpu.cfs_quota_us"));
  EXPECT_EQ(cpu.version(), Version::V1);
}

TEST(Cpu, Cg2_NoLimit) {
  FakeRoot one, two;
  one.V1("/a").V1Limit("/cg/a", "-1\n");
  two.V2("/a").Write("/cg/a/cpu.max", "max 100000\n");
  for (const FakeRoot* root : {&one, &two}) {
    const CPU cpu = OpenFound(*root);
    const Limit limit = cpu.Read();
    EXPECT_EQ(limit.cpus, std::nullopt);
    EXPECT_EQ(limit.problem, nullptr);
  }
}

TEST(Cpu, Cg1_HybridReadsV1) {
  FakeRoot root;
  root.Write("/proc/self/cgroup", "0::/a\n3:cpu:/a\n")
      .Write("/proc/self/mountinfo",
             "1 2 0:3 / /two rw - cgroup2 cgroup2 rw\n"
             "1 2 0:4 / /one rw - cgroup cgroup rw,cpu\n")
      .Write("/two/a/cpu.max", "100000 100000\n")
      .V1Limit("/one/a", "300000\n");
  EXPECT_THAT(OpenFound(root).Read().cpus, Optional(3));
}

TEST(Cpu, Cg1_HybridWithoutV1sCpuControllerReadsV2) {
  FakeRoot root;
  root.Write("/proc/self/cgroup", "3:memory:/a\n0::/a\n")
      .Write("/proc/self/mountinfo",
             "1 2 0:4 / /one rw - cgroup cgroup rw,memory\n"
             "1 2 0:3 / /two rw - cgroup2 cgroup2 rw\n")
      .Write("/two/a/cpu.max", "100000 100000\n");
  EXPECT_THAT(OpenFound(root).Read().cpus, Optional(1));
}

TEST(Cpu, Cgf1_AContainersGroupIsItsMountPoint) {
  FakeRoot root;
  root.Write("/proc/self/cgroup", "4:cpu,cpuacct:/docker/42\n")
      .Write("/proc/self/mountinfo",
             "1 2 0:3 /docker/42 /cg ro - cgroup cgroup rw,cpu,cpuacct\n")
      .V1Limit("/cg", "200000\n");
  EXPECT_THAT(OpenFound(root).Read().cpus, Optional(2));
}

TEST(Cpu, Cgf2_ACoveredMountIsPassedOver) {
  // /covered is the hierarchy's, says mountinfo, but it shows something else.
  FakeRoot root;
  root.Write("/proc/self/cgroup", "0::/a\n")
      .Write("/proc/self/mountinfo",
             "1 2 0:3 /a /cg rw - cgroup2 cgroup2 rw\n"
             "1 2 0:3 / /gone rw - cgroup2 cgroup2 rw\n"
             "1 2 0:3 / /covered rw - cgroup2 cgroup2 rw\n")
      .MakeDir("/covered/a")
      .Write("/cg/cpu.max", "100000 100000\n");
  EXPECT_EQ(OpenFound(root).Read().where, root.At("/cg/cpu.max"));
}

TEST(Cpu, Cgf3_EscapedMountPoint) {
  FakeRoot root;
  root.Write("/proc/self/cgroup", "0::/a b\n")
      .Write("/proc/self/mountinfo",
             R"(1 2 0:3 / /c\040\134\011\012g rw - cgroup2 cgroup2 rw)"
             "\n")
      .Write("/c \\\t\ng/a b/cpu.max", "100000 100000\n");
  EXPECT_THAT(OpenFound(root).Read().cpus, Optional(1));
}

TEST(Cpu, Cg6_LeafIgnoresTheAncestors) {
  FakeRoot root;
  root.V2("/a/b")
      .Write("/cg/a/cpu.max", "100000 100000\n")
      .Write("/cg/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(OpenFound(root, Policy::kLeaf).Read().cpus, std::nullopt);
}

TEST(Cpu, Cg6_WholePathTakesTheSmallestLimit) {
  FakeRoot root;
  root.V2("/a/b/c")
      .Write("/cg/cpu.max", "800000 100000\n")
      .Write("/cg/a/cpu.max", "300000 100000\n")
      .Write("/cg/a/b/cpu.max", "75000 50000\n")
      .Write("/cg/a/b/c/cpu.max", "400000 100000\n");
  CPU cpu = OpenFound(root, Policy::kWholePath);
  Limit limit = cpu.Read();
  EXPECT_THAT(limit.cpus, Optional(1.5));
  EXPECT_EQ(limit.where, root.At("/cg/a/b/cpu.max"));

  root.Write("/cg/cpu.max", "100000 100000\n");  // the mount point counts too
  limit = cpu.Read();
  EXPECT_THAT(limit.cpus, Optional(1));
  EXPECT_EQ(limit.where, root.At("/cg/cpu.max"));
}

TEST(Cpu, Cg6_WholePathOnV1) {
  FakeRoot root;
  root.V1("/a/b")
      .V1Limit("/cg", "-1\n")
      .V1Limit("/cg/a", "150000\n")
      .V1Limit("/cg/a/b", "-1\n");
  const CPU cpu = OpenFound(root, Policy::kWholePath);
  const Limit limit = cpu.Read();
  EXPECT_THAT(limit.cpus, Optional(1.5));
  EXPECT_EQ(limit.where, root.At("/cg/a/cpu.cfs_quota_us"));
}

TEST(Cpu, Cg6_WholePathEndsAtTheMountPoint) {
  FakeRoot root;
  root.V2("/a")
      .Write("/cpu.max", "100000 100000\n")
      .Write("/cg/cpu.max", "max 100000\n")
      .Write("/cg/a/cpu.max", "max 100000\n");
  EXPECT_EQ(OpenFound(root, Policy::kWholePath).Read().cpus, std::nullopt);
}

TEST(Cpu, Cg7_SeesAChangeOfTheQuota) {
  FakeRoot root;
  root.V1("/a").V1Limit("/cg/a", "50000\n");
  const CPU cpu = OpenFound(root);
  EXPECT_THAT(cpu.Read().cpus, Optional(0.5));
  root.V1Limit("/cg/a", "1000000\n");
  EXPECT_THAT(cpu.Read().cpus, Optional(10));
  root.V1Limit("/cg/a", "-1\n");
  EXPECT_EQ(cpu.Read().cpus, std::nullopt);
  root.V1Limit("/cg/a", "50000\n", "25000\n");
  EXPECT_THAT(cpu.Read().cpus, Optional(2));
}

TEST(Cpu, Cgf6_DoesNotSeeAReplacedFile) {
  FakeRoot root;
  root.V2("/a").Write("/cg/a/cpu.max", "100000 100000\n");
  const CPU cpu = OpenFound(root);
  root.Remove("/cg/a/cpu.max");
  root.Write("/cg/a/cpu.max", "300000 100000\n");
  EXPECT_THAT(cpu.Read().cpus, Optional(1));
  EXPECT_THAT(OpenFound(root).Read().cpus, Optional(3));
}

TEST(Cpu, Cgf6_DoesNotSeeThatTheProcessWasMoved) {
  FakeRoot root;
  root.V2("/a")
      .Write("/cg/a/cpu.max", "100000 100000\n")
      .Write("/cg/b/cpu.max", "300000 100000\n");
  const CPU cpu = OpenFound(root);
  root.Write("/proc/self/cgroup", "0::/b\n");
  EXPECT_THAT(cpu.Read().cpus, Optional(1));
  EXPECT_THAT(OpenFound(root).Read().cpus, Optional(3));
}

TEST(Cpu, Cgf7_V2sRootHasNoFile) {
  FakeRoot root;
  root.V2("/");
  ExpectNotFound(root, Outcome::kNone, "/cg has no cpu.max");
  ExpectNotFound(root, Outcome::kNone, "/cg has no cpu.max",
                 Policy::kWholePath);
}

TEST(Cpu, Cgf7_AGroupWithoutTheControllerIsLimitedByItsAncestors) {
  FakeRoot root;
  root.V2("/a/b").Write("/cg/a/cpu.max", "100000 100000\n");
  ExpectNotFound(root, Outcome::kNone, "/cg/a/b has no cpu.max");
  EXPECT_THAT(OpenFound(root, Policy::kWholePath).Read().cpus, Optional(1));
}

TEST(Cpu, Cgf7_AMalformedFileIsPassedOverAndNamed) {
  FakeRoot root;
  root.V2("/a/b")
      .Write("/cg/cpu.max", "300000 100000\n")
      .Write("/cg/a/cpu.max", "12 monkeys\n")
      .Write("/cg/a/b/cpu.max", "400000 100000\n");
  const CPU cpu = OpenFound(root, Policy::kWholePath);
  const Limit limit = cpu.Read();
  EXPECT_THAT(limit.cpus, Optional(3));
  EXPECT_STREQ(limit.problem, "malformed");
  EXPECT_EQ(limit.problem_file, root.At("/cg/a/cpu.max"));
}

TEST(Cpu, Cgf7_AFileThatCannotBeOpenedIsPassedOverAndNamed) {
  FakeRoot root;
  root.V2("/a/b").Write("/cg/a/b/cpu.max", "400000 100000\n");
  ASSERT_EQ(symlink("cpu.max", root.At("/cg/a/cpu.max").c_str()), 0);
  const CPU cpu = OpenFound(root, Policy::kWholePath);
  EXPECT_THAT(cpu.Read().cpus, Optional(4));
  EXPECT_THAT(cpu.reason(),
              HasSubstr("cannot open " + root.At("/cg/a/cpu.max")));
}

TEST(Cpu, Cgf7_ALeafThatCannotBeOpenedIsAnError) {
  FakeRoot root;
  root.V2("/a");
  ASSERT_EQ(symlink("cpu.max", root.At("/cg/a/cpu.max").c_str()), 0);
  ExpectNotFound(root, Outcome::kError, "cpu.max: Too many levels of symbolic");
}

TEST(Cpu, Cgf7_AQuotaWithoutAPeriodFileLimitsNothing) {
  FakeRoot root;
  root.V1("/a").Write("/cg/a/cpu.cfs_quota_us", "50000\n");
  EXPECT_EQ(CPU::Open(root.path()).Read().cpus, std::nullopt);
}

TEST(Cpu, Cg5_AFileLongerThanAnyLimitIsMalformed) {
  FakeRoot root;
  root.V2("/a").Write("/cg/a/cpu.max", "1 " + std::string(100, '0') + "1\n");
  const CPU cpu = OpenFound(root);
  EXPECT_STREQ(cpu.Read().problem, "malformed");
}

TEST(Cpu, Cg5_AnEmptyFileIsMalformed) {
  FakeRoot root;
  root.V1("/a").V1Limit("/cg/a", "", "");
  const CPU cpu = OpenFound(root);
  EXPECT_STREQ(cpu.Read().problem, "malformed");
}

TEST(Cpu, Cg5_ADirectoryInThePlaceOfAFile) {
  FakeRoot root;
  root.V2("/a").MakeDir("/cg/a/cpu.max");
  const CPU cpu = OpenFound(root);
  EXPECT_STREQ(cpu.Read().problem, "Is a directory");
}

TEST(Cpu, Cg5_AFifoInThePlaceOfAFileDoesNotBlock) {
  FakeRoot root;
  root.V2("/a");
  ASSERT_EQ(mkfifo(root.At("/cg/a/cpu.max").c_str(), 0600), 0);
  const CPU cpu = OpenFound(root);
  EXPECT_STREQ(cpu.Read().problem, "Illegal seek");

  root.Remove("/proc/self/cgroup");
  ASSERT_EQ(mkfifo(root.At("/proc/self/cgroup").c_str(), 0600), 0);
  ExpectNotFound(root, Outcome::kNone, "names no cgroup");
}

TEST(Cpu, Cg5_AnEndlessFileIsAnError) {
  FakeRoot root;
  root.V2("/a").Remove("/proc/self/mountinfo");
  ASSERT_EQ(symlink("/dev/zero", root.At("/proc/self/mountinfo").c_str()), 0);
  ExpectNotFound(root, Outcome::kError, "mountinfo: File too large");
}

TEST(Cpu, Cg5_DepthIsBounded) {
  FakeRoot root;
  std::string group;
  for (int i = 0; i < 63; i++) group += "/x";
  root.V2(group).Write("/cg/cpu.max", "100000 100000\n");
  EXPECT_THAT(OpenFound(root, Policy::kWholePath).Read().cpus, Optional(1));
  root.V2(group + "/x");
  ExpectNotFound(root, Outcome::kError, "too many groups above",
                 Policy::kWholePath);
}

TEST(Cpu, Cg5_APathLongerThanTheKernelTakesIsAnError) {
  FakeRoot root;
  root.V2("/a").Write("/proc/self/cgroup",
                      "0::/" + std::string(5000, 'x') + "\n");
  ExpectNotFound(root, Outcome::kError, "File name too long");
}

TEST(Cpu, NoProcIsNone) {
  FakeRoot root;
  ExpectNotFound(root, Outcome::kNone, "cannot read");
}

TEST(Cpu, NotMountedIsNone) {
  FakeRoot root;
  root.V2("/a").Write("/proc/self/mountinfo", "");
  ExpectNotFound(root, Outcome::kNone, "cgroup v2 is not mounted");
}

TEST(Cpu, AGroupThatIsGoneIsAnError) {
  FakeRoot root;
  root.V2("/a").Write("/proc/self/cgroup", "0::/a (deleted)\n");
  ExpectNotFound(root, Outcome::kError, "/cg/a (deleted): No such file");
}

TEST(Cpu, MalformedProcFilesAreErrors) {
  FakeRoot root;
  root.V2("/a").Write("/proc/self/mountinfo", "garbage\n");
  ExpectNotFound(root, Outcome::kError, "mountinfo line 1");
  root.Write("/proc/self/cgroup", "garbage\n");
  ExpectNotFound(root, Outcome::kError, "cgroup line 1");
}

TEST(Cpu, AMovedCpuReadsOnAndItsViewsStayValid) {
  FakeRoot root;
  root.V2("/a").Write("/cg/a/cpu.max", "100000 100000\n");
  CPU first = OpenFound(root);
  const Limit limit = first.Read();
  const CPU second = std::move(first);
  EXPECT_THAT(limit.where, EndsWith("/cg/a/cpu.max"));
  EXPECT_THAT(second.Read().cpus, Optional(1));
  EXPECT_EQ(first.Read().cpus,
            std::nullopt);  // NOLINT(bugprone-use-after-move)
}

TEST(Cpu, OnThisMachineItFindsAGroupOrSaysWhyNot) {
  const CPU cpu = CPU::Open();
  EXPECT_NE(cpu.outcome() == Outcome::kFound, !cpu.reason().empty());
}

// The descriptors that are open, and how many of them a child would inherit.
std::pair<int, int> CountDescriptors() {
  int open = 0, inherited = 0;
  for (int fd = 0; fd < 256; fd++) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags < 0) continue;
    open++;
    if ((flags & FD_CLOEXEC) == 0) inherited++;
  }
  return {open, inherited};
}

TEST(Cpu, Cgf8_DescriptorsAreCloseOnExecAndClosedWithTheCpu) {
  FakeRoot root;
  root.V1("/a/b").V1Limit("/cg/a/b", "50000\n").V1Limit("/cg", "-1\n");
  const auto before = CountDescriptors();
  {
    const CPU cpu = OpenFound(root, Policy::kWholePath);
    const auto during = CountDescriptors();
    EXPECT_EQ(during.first, before.first + 4);  // two levels of two files
    EXPECT_EQ(during.second, before.second);
  }
  EXPECT_EQ(CountDescriptors(), before);
}

}  // namespace
}  // namespace mn::cgroup
