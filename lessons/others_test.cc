#include "lessons/others.h"

#include <gtest/gtest.h>

namespace mn {
namespace {

TEST(Others, CountsAllThatIsNotIdle) {
  EXPECT_EQ(UsedSeconds("cpu  100 20 30 4000 500 6 7 8 9 10", 100), 1.71);
  EXPECT_EQ(UsedSeconds("cpu0 100 20 30 4000 500 6 7 8 9 10", 100), 0);
  EXPECT_EQ(UsedSeconds("", 100), 0);
}

TEST(Others, ItsOwnWorkIsNotTheOthers) {
  EXPECT_EQ(OthersCpus({.wall = 5, .used = 100, .own = 1},
                       {.wall = 15, .used = 115, .own = 6}),
            1.0);
  // The two are counted in different grains.
  EXPECT_EQ(OthersCpus({}, {.wall = 1, .used = 0.99, .own = 1}), 0);
}

}  // namespace
}  // namespace mn
