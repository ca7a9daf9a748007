#include "tools/grade/take.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace mn::grade {
namespace {

namespace fs = std::filesystem;
using State = LessonInput::State;

class TakeTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/take.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    base_ = name;
    dir_ = base_ / "ann";
    course_ = base_ / "course";
    fs::create_directories(dir_);
    fs::create_directories(course_);
    Put(course_ / "exercises/04_run_queue/BUILD", "exercise()\n");
    Put(course_ / "README.md", "read me\n");
    lesson_.id = "04_run_queue";
    lesson_.keep = {{"run_queue.cc", 100}};
  }
  void TearDown() override { fs::remove_all(base_); }

  static void Put(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }

  Submission TakeIt() {
    auto result = Take(dir_, {lesson_}, course_);
    EXPECT_TRUE(result.ok()) << result.error();
    return std::move(*result);
  }
  LessonInput TakeLesson() { return TakeIt().lessons[lesson_.id]; }

  fs::path base_, dir_, course_;
  tools::Lesson lesson_;
};

TEST_F(TakeTest, ReadsACheckout) {
  Put(dir_ / "exercises/04_run_queue/run_queue.cc", "int x;\n");
  Submission s = TakeIt();
  EXPECT_EQ(s.id, "ann");
  EXPECT_EQ(s.shape, "checkout");
  LessonInput in = s.lessons[lesson_.id];
  ASSERT_EQ(in.state, State::kTaken);
  EXPECT_EQ(in.files[0].text, "int x;\n");
  EXPECT_EQ(in.files[0].from, "exercises/04_run_queue/run_queue.cc");
  EXPECT_EQ(in.files[0].sha256.size(), 64u);
}

TEST_F(TakeTest, ReadsAnExercisesTree) {
  Put(dir_ / "04_run_queue/run_queue.cc", "int x;\n");
  EXPECT_EQ(TakeIt().shape, "exercises tree");
}

TEST_F(TakeTest, ReadsAFlatBag) {
  Put(dir_ / "run_queue.cc", "int x;\n");
  EXPECT_EQ(TakeIt().shape, "flat");
}

TEST_F(TakeTest, LooksThroughTheDirectoryThatAZipAdds) {
  Put(dir_ / "ann-homework/run_queue.cc", "int x;\n");
  LessonInput in = TakeLesson();
  ASSERT_EQ(in.state, State::kTaken);
  EXPECT_EQ(in.files[0].from, "ann-homework/run_queue.cc");
}

TEST_F(TakeTest, LooksPastWhatASystemLeavesBesideTheFolder) {
  Put(dir_ / ".DS_Store", "x");
  Put(dir_ / "__MACOSX/homework/run_queue.cc", "resource fork");
  Put(dir_ / "homework/lesson four/run_queue.cc", "int x;\n");
  LessonInput in = TakeLesson();
  ASSERT_EQ(in.state, State::kTaken);
  EXPECT_EQ(in.files[0].from, "homework/lesson four/run_queue.cc");
  EXPECT_TRUE(in.notes.empty());
}

TEST_F(TakeTest, LooksThroughFoldersAroundACheckout) {
  Put(dir_ / "a/b/exercises/04_run_queue/run_queue.cc", "int x;\n");
  Put(dir_ / "a/b/README.md", "read me\n");
  Submission s = TakeIt();
  EXPECT_EQ(s.shape, "checkout");
  EXPECT_EQ(s.lessons[lesson_.id].state, State::kTaken);
  EXPECT_EQ(s.same_as_course, 1u);
}

TEST_F(TakeTest, TheAnswerGoesBeforeTheStarter) {
  Put(course_ / "exercises/04_run_queue/judge/starter.cc", "starter\n");
  Put(dir_ / "exercises/04_run_queue/run_queue.cc", "starter\r\n");
  Put(dir_ / "run_queue.cc", "int x;\n");
  Submission s = TakeIt();
  EXPECT_EQ(s.shape, "flat");
  LessonInput in = s.lessons[lesson_.id];
  ASSERT_EQ(in.state, State::kTaken);
  EXPECT_EQ(in.files[0].from, "run_queue.cc");
  ASSERT_EQ(in.notes.size(), 1u);
  EXPECT_EQ(in.notes[0],
            "not used: exercises/04_run_queue/run_queue.cc is the starter as "
            "it was given out");
}

TEST_F(TakeTest, TheOuterOfTwoAnswersIsTakenAndTheOtherNamed) {
  Put(dir_ / "old/run_queue.cc", "int old;\n");
  Put(dir_ / "run_queue.cc", "int x;\n");
  LessonInput in = TakeLesson();
  ASSERT_EQ(in.state, State::kTaken);
  EXPECT_EQ(in.files[0].text, "int x;\n");
  ASSERT_EQ(in.notes.size(), 1u);
  EXPECT_EQ(in.notes[0], "not used: old/run_queue.cc, which differs");
}

