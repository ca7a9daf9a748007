#include "tools/wb/doctor.h"

#include <gtest/gtest.h>

namespace mn::wb {
namespace {

using V = Check::Verdict;
constexpr std::uint64_t kGiB = 1u << 30;

TEST(VersionNumbers, ReadsTheFront) {
  EXPECT_EQ(VersionNumbers("6.1.0-18-amd64"), (std::vector<int>{6, 1, 0}));
  EXPECT_EQ(VersionNumbers("12"), (std::vector<int>{12, 0, 0}));
  EXPECT_EQ(VersionNumbers("none"), (std::vector<int>{0, 0, 0}));
}

TEST(Doctor, CompilerMustKnowCpp20) {
  EXPECT_EQ(CheckCompiler("g++", "12.2.0").verdict, V::kOk);
  EXPECT_EQ(CheckCompiler("clang++", "14.0.6").verdict, V::kOk);
  EXPECT_EQ(CheckCompiler("g++", "10.2.1").verdict, V::kBad);
  const Check missing = CheckCompiler("g++", "");
  EXPECT_EQ(missing.verdict, V::kBad);
  EXPECT_EQ(missing.fix, "./setup");
}

TEST(Doctor, DiskMustHoldABuild) {
  EXPECT_EQ(CheckDisk("it", 10 * kGiB).verdict, V::kOk);
  const Check full = CheckDisk("it", kGiB);
  EXPECT_EQ(full.verdict, V::kBad);
  EXPECT_EQ(full.detail, "1.0 GiB free for it");
  EXPECT_FALSE(full.fix.empty());
}

TEST(Doctor, LittleMemoryAndOneCpuAreNotes) {
  EXPECT_EQ(CheckMemory(8 * kGiB).verdict, V::kOk);
  EXPECT_EQ(CheckMemory(kGiB).verdict, V::kNote);
  EXPECT_EQ(CheckCpus(2).verdict, V::kOk);
  EXPECT_EQ(CheckCpus(1).verdict, V::kNote);
}

TEST(Doctor, AnOlderKernelHasFewerGuardPages) {
  EXPECT_EQ(CheckKernel("6.13.0", 65530).verdict, V::kOk);
  const Check bookworm = CheckKernel("6.1.0-18-amd64", 65530);
  EXPECT_EQ(bookworm.verdict, V::kNote);
  EXPECT_NE(bookworm.fix.find("32765 goroutines"), std::string::npos);
  EXPECT_EQ(CheckKernel("4.9.0", 65530).verdict, V::kBad);
}

TEST(Doctor, LimitsAreNamedWithTheCommand) {
  EXPECT_EQ(CheckOpenFiles(1024, 4096).verdict, V::kOk);
  EXPECT_EQ(CheckOpenFiles(256, 1048576).fix, "ulimit -n 4096");
  EXPECT_EQ(CheckOpenFiles(256, 1024).fix, "ulimit -n 1024");
  EXPECT_EQ(CheckProcesses(~0ull).detail, "no limit");
  EXPECT_EQ(CheckProcesses(100).verdict, V::kBad);
  EXPECT_EQ(CheckInotify(8192).verdict, V::kOk);
  EXPECT_EQ(CheckInotify(0).verdict, V::kBad);
}

TEST(ShowBytes, UsesTheUnitThatReads) {
  EXPECT_EQ(ShowBytes(3 * kGiB / 2), "1.5 GiB");
  EXPECT_EQ(ShowBytes(500u << 20), "500 MiB");
}

}  // namespace
}  // namespace mn::wb
