#include "tools/wb/explanation.h"

#include <gtest/gtest.h>

namespace mn::wb {
namespace {

TEST(CountSentences, CountsWhatSaysSomething) {
  EXPECT_EQ(CountSentences("The ring is full. Half of it moves on! Why "
                           "half (not all)?"),
            3);
  EXPECT_EQ(CountSentences("It has no full stop"), 1);
}

TEST(CountSentences, DotsInsideWordsEndNothing) {
  EXPECT_EQ(CountSentences("It took 3.5 ns in run_queue.cc here."), 1);
}

TEST(CountSentences, ThreeDotsAreNoSentences) {
  EXPECT_EQ(CountSentences(". . ."), 0);
  EXPECT_EQ(CountSentences("a. b. c."), 0);
  EXPECT_EQ(CountSentences(""), 0);
}

}  // namespace
}  // namespace mn::wb
