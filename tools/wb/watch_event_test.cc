#include "tools/wb/watch_event.h"

#include <gtest/gtest.h>

#include "tools/wb/test_course.h"

namespace mn::wb {
namespace {

class WatchEventTest : public testing::Test {
 protected:
  const tools::Course course_ = TestCourse();
  const tools::Lesson& two_ = course_.lessons[0];
  const tools::Lesson& four_ = course_.lessons[1];
};

TEST_F(WatchEventTest, ALearnersFileMeansItsLesson) {
  EXPECT_EQ(LessonOfSaved(course_, {"04_run_queue/run_queue.cc"}, two_),
            &four_);
}

TEST_F(WatchEventTest, TheCurrentLessonWins) {
  const std::set<std::string> both = {"04_run_queue/run_queue.cc",
                                      "02_context_switch/context.cc"};
  EXPECT_EQ(LessonOfSaved(course_, both, two_), &two_);
  EXPECT_EQ(LessonOfSaved(course_, both, four_), &four_);
}

TEST_F(WatchEventTest, OtherFilesMeanNothing) {
  EXPECT_EQ(LessonOfSaved(course_,
                          {"04_run_queue/.run_queue.cc.swp",
                           "04_run_queue/4913", "run_queue.cc"},
                          two_),
            nullptr);
}

TEST_F(WatchEventTest, AfterTheLastComesTheFirst) {
  EXPECT_EQ(NextLesson(course_, two_), &four_);
  EXPECT_EQ(NextLesson(course_, four_), &two_);
}

}  // namespace
}  // namespace mn::wb
