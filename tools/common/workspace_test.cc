#include "tools/common/workspace.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tools/common/files.h"

namespace mn::tools {
namespace {

using Strings = std::vector<std::string>;

class FindWorkspaceTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<std::string> dir = MakeTempDir("workspace");
    ASSERT_TRUE(dir.ok()) << dir.error();
    dir_ = *dir;
    ASSERT_TRUE(MakeDirs(dir_ + "/book/exercises/04").ok());
    ASSERT_TRUE(WriteFileAtomic(dir_ + "/book/WORKSPACE", "").ok());
    ASSERT_TRUE(WriteFileAtomic(dir_ + "/book/course.bzl", "").ok());
    // Another project's workspace is not the workbook.
    ASSERT_TRUE(MakeDirs(dir_ + "/other").ok());
    ASSERT_TRUE(WriteFileAtomic(dir_ + "/other/WORKSPACE", "").ok());
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(dir_).ok()); }

  std::string dir_;
};

TEST_F(FindWorkspaceTest, WalksUp) {
  for (const char* start :
       {"/book", "/book/exercises/04", "/book/exercises/"}) {
    const Result<std::string> found = FindWorkspace(dir_ + start, "");
    ASSERT_TRUE(found.ok()) << found.error();
    EXPECT_EQ(*found, dir_ + "/book");
  }
}

TEST_F(FindWorkspaceTest, BazelRunSaysWhere) {
  const Result<std::string> found = FindWorkspace("/", dir_ + "/book");
  ASSERT_TRUE(found.ok()) << found.error();
  EXPECT_EQ(*found, dir_ + "/book");
}

TEST_F(FindWorkspaceTest, OutsideItSaysWhatToDo) {
  const Result<std::string> found = FindWorkspace(dir_ + "/other", "");
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().find(dir_ + "/other"), std::string::npos);
  EXPECT_NE(found.error().find("Change into your checkout"), std::string::npos);
}

TEST_F(FindWorkspaceTest, BazelRunInAnotherWorkspaceIsRefused) {
  const Result<std::string> found = FindWorkspace("/", dir_ + "/other");
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().find("BUILD_WORKSPACE_DIRECTORY"), std::string::npos);
}

TEST(IsStartupOption, KnowsTheOnesPeopleUse) {
  EXPECT_TRUE(IsStartupOption("--output_base=/x"));
  EXPECT_TRUE(IsStartupOption("--host_jvm_args=-Xmx1g"));
  EXPECT_TRUE(IsStartupOption("--nosystem_rc"));
  EXPECT_FALSE(IsStartupOption("--config=asan"));
  EXPECT_FALSE(IsStartupOption("--output_base_of_mine"));
  EXPECT_FALSE(IsStartupOption("-c"));
}

TEST(BazelTest, PutsEachFlagWhereBazelWantsIt) {
  const Bazel bazel("/w", "bazel-7", "--output_base=/o --config=opt");
  EXPECT_EQ(
      bazel.Argv("build", {"//a"}),
      (Strings{"bazel-7", "--output_base=/o", "build", "--config=opt", "//a"}));
}

TEST(BazelTest, RunsInTheWorkspaceWithoutATestsEnvironment) {
  const Command c = Bazel("/w", "bazel", "").MakeCommand("info", {});
  EXPECT_EQ(c.cwd, "/w");
  EXPECT_NE(std::find(c.unset_env.begin(), c.unset_env.end(),
                      "BUILD_WORKSPACE_DIRECTORY"),
            c.unset_env.end());
}

TEST(BazelTest, ABazelThatIsNotThereIsNamed) {
  const Result<std::string> dir = Bazel("/", "no-such-bazel", "").BinDir();
  ASSERT_FALSE(dir.ok());
  EXPECT_NE(dir.error().find("no-such-bazel"), std::string::npos);
}

}  // namespace
}  // namespace mn::tools
