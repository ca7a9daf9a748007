#include "tools/grade/tree.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "tools/common/files.h"

namespace mn::grade {
namespace {

namespace fs = std::filesystem;

class TreeTest : public testing::Test {
 protected:
  void SetUp() override {
    auto dir = tools::MakeTempDir("tree");
    ASSERT_TRUE(dir.ok()) << dir.error();
    base_ = *dir;
    Put("course/WORKSPACE", "workspace\n");
    Put("course/exercises/04_run_queue/BUILD", "exercise()\n");
    Put("course/exercises/04_run_queue/run_queue.cc", "// half done\n");
    Put("course/exercises/04_run_queue/judge/starter.cc", "// starter\n");
    Put("course/solutions/04_run_queue/run_queue.cc", "// answer\n");
    Put("course/user.bazelrc", "build --config=mine\n");
    Put("course/bazel-bin/x", "built\n");
    Put("course/.git/HEAD", "not a repository\n");
    lesson_.id = "04_run_queue";
    lesson_.keep = {{"run_queue.cc", 65536}};
  }
  void TearDown() override { fs::remove_all(base_); }

  void Put(const std::string& path, const std::string& text) {
    fs::create_directories((base_ / path).parent_path());
    std::ofstream(base_ / path) << text;
  }
  std::string Get(const std::string& path) {
    auto text = tools::ReadFile((base_ / path).string());
    return text.ok() ? *text : "(" + text.error() + ")";
  }
  bool Has(const std::string& path) { return fs::exists(base_ / path); }
  Tree Mirror() {
    auto tree = MirrorCourse(base_ / "course", base_ / "tree", {lesson_});
    EXPECT_TRUE(tree.ok()) << tree.error();
    return *tree;
  }

  fs::path base_;
  tools::Lesson lesson_;
};

TEST_F(TreeTest, CopiesTheCourseAndNothingPrivate) {
  Mirror();
  EXPECT_EQ(Get("tree/WORKSPACE"), "workspace\n");
  EXPECT_EQ(Get("tree/exercises/04_run_queue/BUILD"), "exercise()\n");
  for (const char* path : {"solutions", "user.bazelrc", "bazel-bin", ".git"}) {
    ASSERT_TRUE(Has(std::string("course/") + path));
    EXPECT_FALSE(Has(std::string("tree/") + path)) << path;
  }
}

TEST_F(TreeTest, LearnersFileIsTheStarter) {
  Mirror();
  EXPECT_EQ(Get("tree/exercises/04_run_queue/run_queue.cc"), "// starter\n");
}

TEST_F(TreeTest, OverlayIsUndoneByTheNextMirror) {
  Tree tree = Mirror();
  ASSERT_TRUE(PutFile(tree, lesson_, "run_queue.cc", "// ann's\n").ok());
  ASSERT_EQ(Get("tree/exercises/04_run_queue/run_queue.cc"), "// ann's\n");
  Mirror();
  EXPECT_EQ(Get("tree/exercises/04_run_queue/run_queue.cc"), "// starter\n");
}

TEST_F(TreeTest, RemovesWhatIsNotOfTheCourse) {
  Mirror();
  Put("tree/exercises/04_run_queue/judge/extra.h", "x");
  fs::create_symlink("/etc/passwd", base_ / "tree/passwd");
  Mirror();
  EXPECT_FALSE(Has("tree/exercises/04_run_queue/judge/extra.h"));
}

TEST_F(TreeTest, ReplacesALinkInsteadOfWritingThroughIt) {
  Tree tree = Mirror();
  Put("elsewhere", "untouched\n");
  fs::path file = base_ / "tree/exercises/04_run_queue/run_queue.cc";
  fs::remove(file);
  fs::create_symlink(base_ / "elsewhere", file);
  ASSERT_TRUE(PutFile(tree, lesson_, "run_queue.cc", "// ann's\n").ok());
  EXPECT_EQ(Get("elsewhere"), "untouched\n");
  EXPECT_FALSE(fs::is_symlink(file));
}

TEST_F(TreeTest, UnchangedFilesAreNotRewritten) {
  Mirror();
  struct stat before, after;
  std::string path = base_ / "tree/WORKSPACE";
  ASSERT_EQ(stat(path.c_str(), &before), 0);
  Mirror();
  ASSERT_EQ(stat(path.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(TreeTest, FingerprintFollowsTheCourseNotTheLearner) {
  std::string first = Mirror().fingerprint;
  Put("course/exercises/04_run_queue/run_queue.cc", "// done\n");
  EXPECT_EQ(Mirror().fingerprint, first);
  Put("course/exercises/04_run_queue/BUILD", "other()\n");
  EXPECT_NE(Mirror().fingerprint, first);
}

TEST_F(TreeTest, MissingStarterIsNamed) {
  fs::remove(base_ / "course/exercises/04_run_queue/judge/starter.cc");
  auto tree = MirrorCourse(base_ / "course", base_ / "tree", {lesson_});
  ASSERT_FALSE(tree.ok());
  EXPECT_NE(tree.error().find("judge/starter.cc"), std::string::npos);
}

TEST_F(TreeTest, ElsewhereIsNotACourse) {
  fs::remove(base_ / "course/WORKSPACE");
  auto tree = MirrorCourse(base_ / "course", base_ / "tree", {lesson_});
  ASSERT_FALSE(tree.ok());
  EXPECT_NE(tree.error().find("not a checkout"), std::string::npos);
}

}  // namespace
}  // namespace mn::grade
