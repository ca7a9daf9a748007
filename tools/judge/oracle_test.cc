#include "tools/judge/oracle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

#include "tools/judge/schedules_oracle.h"

namespace mn::judge {
namespace {

using testing::HasSubstr;

std::string Describe(const Observation& o) {
  return o.kind + std::to_string(o.values.at(0));
}
std::string NoComplaint(const Observation&, const Observation&, int) {
  return "";
}

TEST(CompareWithModel, TheSameIsRight) {
  const Observations model = {{"get", {1}}, {"put", {2}}};
  EXPECT_EQ(CompareWithModel(model, model, Describe, NoComplaint).status,
            Status::kPassed);
}

TEST(CompareWithModel, TheFirstDifferenceIsNamedByItsNumber) {
  const Observations model = {{"get", {1}}, {"put", {2}}, {"get", {3}}};
  const Observations seen = {{"get", {1}}, {"put", {2}}, {"get", {4}}};
  const Verdict v = CompareWithModel(model, seen, Describe, NoComplaint);
  EXPECT_EQ(v.status, Status::kFailed);
  EXPECT_EQ(v.message, "get number 2 is not right");
  EXPECT_EQ(v.want, "get3");
  EXPECT_EQ(v.got, "get4");
  EXPECT_EQ(v.at, 2);
}

TEST(CompareWithModel, AnotherKindIsADifference) {
  const Verdict v =
      CompareWithModel({{"get", {1}}}, {{"put", {1}}}, Describe, NoComplaint);
  EXPECT_EQ(v.status, Status::kFailed);
}

TEST(CompareWithModel, TooLittleAndTooMuchAreFailures) {
  const Observations model = {{"get", {1}}};
  EXPECT_EQ(CompareWithModel(model, {}, Describe, NoComplaint).message,
            "too little was seen");
  EXPECT_EQ(CompareWithModel({}, model, Describe, NoComplaint).message,
            "too much was seen");
}

std::string Name(std::int64_t id) { return "G" + std::to_string(id); }

TEST(ExactlyOnce, AnyOrderIsRight) {
  EXPECT_EQ(ExactlyOnce({2, 0, 1}, 3, Name).what, "");
}

TEST(ExactlyOnce, SaysWhatWasLostTwiceOrNeverPut) {
  EXPECT_EQ(ExactlyOnce({0, 2}, 3, Name).what, "G1 was lost");
  EXPECT_EQ(ExactlyOnce({0, 1, 1}, 2, Name).what, "G1 was handed out twice");
  EXPECT_EQ(ExactlyOnce({0, 1, 1}, 2, Name).got, "G1 came out 2 times");
  EXPECT_EQ(ExactlyOnce({0, 7}, 2, Name).what,
            "something came out that was never put");
}

TEST(Unexpected, NamesTheObservation) {
  const Verdict v = Unexpected({"get", {1, 2}}, 7);
  EXPECT_EQ(v.status, Status::kFailed);
  EXPECT_EQ(v.got, "get with 2 numbers");
  EXPECT_EQ(v.at, 7);
}

TEST(AllTookEffect, FastButWrongIsWrong) {
  const Verdict none = Verdict::NotImplemented("nothing");
  EXPECT_EQ(AllTookEffect({{"done", {60, 3}}}, 20, none).status,
            Status::kPassed);
  EXPECT_EQ(AllTookEffect({{"done", {59, 3}}}, 20, none).got, "59 operations");
  EXPECT_EQ(AllTookEffect({{"done", {0, 3}}}, 20, none).message, "nothing");
  EXPECT_EQ(AllTookEffect({}, 20, none).status, Status::kFailed);
}

Observations Blocks(std::initializer_list<std::pair<int, int>> blocks) {
  Observations all;
  for (auto [learner, baseline] : blocks) {
    all.push_back({"measure", {learner, baseline}});
  }
  return all;
}

TEST(DecideRatio, PassesOnTheBestBlocks) {
  // One block was disturbed by something else on the machine.
  const Observations blocks = Blocks(
      {{40, 100}, {41, 100}, {40, 101}, {900, 100}, {40, 100}, {42, 100}});
  EXPECT_EQ(DecideRatio(blocks, 0.5, 0.5).status, Status::kPassed);
}

TEST(DecideRatio, FailsWhenAllBlocksAgree) {
  const Observations blocks =
      Blocks({{90, 100}, {91, 100}, {90, 101}, {92, 100}, {90, 100}});
  const Verdict verdict = DecideRatio(blocks, 0.5, 0.5);
  EXPECT_EQ(verdict.status, Status::kFailed);
  EXPECT_THAT(verdict.want, HasSubstr("0.50"));
}

TEST(DecideRatio, TheGreyZoneGivesThePointsAndSaysSo) {
  const Observations blocks =
      Blocks({{90, 100}, {130, 100}, {90, 60}, {120, 100}, {95, 100}});
  const Verdict verdict = DecideRatio(blocks, 0.5, 1.6);
  EXPECT_EQ(verdict.status, Status::kPassed);
  EXPECT_THAT(verdict.message, HasSubstr("up to 1.60"));
}

TEST(DecideRatio, FailsAboveTheGreyZone) {
  const Observations blocks =
      Blocks({{190, 100}, {191, 100}, {190, 101}, {192, 100}, {190, 100}});
  const Verdict verdict = DecideRatio(blocks, 0.5, 1.5);
  EXPECT_EQ(verdict.status, Status::kFailed);
  EXPECT_THAT(verdict.want, HasSubstr("1.50"));
}

TEST(DecideRatio, IsInconclusiveWhenBlocksDisagree) {
  const Observations blocks =
      Blocks({{90, 100}, {40, 300}, {40, 300}, {92, 100}, {90, 60}, {55, 100}});
  EXPECT_EQ(DecideRatio(blocks, 0.5, 0.5).status, Status::kInconclusive);
}

TEST(DecideRatio, IsInconclusiveWithoutMeasurements) {
  EXPECT_EQ(DecideRatio({}, 0.5, 0.5).status, Status::kInconclusive);
}

// ---- schedules

const tools::Lesson kLesson = [] {
  tools::Lesson lesson;
  lesson.broke = {{"data race", "PARK-5"}};
  return lesson;
}();
const Texts kAsked = {{"configs", "semaphore two_waiters:1"}};
const Observations kSearched = {{"searched", {0, 0, 100, 1}},
                                {"searched", {0, 1, 100, 1}},
                                {"searched", {1, 0, 100, 1}},
                                {"searched", {1, 1, 100, 1}}};

TEST(DecideSchedules, EverySearchThatWasAskedForIsRight) {
  EXPECT_EQ(DecideSchedules(kLesson, kAsked, kSearched).status,
            Status::kPassed);
}

TEST(DecideSchedules, AFalsifiedOrMissingSearchIsNot) {
  for (std::size_t i = 0; i < kSearched.size(); i++) {
    Observations seen = kSearched;
    for (std::int64_t& value : seen[i].values) value++;
    EXPECT_EQ(DecideSchedules(kLesson, kAsked, seen).status, Status::kFailed)
        << i;
    seen = kSearched;
    seen.erase(seen.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(DecideSchedules(kLesson, kAsked, seen).status, Status::kFailed)
        << i;
  }
}

TEST(DecideSchedules, ASearchThatRanOutOfTimeShowsNothing) {
  Observations seen = kSearched;
  seen[2].values[3] = 0;
  EXPECT_EQ(DecideSchedules(kLesson, kAsked, seen).status,
            Status::kInconclusive);
}

TEST(DecideSchedules, AViolationBringsItsTimelineIdAndSchedule) {
  const Observations seen = {{"searched", {0, 0, 100, 1}},
                             {"timeline", {}, "  37  write"},
                             {"where", {}, "semaphore/tso, 1 waits"},
                             {"replay", {}, "semaphore/tso/31r2"},
                             {"kind", {}, "expectation"},
                             {"violation", {}, "RQ-4: handed out twice"}};
  const Verdict v = DecideSchedules(kLesson, kAsked, seen);
  EXPECT_EQ(v.status, Status::kFailed);
  EXPECT_EQ(v.inv, "RQ-4");
  EXPECT_EQ(v.replay, "semaphore/tso/31r2");
  EXPECT_EQ(v.timeline, std::vector<std::string>{"  37  write"});
  EXPECT_THAT(v.message, HasSubstr("semaphore/tso"));
}

TEST(DecideSchedules, ADeadlockIsExplainedAndHasNoId) {
  const Verdict v = DecideSchedules(
      kLesson, kAsked,
      {{"kind", {}, "deadlock"}, {"violation", {}, "M0 waits"}});
  EXPECT_EQ(v.inv, "");
  EXPECT_THAT(v.message, HasSubstr("a wake-up was lost"));
}

TEST(DecideSchedules, TheManifestSaysWhatAKindOfViolationBreaks) {
  const Verdict v = DecideSchedules(
      kLesson, kAsked, {{"kind", {}, "data race"}, {"violation", {}, "on x"}});
  EXPECT_EQ(v.inv, "PARK-5");
}

TEST(DecideSchedules, AConfigurationMayBeThereForOneInvariant) {
  tools::Lesson lesson = kLesson;
  lesson.broke.insert(lesson.broke.begin(), {"idle_p/", "PARK-7"});
  const auto inv = [&lesson](const char* where) {
    return DecideSchedules(lesson, kAsked,
                           {{"where", {}, where},
                            {"kind", {}, "data race"},
                            {"violation", {}, "on x"}})
        .inv;
  };
  EXPECT_EQ(inv("idle_p/sc, 2 Ps"), "PARK-7");
  EXPECT_EQ(inv("semaphore/sc, 2 Ps"), "PARK-5");
}

TEST(DecideSchedules, AReplayedScheduleMustBeReported) {
  const Texts replay = {{"replay", "semaphore/sc/1"}};
  EXPECT_EQ(DecideSchedules(kLesson, replay, {{"replayed", {1}}}).status,
            Status::kPassed);
  EXPECT_EQ(DecideSchedules(kLesson, replay, {{"replayed", {2}}}).status,
            Status::kFailed);
  EXPECT_EQ(DecideSchedules(kLesson, replay, {}).status, Status::kFailed);
}

TEST(IsSchedule, HasThreePartsAndAMemory) {
  EXPECT_TRUE(IsSchedule("ring/tso/31r2"));
  EXPECT_FALSE(IsSchedule("0x51f2"));
  EXPECT_FALSE(IsSchedule("ring/arm/31r2"));
}

TEST(FirstDifference, ShowsTheNeighbours) {
  const auto name = [](std::int64_t id) { return "G" + std::to_string(id); };
  Difference d = FirstDifference({1, 2, 3, 4, 5, 6}, {1, 2, 3, 9, 5, 6}, name);
  EXPECT_EQ(d.want, "number 4 of 6: … G2 G3 >G4< G5 G6");
  EXPECT_EQ(d.got, "number 4 of 6: … G2 G3 >G9< G5 G6");
  d = FirstDifference({1, 2}, {1}, name);
  EXPECT_EQ(d.want, "number 2 of 2: G1 >G2<");
  EXPECT_EQ(d.got, "number 2 of 1: G1 >the end<");
}

TEST(CompareWithModel, OfTwoLongListsTheFirstDifferenceIsShown) {
  Numbers want(100, 7), got = want;
  got[50] = 8;
  const Verdict v = CompareWithModel(
      {{"list", want}}, {{"list", got}},
      [](const Observation&) { return std::string("a list"); },
      [](const Observation&, const Observation&, int) { return ""; });
  EXPECT_EQ(v.want, "a list, number 51 of 100: … 7 7 >7< 7 7 …");
  EXPECT_EQ(v.got, "a list, number 51 of 100: … 7 7 >8< 7 7 …");
}

}  // namespace
}  // namespace mn::judge