TEST_F(TakeTest, TheCoursesOwnAnswerInACheckoutIsNotTheStudents) {
  fs::create_directories(course_ / "runtime");
  Put(dir_ / "exercises/04_run_queue/BUILD", "exercise()\n");
  Put(dir_ / "runtime/sched/run_queue.cc", "answer");
  EXPECT_EQ(TakeLesson().state, State::kMissing);
}

TEST_F(TakeTest, AFileGoesBeforeALinkWhichIsFlagged) {
  fs::create_directories(dir_ / "04_run_queue");
  fs::create_symlink("/etc/passwd", dir_ / "04_run_queue/run_queue.cc");
  Put(dir_ / "mine/run_queue.cc", "int x;\n");
  LessonInput in = TakeLesson();
  ASSERT_EQ(in.state, State::kTaken);
  EXPECT_EQ(in.files[0].from, "mine/run_queue.cc");
  ASSERT_EQ(in.flags.size(), 1u);
  EXPECT_EQ(in.flags[0].kind, "link");
}

TEST_F(TakeTest, NamesOfFoldersArePrintable) {
  Put(dir_ / "\x1b[2J/run_queue.cc", "int x;\n");
  EXPECT_EQ(TakeLesson().files[0].from, "\\x1b[2J/run_queue.cc");
  fs::remove(dir_ / "\x1b[2J/run_queue.cc");
  fs::create_symlink("/\x1b", dir_ / "\x1b[2J/run_queue.cc");
  EXPECT_EQ(TakeLesson().message.find('\x1b'), std::string::npos);
}

TEST_F(TakeTest, RefusesAHardLinkAndFlagsIt) {
  Put(base_ / "elsewhere", "secret");
  fs::create_hard_link(base_ / "elsewhere", dir_ / "run_queue.cc");
  LessonInput in = TakeLesson();
  EXPECT_EQ(in.state, State::kRefused);
  EXPECT_NE(in.message.find("hard link"), std::string::npos);
  ASSERT_EQ(in.flags.size(), 1u);
  EXPECT_EQ(in.flags[0].kind, "link");
}

TEST_F(TakeTest, EmptyDirectoryIsMissing) {
  Submission s = TakeIt();
  EXPECT_EQ(s.shape, "empty");
  EXPECT_EQ(s.lessons[lesson_.id].state, State::kMissing);
  EXPECT_NE(s.lessons[lesson_.id].message.find("was not handed in"),
            std::string::npos);
}

TEST_F(TakeTest, MissingNamesTheFileThatLooksLikeIt) {
  Put(dir_ / "Run_Queue.cc.txt", "int x;\n");
  EXPECT_NE(TakeLesson().message.find("Run_Queue.cc.txt"), std::string::npos);
}

TEST_F(TakeTest, AbsentSecondFileIsTheStarters) {
  lesson_.keep.push_back({"other.cc", 100});
  Put(dir_ / "run_queue.cc", "int x;\n");
  LessonInput in = TakeLesson();
  ASSERT_EQ(in.state, State::kTaken);
  ASSERT_EQ(in.notes.size(), 1u);
  EXPECT_EQ(in.notes[0], "other.cc was not handed in: the starter's is used");
}

TEST_F(TakeTest, RefusesALinkAndFlagsIt) {
  fs::create_symlink("/etc/passwd", dir_ / "run_queue.cc");
  LessonInput in = TakeLesson();
  EXPECT_EQ(in.state, State::kRefused);
  EXPECT_NE(in.message.find("symbolic link (to /etc/passwd)"),
            std::string::npos);
  EXPECT_TRUE(in.files.empty());
  ASSERT_EQ(in.flags.size(), 1u);
  EXPECT_EQ(in.flags[0].kind, "link");
}

TEST_F(TakeTest, RefusesALinkedDirectoryOnTheWay) {
  Put(base_ / "elsewhere/04_run_queue/run_queue.cc", "secret");
  fs::create_directory_symlink(base_ / "elsewhere", dir_ / "exercises");
  LessonInput in = TakeLesson();
  EXPECT_EQ(in.state, State::kRefused);
  EXPECT_NE(in.message.find("exercises is a symbolic link"), std::string::npos);
}

TEST_F(TakeTest, RefusesAPipeWithoutWaiting) {
  ASSERT_EQ(mkfifo((dir_ / "run_queue.cc").c_str(), 0600), 0);
  LessonInput in = TakeLesson();
  EXPECT_EQ(in.state, State::kRefused);
  EXPECT_NE(in.message.find("not a regular file"), std::string::npos);
}

