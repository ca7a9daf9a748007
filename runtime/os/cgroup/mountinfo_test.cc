#include "runtime/os/cgroup/mountinfo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mn::cgroup {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The directories of `cgroup`, the best first.
std::vector<std::string> Dirs(std::string_view text, Version version,
                              std::string_view cgroup) {
  std::vector<std::string> dirs;
  const CPUMounts found = ParseCPUMount(text, version, cgroup);
  EXPECT_EQ(found.outcome, Outcome::kFound) << found.reason;
  for (const CPUMount& m : found.mounts) dirs.push_back(m.point + m.below);
  return dirs;
}

constexpr char kV1[] =
    "22 1 8:1 / / rw,relatime - ext4 /dev/root rw\n"
    "20 22 0:19 / /proc rw,nosuid - proc proc rw\n"
    "49 22 0:37 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "57 22 0:41 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
    "56 22 0:40 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n";
constexpr char kV2[] =
    "22 1 8:1 / / rw,relatime - ext4 /dev/root rw\n"
    "25 21 0:22 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n";

TEST(Mountinfo, V1IsTheMountWithTheCpuController) {
  EXPECT_THAT(Dirs(kV1, Version::V1, "/a/b"),
              ElementsAre("/sys/fs/cgroup/cpu/a/b"));
}

TEST(Mountinfo, V2) {
  EXPECT_THAT(Dirs(kV2, Version::V2, "/a"), ElementsAre("/sys/fs/cgroup/a"));
}

TEST(Mountinfo, TheRootGroupIsTheMountPoint) {
  EXPECT_THAT(Dirs(kV2, Version::V2, "/"), ElementsAre("/sys/fs/cgroup"));
}

TEST(Mountinfo, HybridShowsTheVersionThatIsAskedFor) {
  const std::string both = std::string(kV1) + kV2;
  EXPECT_THAT(Dirs(both, Version::V1, "/"), ElementsAre("/sys/fs/cgroup/cpu"));
  EXPECT_THAT(Dirs(both, Version::V2, "/"), ElementsAre("/sys/fs/cgroup"));
}

TEST(Mountinfo, AnyNumberOfOptionalFields) {
  for (std::string fields : {"", "shared:4 ", "shared:4 master:1 x:2 u "}) {
    EXPECT_THAT(Dirs("1 2 0:3 / /cg rw " + fields + "- cgroup2 c rw\n",
                     Version::V2, "/a"),
                ElementsAre("/cg/a"))
        << fields;
  }
}

TEST(Mountinfo, TheSourceMayBeEmptyAndSeveralOptionsFollow) {
  EXPECT_THAT(Dirs("1 2 0:3 / /cg rw - cgroup  rw,cpu\n", Version::V1, "/"),
              ElementsAre("/cg"));
}

TEST(Mountinfo, Cgf1_TheRootOfTheMountIsTakenOffThePath) {
  constexpr char text[] =
      "1 2 0:3 /docker/42 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n";
  EXPECT_THAT(Dirs(text, Version::V1, "/docker/42"),
              ElementsAre("/sys/fs/cgroup/cpu"));
  EXPECT_THAT(Dirs(text, Version::V1, "/docker/42/x"),
              ElementsAre("/sys/fs/cgroup/cpu/x"));
}

TEST(Mountinfo, Cgf1_RootsMatchByComponents) {
  constexpr char text[] =
      "1 2 0:3 /sand /not/this rw - cgroup2 c rw\n"
      "1 2 0:3 /sandbox/container/group /nor/this rw - cgroup2 c rw\n"
      "1 2 0:3 /sandbox /cg rw - cgroup2 c rw\n";
  EXPECT_THAT(Dirs(text, Version::V2, "/sandbox/container"),
              ElementsAre("/cg/container"));
}

TEST(Mountinfo, Cgf1_GroupsOutsideOfTheNamespaceAreMatchedByTheirDots) {
  constexpr char text[] =
      "1 2 0:3 /../../.. /mnt rw - cgroup2 c rw\n"
      "1 2 0:3 /../../../.. /cg rw - cgroup2 c rw\n";
  EXPECT_THAT(Dirs(text, Version::V2, "/../../../../init.scope"),
              ElementsAre("/cg/init.scope"));
  EXPECT_THAT(Dirs(text, Version::V2, "/../../../.."), ElementsAre("/cg"));
}

TEST(Mountinfo, Cgf1_DotsAreNeverOpened) {
  const CPUMounts found = ParseCPUMount(kV2, Version::V2, "/../x");
  EXPECT_EQ(found.outcome, Outcome::kError);
  EXPECT_THAT(found.reason, HasSubstr("shows the group /../x"));
}

TEST(Mountinfo, Cgf1_DotsInANameAreAName) {
  EXPECT_THAT(Dirs(kV2, Version::V2, "/a..b/..c/..."),
              ElementsAre("/sys/fs/cgroup/a..b/..c/..."));
}

