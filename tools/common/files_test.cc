#include "tools/common/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace mn::tools {
namespace {

class Files : public testing::Test {
 protected:
  void SetUp() override {
    Result<std::string> dir = MakeTempDir("files");
    ASSERT_TRUE(dir.ok()) << dir.error();
    dir_ = *dir;
  }
  void TearDown() override { EXPECT_TRUE(RemoveTree(dir_).ok()); }
  std::string At(std::string_view name) { return JoinPath(dir_, name); }

  std::string dir_;
};

TEST_F(Files, WhatIsWrittenIsRead) {
  const std::string text("a\0b\n", 4);
  ASSERT_TRUE(WriteFileAtomic(At("f"), text).ok());
  Result<std::string> read = ReadFile(At("f"));
  ASSERT_TRUE(read.ok()) << read.error();
  EXPECT_EQ(*read, text);
}

TEST_F(Files, AMissingFileIsNamedWithTheReason) {
  const Result<std::string> read = ReadFile(At("none"));
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error(),
            "cannot read " + At("none") + ": No such file or directory");
}

TEST_F(Files, AFileThatIsTooLargeIsRefusedNotCut) {
  ASSERT_TRUE(WriteFileAtomic(At("f"), std::string(100, 'x')).ok());
  EXPECT_TRUE(ReadFile(At("f"), 100).ok());
  const Result<std::string> read = ReadFile(At("f"), 99);
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().find("larger than 99 bytes"), std::string::npos);
}

TEST_F(Files, AWriteLeavesNothingBeside) {
  ASSERT_TRUE(WriteFileAtomic(At("f"), "1").ok());
  ASSERT_TRUE(WriteFileAtomic(At("f"), "2").ok());
  const Result<std::vector<std::string>> names = ListDir(dir_);
  ASSERT_TRUE(names.ok());
  EXPECT_EQ(*names, std::vector<std::string>{"f"});
}

TEST_F(Files, AWriteKeepsTheModeOfTheFile) {
  ASSERT_TRUE(WriteFileAtomic(At("f"), "1").ok());
  ASSERT_EQ(chmod(At("f").c_str(), 0755), 0);
  ASSERT_TRUE(WriteFileAtomic(At("f"), "2").ok());
  struct stat st;
  ASSERT_EQ(stat(At("f").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777, 0755u);
}

TEST_F(Files, AWriteGoesThroughASymbolicLink) {
  ASSERT_TRUE(WriteFileAtomic(At("real"), "1").ok());
  ASSERT_EQ(symlink("real", At("link").c_str()), 0);
  ASSERT_TRUE(WriteFileAtomic(At("link"), "2").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(At("link")));
  EXPECT_EQ(*ReadFile(At("real")), "2");
}

TEST_F(Files, AWriteThatCannotBeIsAnError) {
  const Done done = WriteFileAtomic(At("no/such/dir/f"), "1");
  ASSERT_FALSE(done.ok());
  EXPECT_NE(done.error().find(At("no/such/dir/f")), std::string::npos);
}

TEST_F(Files, RemoveTreeDoesNotFollowLinks) {
  ASSERT_TRUE(MakeDirs(At("kept")).ok());
  ASSERT_TRUE(WriteFileAtomic(At("kept/f"), "1").ok());
  ASSERT_TRUE(MakeDirs(At("gone")).ok());
  ASSERT_EQ(symlink(At("kept").c_str(), At("gone/link").c_str()), 0);
  ASSERT_TRUE(RemoveTree(At("gone")).ok());
  EXPECT_FALSE(FileExists(At("gone")));
  EXPECT_TRUE(FileExists(At("kept/f")));
}

TEST_F(Files, ALockExcludesOthersUntilItGoes) {
  const int other =
      open(At("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  ASSERT_GE(other, 0);
  {
    Result<FileLock> lock = FileLock::Acquire(At("lock"));
    ASSERT_TRUE(lock.ok()) << lock.error();
    EXPECT_NE(flock(other, LOCK_EX | LOCK_NB), 0);
  }
  EXPECT_EQ(flock(other, LOCK_EX | LOCK_NB), 0);
  close(other);
}

TEST(JoinPath, AbsoluteStandsAlone) {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(JoinPath("a", ""), "a");
}

}  // namespace
}  // namespace mn::tools