TEST_F(TakeTest, RefusesWhatIsTooLargeWithoutReadingIt) {
  Put(dir_ / "run_queue.cc", "");
  fs::resize_file(dir_ / "run_queue.cc", std::uintmax_t{5} << 30);
  LessonInput in = TakeLesson();
  EXPECT_EQ(in.state, State::kRefused);
  EXPECT_NE(in.message.find("5368709120 bytes, at most 100"),
            std::string::npos);
}

TEST_F(TakeTest, TakesTheLargestAllowed) {
  Put(dir_ / "run_queue.cc", std::string(100, '\n'));
  EXPECT_EQ(TakeLesson().state, State::kTaken);
}

TEST_F(TakeTest, ReadsLatin1InCommentsAndLiteralsAndSaysSo) {
  Put(dir_ / "run_queue.cc",
      "int x;\n// f\xFCr\n/* \xE9 */ f(\"\xE4\");  // \xC3\xBC\n");
  LessonInput in = TakeLesson();
  ASSERT_EQ(in.state, State::kTaken);
  EXPECT_EQ(in.files[0].text,
            "int x;\n// f\xC3\xBCr\n/* \xC3\xA9 */ f(\"\xC3\xA4\");"
            "  // \xC3\xBC\n");
  ASSERT_EQ(in.notes.size(), 1u);
  EXPECT_NE(in.notes[0].find("line 2"), std::string::npos);
}

TEST_F(TakeTest, RefusesLatin1InCodeWithLineAndByte) {
  Put(dir_ / "run_queue.cc", "// \xE9\rint x;\nint f\xFCr;\n");
  LessonInput in = TakeLesson();
  EXPECT_EQ(in.state, State::kRefused);
  EXPECT_NE(in.message.find("byte 0xfc in line 2"), std::string::npos);
}

TEST_F(TakeTest, RefusesUtf16) {
  Put(dir_ / "run_queue.cc", std::string("\xFF\xFEi\0n\0t\0", 8));
  LessonInput in = TakeLesson();
  EXPECT_EQ(in.state, State::kRefused);
  EXPECT_NE(in.message.find("UTF-16"), std::string::npos);
}

TEST_F(TakeTest, NormalisesWindowsTextAndSaysSo) {
  Put(dir_ / "run_queue.cc", "\xEF\xBB\xBFint x;\r\n");
  LessonInput in = TakeLesson();
  ASSERT_EQ(in.state, State::kTaken);
  EXPECT_EQ(in.files[0].text, "int x;\n");
  EXPECT_EQ(in.notes.size(), 2u);
}

TEST_F(TakeTest, ListsWhatItIgnoresAndCountsTheCoursesOwn) {
  Put(dir_ / "exercises/04_run_queue/run_queue.cc", "int x;\n");
  Put(dir_ / "exercises/04_run_queue/BUILD", "sh_test()\n");
  Put(dir_ / "README.md", "read me\n");
  Put(dir_ / "bad\xFF.cc", "int x;\n");
  fs::create_symlink("/etc", dir_ / "etc");
  Submission s = TakeIt();
  EXPECT_EQ(s.same_as_course, 1u);
  ASSERT_EQ(s.ignored.size(), 3u);
  EXPECT_EQ(s.ignored[0].path, "bad\\xff.cc");
  EXPECT_EQ(s.ignored[0].why, "its name is not UTF-8");
  EXPECT_EQ(s.ignored[1].path, "etc");
  EXPECT_EQ(s.ignored[1].why, "a symbolic link");
  EXPECT_EQ(s.ignored[2].path, "exercises/04_run_queue/BUILD");
  EXPECT_EQ(s.ignored[2].why, "the course's own build files are used");
}

TEST_F(TakeTest, ListOfIgnoredFilesIsBounded) {
  for (std::size_t i = 0; i < kMaxIgnored + 5; ++i)
    Put(dir_ / ("note" + std::to_string(i)), "");
  Submission s = TakeIt();
  EXPECT_EQ(s.ignored.size(), kMaxIgnored);
  EXPECT_EQ(s.ignored_more, 5u);
}

TEST_F(TakeTest, NoSuchDirectoryIsAnErrorThatNamesIt) {
  auto result = Take(base_ / "nobody", {lesson_}, course_);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().find("nobody: No such file"), std::string::npos);
}

TEST_F(TakeTest, ArchiveIsAnErrorThatSaysUnpack) {
  Put(base_ / "ann.zip", "PK");
  auto result = Take(base_ / "ann.zip", {lesson_}, course_);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().find("unpack it"), std::string::npos);
}

}  // namespace
}  // namespace mn::grade
