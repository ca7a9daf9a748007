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

TEST(CountSentences, OneALineNeedsNoFullStops) {
  EXPECT_EQ(CountSentences("the owner puts at the tail\nthieves take at the "
                           "head\nthe wrap was new to me"),
            3);
  EXPECT_EQ(CountSentences("The owner puts\nThieves take.\nI like it"), 3);
  // A sentence that was broken by hand is one.
  EXPECT_EQ(CountSentences("The owner puts at\nthe tail. Thieves\ntake."), 2);
}

TEST(CountSentences, AbbreviationsEndNothing) {
  EXPECT_EQ(CountSentences("It moves half (e.g. 128) of it, i.e. the oldest."),
            1);
  EXPECT_EQ(CountSentences("Put, get, etc. are fast. It is lock-free etc."), 2);
}

TEST(CountSentences, ThreeDotsAreNoSentences) {
  EXPECT_EQ(CountSentences(". . ."), 0);
  EXPECT_EQ(CountSentences("a. b. c."), 0);
  EXPECT_EQ(CountSentences(""), 0);
}

}  // namespace
}  // namespace mn::wb
