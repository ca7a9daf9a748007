#include "tools/wb/resolve.h"

#include <gtest/gtest.h>

#include "tools/wb/test_course.h"

namespace mn::wb {
namespace {

using Strings = std::vector<std::string>;

std::string IdOf(std::string_view text) {
  const tools::Course course = TestCourse();
  const auto lesson = ResolveLesson(course, text);
  return lesson.ok() ? (*lesson)->id : lesson.error();
}

TEST(ResolveLesson, KnowsEverySpelling) {
  for (const char* text :
       {"4", "04", "004", "run_queue", "04_run_queue", "Run-Queue", "RunQueue",
        "run", "exercises/04_run_queue/run_queue.cc",
        "//exercises/04_run_queue", "//exercises/04_run_queue:piece",
        "lessons/04_run_queue/", " 04 "}) {
    EXPECT_EQ(IdOf(text), "04_run_queue") << text;
  }
}

TEST(ResolveLesson, AnUnknownOneNamesTheNearestAndListsAll) {
  EXPECT_EQ(IdOf("rnu_queue"),
            "there is no lesson \"rnu_queue\". Did you mean run_queue? The "
            "lessons are:\n  02  context_switch\n  04  run_queue");
}

TEST(ResolveLesson, ANumberThatIsNoneIsListed) {
  EXPECT_EQ(IdOf("5"),
            "there is no lesson \"5\". The lessons are:\n  02  "
            "context_switch\n  04  run_queue");
}

TEST(ResolveLesson, NothingIsNoLesson) {
  EXPECT_NE(IdOf("").find("there is no lesson"), std::string::npos);
  EXPECT_NE(IdOf("//").find("there is no lesson"), std::string::npos);
}

class ResolveCasesTest : public testing::Test {
 protected:
  tools::Result<Strings> Cases(std::string_view text) {
    return ResolveCases(*course_.Find("04_run_queue"), text);
  }
  const tools::Course course_ = TestCourse();
};

TEST_F(ResolveCasesTest, ACaseByItsNameOrItsEnd) {
  for (const char* text : {"RunQueue.Fifo", "Fifo", "fifo", "RQ-1", "rq-1"}) {
    const auto cases = Cases(text);
    ASSERT_TRUE(cases.ok()) << cases.error();
    EXPECT_EQ(*cases, Strings{"RunQueue.Fifo"}) << text;
  }
}

TEST_F(ResolveCasesTest, AnInvariantMayHaveSeveral) {
  const auto cases = Cases("RQ-4");
  ASSERT_TRUE(cases.ok()) << cases.error();
  EXPECT_EQ(*cases, (Strings{"RunQueue.Thieves", "RunQueue.TwoThieves"}));
}

TEST_F(ResolveCasesTest, AnUnknownOneNamesTheNearestAndListsAll) {
  const auto cases = Cases("RunQueue.Fif");
  ASSERT_FALSE(cases.ok());
  EXPECT_EQ(cases.error(),
            "lesson 04_run_queue has no case \"RunQueue.Fif\". Did you mean "
            "RunQueue.Fifo? There are:\n  RQ-1  RunQueue.Fifo\n  RQ-3  "
            "RunQueue.Overflow\n  RQ-4  RunQueue.Thieves\n  RQ-4  "
            "RunQueue.TwoThieves");
}

TEST(ParseReplay, TakesASeedAndACase) {
  const auto replay = ParseReplay("0x51f2:RQ-3");
  ASSERT_TRUE(replay.ok()) << replay.error();
  EXPECT_EQ(replay->seed, "0x51f2");
  EXPECT_EQ(replay->case_text, "RQ-3");
  EXPECT_EQ(ParseReplay("7")->case_text, "");
}

TEST(ParseReplay, ASeedIsANumber) {
  for (const char* text : {"", ":RQ-3", "RQ-3", "0x", "0x51g2"}) {
    const auto replay = ParseReplay(text);
    ASSERT_FALSE(replay.ok()) << text;
    EXPECT_NE(replay.error().find("is not a seed"), std::string::npos);
  }
}

TEST(ParseReplay, AScheduleOfTheExplorerIsASeed) {
  const auto replay =
      ParseReplay("ring_1_thief/sc/00n21:RunQueue.EverySchedule");
  ASSERT_TRUE(replay.ok()) << replay.error();
  EXPECT_EQ(replay->seed, "ring_1_thief/sc/00n21");
  EXPECT_EQ(replay->case_text, "RunQueue.EverySchedule");
}

}  // namespace
}  // namespace mn::wb