TEST(Mountinfo, Cgf2_TheMountThatShowsMostAncestorsComesFirst) {
  constexpr char text[] =
      "1 2 0:3 /a/b /deep rw - cgroup2 c rw\n"
      "1 2 0:3 / /top rw - cgroup2 c rw\n"
      "1 2 0:3 /a /middle rw - cgroup2 c rw\n";
  EXPECT_THAT(Dirs(text, Version::V2, "/a/b/c"),
              ElementsAre("/top/a/b/c", "/middle/b/c", "/deep/c"));
}

TEST(Mountinfo, Cgf2_OfEqualMountsTheLaterOneComesFirst) {
  constexpr char text[] =
      "1 2 0:3 / /first rw - cgroup2 c rw\n"
      "1 2 0:3 / /second rw - cgroup2 c rw\n";
  EXPECT_THAT(Dirs(text, Version::V2, "/a"),
              ElementsAre("/second/a", "/first/a"));
}

TEST(Mountinfo, Cgf3_PathsAreUnescaped) {
  EXPECT_THAT(Dirs(R"(1 2 0:3 /r\040t /p\011\012\134\040 rw - cgroup2 c rw)",
                   Version::V2, "/r t/a"),
              ElementsAre("/p\t\n\\ /a"));
}

TEST(Mountinfo, Cgf3_AWrongEscapeIsAnError) {
  for (const char* text : {R"(1 2 0:3 /\1 /cg rw - cgroup2 c rw)",
                           R"(1 2 0:3 / /cg/\1 rw - cgroup2 c rw)",
                           R"(1 2 0:3 / /cg/\000 rw - cgroup2 c rw)"}) {
    const CPUMounts found = ParseCPUMount(text, Version::V2, "/");
    EXPECT_EQ(found.outcome, Outcome::kError) << text;
    EXPECT_THAT(found.reason, HasSubstr("line 1: not a path"));
  }
}

TEST(Mountinfo, WhatIsNotACgroupMayHaveAnyRootPointAndOptions) {
  const std::string long_options(1 << 20, 'x');
  EXPECT_THAT(Dirs("1 2 0:4 net:[4026532281] /run/n rw - nsfs nsfs rw\n"
                   R"(1 2 0:9 /\9 /\ rw - fuse)"
                   " \n1 2 0:5 / /m rw - overlay overlay rw,lowerdir=" +
                       long_options + "\n" + kV2,
                   Version::V2, "/a"),
              ElementsAre("/sys/fs/cgroup/a"));
}

TEST(Mountinfo, NotMountedIsNone) {
  EXPECT_EQ(ParseCPUMount("", Version::V2, "/").outcome, Outcome::kNone);
  EXPECT_EQ(ParseCPUMount(kV1, Version::V2, "/").reason,
            "cgroup v2 is not mounted");
  EXPECT_EQ(ParseCPUMount(kV2, Version::V1, "/").reason,
            "cgroup v1 (cpu) is not mounted");
}

TEST(Mountinfo, MalformedIsAnErrorThatNamesTheLine) {
  for (std::string text :
       {"\n", "22\n", "22 1 8:1\n", "22 1 8:1 /\n", "22 1 8:1 / /cgroup\n",
        "22 1 8:1 / /cgroup rw\n", "22 1 8:1 / /cgroup rw -\n",
        "22 1 8:1 / /cgroup rw - \n", "22 1 8:1 / /cgroup rw - cgroup\n",
        "22 1 8:1 / /cgroup rw - cgroup cgroup\n",
        "22 1 8:1 / /cgroup rw x:1 cgroup cgroup cpu\n",
        "22 1 8:1 a /cgroup rw - cgroup cgroup cpu\n",
        "22 1 8:1 / cgroup rw - cgroup cgroup cpu\n"}) {
    const CPUMounts found = ParseCPUMount(kV2 + text, Version::V1, "/");
    EXPECT_EQ(found.outcome, Outcome::kError) << text;
    EXPECT_THAT(found.reason, HasSubstr("/proc/self/mountinfo line 3: "));
  }
}

// go:GMP-17.
TEST(UnescapePath, UndoesTheKernelsEscapes) {
  EXPECT_EQ(UnescapePath("/a/b/c"), "/a/b/c");
  EXPECT_EQ(UnescapePath(R"(/a\040b)"), "/a b");
  EXPECT_EQ(UnescapePath(R"(\134b\011)"), "\\b\t");
  EXPECT_EQ(UnescapePath(R"(/a\012)"), "/a\n");
  EXPECT_EQ(UnescapePath(R"(\134040)"), R"(\040)");  // once only
  EXPECT_EQ(UnescapePath("/a\xff\\377"), "/a\xff\xff");
}

TEST(UnescapePath, NothingForABackslashWithoutThreeOctalDigits) {
  for (const char* path : {R"(\)", R"(\0)", R"(\04)", R"(/a\04)", R"(\048)",
                           R"(\x41)", R"(\\040)", R"(\400)", R"(\-01)"}) {
    EXPECT_EQ(UnescapePath(path), std::nullopt) << path;
  }
}

}  // namespace
}  // namespace mn::cgroup
