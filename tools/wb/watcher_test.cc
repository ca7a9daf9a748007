#include "tools/wb/watcher.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "tools/common/files.h"

namespace mn::wb {
namespace {

using Paths = std::set<std::string>;

class WatcherTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto dir = tools::MakeTempDir("watcher");
    ASSERT_TRUE(dir.ok()) << dir.error();
    dir_ = *dir;
    ASSERT_TRUE(tools::MakeDirs(dir_ + "/04").ok());
    auto made = Watcher::Make(dir_);
    ASSERT_TRUE(made.ok()) << made.error();
    watcher_ = *std::move(made);
  }
  void TearDown() override { EXPECT_TRUE(tools::RemoveTree(dir_).ok()); }
  void WriteInPlace(const std::string& path) {
    std::ofstream(dir_ + path) << "text";
  }

  std::string dir_;
  std::unique_ptr<Watcher> watcher_;
};

TEST_F(WatcherTest, SeesAWriteInPlace) {
  WriteInPlace("/04/a.cc");
  EXPECT_EQ(watcher_->Next(), Paths{"04/a.cc"});
}

TEST_F(WatcherTest, SeesARenameOverTheFile) {
  WriteInPlace("/.new");
  ASSERT_EQ(rename((dir_ + "/.new").c_str(), (dir_ + "/04/a.cc").c_str()), 0);
  EXPECT_EQ(watcher_->Next(), Paths{"04/a.cc"});
}

TEST_F(WatcherTest, SeesADeletion) {
  WriteInPlace("/04/a.cc");
  ASSERT_EQ(watcher_->Next(), Paths{"04/a.cc"});
  ASSERT_EQ(std::remove((dir_ + "/04/a.cc").c_str()), 0);
  EXPECT_EQ(watcher_->Next(), Paths{"04/a.cc"});
}

TEST_F(WatcherTest, StopEndsTheWaiting) {
  watcher_->Stop();
  EXPECT_EQ(watcher_->Next(), Paths{});
}

TEST_F(WatcherTest, SavesInARowAreOneReport) {
  WriteInPlace("/04/a.cc");
  WriteInPlace("/04/a.cc");
  WriteInPlace("/04/b.cc");
  EXPECT_EQ(watcher_->Next(), (Paths{"04/a.cc", "04/b.cc"}));
}

TEST_F(WatcherTest, SeesADirectoryThatCameLater) {
  ASSERT_TRUE(tools::MakeDirs(dir_ + "/05").ok());
  // The event of a file in it may come before the directory is watched, so the
  // first report is waited for with a file that is watched already.
  WriteInPlace("/04/a.cc");
  ASSERT_EQ(watcher_->Next(), Paths{"04/a.cc"});
  WriteInPlace("/05/b.cc");
  EXPECT_EQ(watcher_->Next(), Paths{"05/b.cc"});
}

TEST_F(WatcherTest, ADirectoryThatIsNotThereIsAnError) {
  const auto made = Watcher::Make(dir_ + "/none");
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().find(dir_ + "/none"), std::string::npos);
}

}  // namespace
}  // namespace mn::wb
