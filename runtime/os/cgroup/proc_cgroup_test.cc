#include "runtime/os/cgroup/proc_cgroup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mn::cgroup {
namespace {

using ::testing::HasSubstr;

void ExpectFound(std::string_view text, Version version,
                 std::string_view path) {
  const CPUCgroup group = ParseCPUCgroup(text);
  EXPECT_EQ(group.outcome, Outcome::kFound) << group.reason;
  EXPECT_EQ(group.version, version);
  EXPECT_EQ(group.path, path);
}

TEST(ProcCgroup, V2) { ExpectFound("0::/a/b/c\n", Version::V2, "/a/b/c"); }

TEST(ProcCgroup, V1) {
  ExpectFound("1:blkio:/blk\n2:cpu:/a/b\n", Version::V1, "/a/b");
}

TEST(ProcCgroup, V1MountedTogetherWithOtherControllers) {
  ExpectFound("2:cpu,cpuacct:/a\n", Version::V1, "/a");
  ExpectFound("2:cpuacct,cpu:/a\n", Version::V1, "/a");
}

TEST(ProcCgroup, Cg1_V1BeatsV2BeforeAndAfterIt) {
  ExpectFound("3:cpu:/one\n0::/two\n", Version::V1, "/one");
  ExpectFound("0::/two\n3:cpu:/one\n", Version::V1, "/one");
}

TEST(ProcCgroup, Cg1_V1WithoutTheCpuControllerDoesNot) {
  ExpectFound("3:cpuacct:/one\n2:cpuset:/one\n1:name=cpu:/one\n0::/two\n",
              Version::V2, "/two");
}

TEST(ProcCgroup, APathMayHoldColonsAndCommasAndSpaces) {
  ExpectFound("0::/a:b,cpu: c\n", Version::V2, "/a:b,cpu: c");
}

TEST(ProcCgroup, TheLastLineNeedsNoNewline) {
  ExpectFound("0::/a", Version::V2, "/a");
}

TEST(ProcCgroup, NoCpuControllerIsNone) {
  for (const char* text : {"", "4:memory:/a\n", "4:cpuacct:/\n5::/a\n"}) {
    const CPUCgroup group = ParseCPUCgroup(text);
    EXPECT_EQ(group.outcome, Outcome::kNone) << text;
    EXPECT_THAT(group.reason, HasSubstr("/proc/self/cgroup"));
  }
}

// go:GMP-15.
TEST(ProcCgroup, MalformedIsAnErrorThatNamesTheLine) {
  for (std::string text : {"\n", "0\n", "0:\n", "0::\n", "0::a\n", "7\n",
                           "1:memory:a\n", ":/a\n"}) {
    const CPUCgroup group = ParseCPUCgroup("9:pids:/\n" + text + "0::/a\n");
    EXPECT_EQ(group.outcome, Outcome::kError) << text;
    EXPECT_THAT(group.reason, HasSubstr("/proc/self/cgroup line 2: ")) << text;
  }
}

TEST(ProcCgroup, APathWithANulByteIsMalformed) {
  using namespace std::literals;
  EXPECT_EQ(ParseCPUCgroup("0::/a\0b\n"sv).outcome, Outcome::kError);
}

TEST(ContainsCPU, IsAWholeWord) {
  for (const char* yes : {"cpu", "memory,cpu", "cpu,memory", "a,cpu,b"}) {
    EXPECT_TRUE(ContainsCPU(yes)) << yes;
  }
  for (const char* no : {"", ",", "memory,cpuacct,block", "xcpu", "cpu "}) {
    EXPECT_FALSE(ContainsCPU(no)) << no;
  }
}

}  // namespace
}  // namespace mn::cgroup
