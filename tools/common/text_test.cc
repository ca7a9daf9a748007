#include "tools/common/text.h"

#include <gtest/gtest.h>

namespace mn::tools {
namespace {

using Strings = std::vector<std::string>;

TEST(Text, CatWritesNumbersAsPeopleDo) {
  EXPECT_EQ(Cat("a", std::string("b"), std::string_view("c"), 7, -1L, 0.5, 6.0),
            "abc7-10.56");
}

TEST(Text, SplitKeepsOrDropsEmptyPieces) {
  EXPECT_EQ(Split("a,,b", ','), (Strings{"a", "", "b"}));
  EXPECT_EQ(Split(",a,,b,", ',', /*keep_empty=*/false), (Strings{"a", "b"}));
  EXPECT_EQ(Split("", ','), Strings{""});
}

TEST(Text, LinesEndInEitherWay) {
  EXPECT_EQ(Lines("a\r\nb\n\nc"), (Strings{"a", "b", "", "c"}));
  EXPECT_EQ(Lines("a\n"), Strings{"a"});
  EXPECT_TRUE(Lines("").empty());
}

TEST(Text, WordsAreBetweenWhiteSpace) {
  EXPECT_EQ(Words("  --a=1\t--b \n"), (Strings{"--a=1", "--b"}));
  EXPECT_TRUE(Words(" \n").empty());
}

TEST(Text, TrimTakesBothEnds) {
  EXPECT_EQ(Trim(" a b\n"), "a b");
  EXPECT_EQ(Trim("\t"), "");
}

TEST(Text, ReplaceAllDoesNotLookAtWhatItWrote) {
  EXPECT_EQ(ReplaceAll("aXaX", "X", "XX"), "aXXaXX");
}

TEST(Text, EditDistanceCountsEdits) {
  EXPECT_EQ(EditDistance("plug", "plug"), 0);
  EXPECT_EQ(EditDistance("unplg", "unplug"), 1);
  EXPECT_EQ(EditDistance("", "abc"), 3);
  EXPECT_EQ(EditDistance("tets", "test"), 1);
}

TEST(Text, NearestForgivesATypo) {
  const Strings commands = {"list", "test", "predict", "plug", "unplug"};
  EXPECT_EQ(Nearest("tset", commands), "test");
  EXPECT_EQ(Nearest("tests", commands), "test");
  EXPECT_EQ(Nearest("predcit", commands), "predict");
  EXPECT_EQ(Nearest("PLUG", commands), "plug");
  EXPECT_EQ(Nearest("frobnicate", commands), "");
}

TEST(Text, NearestKnowsAPartOfAWord) {
  EXPECT_EQ(Nearest("queue", {"04_run_queue", "02_context_switch"}),
            "04_run_queue");
}

}  // namespace
}  // namespace mn::tools
