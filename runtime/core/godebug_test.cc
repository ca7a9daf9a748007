#include "runtime/core/godebug.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>

namespace mn {
namespace {

class GodebugTest : public testing::Test {
 protected:
  void Set(const char* value) { ::setenv("GODEBUG", value, 1); }
  void TearDown() override { ::unsetenv("GODEBUG"); }
};

TEST_F(GodebugTest, IsEmptyWithoutTheVariable) {
  ::unsetenv("GODEBUG");
  EXPECT_EQ(Godebug("schedtrace"), "");
}

TEST_F(GodebugTest, FindsANameAnywhere) {
  Set("first=1,middle=two,last=3");
  EXPECT_EQ(Godebug("first"), "1");
  EXPECT_EQ(Godebug("middle"), "two");
  EXPECT_EQ(Godebug("last"), "3");
}

TEST_F(GodebugTest, TheLastOfANameWins) {
  Set("preempt=off,other=1,preempt=stop");
  EXPECT_EQ(Godebug("preempt"), "stop");
}

TEST_F(GodebugTest, ANameIsAWholeWord) {
  Set("schedtracefull=1,xschedtrace=2");
  EXPECT_EQ(Godebug("schedtrace"), "");
}

TEST_F(GodebugTest, OtherNamesAndWhatIsNoSettingAreIgnored) {
  Set(",,unknown=1,schedtrace,=5,schedtrace=7,,");
  EXPECT_EQ(Godebug("schedtrace"), "7");
}

TEST_F(GodebugTest, AValueMayHoldEqualsSignsOrNothing) {
  Set("a=b=c,empty=");
  EXPECT_EQ(Godebug("a"), "b=c");
  EXPECT_EQ(Godebug("empty"), "");
}

TEST_F(GodebugTest, NumberIsAWholeDecimalNumber) {
  Set("n=1000,negative=-3");
  EXPECT_EQ(GodebugNumber("n", 5), 1000);
  EXPECT_EQ(GodebugNumber("negative", 5), -3);
}

TEST_F(GodebugTest, WhatIsNoNumberIsAsIfNotSet) {
  for (const char* value : {"n=", "n=abc", "n=1x", "n= 1", "n=0x10", "n=1.5",
                            "n=99999999999999999999", "m=1"}) {
    Set(value);
    EXPECT_EQ(GodebugNumber("n", 5), 5) << value;
    EXPECT_EQ(GodebugNs("n", 1000, 7), 7) << value;
  }
}

TEST_F(GodebugTest, NsCountsInUnits) {
  Set("ms=250,negative=-2");
  EXPECT_EQ(GodebugNs("ms", 1'000'000, 0), 250'000'000);
  EXPECT_EQ(GodebugNs("negative", 1'000'000, 0), -2'000'000);
}

TEST_F(GodebugTest, NsEndsWhereADeadlineCanStillBeMadeOfIt) {
  Set("most=9223372036854775807,least=-9223372036854775807");
  const std::int64_t most = GodebugNs("most", 1'000'000, 0);
  EXPECT_GT(most, INT64_MAX / 5);
  EXPECT_LE(most, INT64_MAX / 4);
  EXPECT_EQ(GodebugNs("least", 1'000'000, 0), -most);
}

}  // namespace
}  // namespace mn
