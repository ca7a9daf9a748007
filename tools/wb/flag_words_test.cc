#include "tools/wb/flag_words.h"

#include <gtest/gtest.h>

namespace mn::wb {
namespace {

TEST(AsksForHelp, InEverySpelling) {
  EXPECT_TRUE(AsksForHelp({"-h"}));
  EXPECT_TRUE(AsksForHelp({"test", "--help"}));
  EXPECT_FALSE(AsksForHelp({"test", "04"}));
  EXPECT_FALSE(AsksForHelp({"--", "-h"}));
  EXPECT_FALSE(AsksForHelp({}));
}

TEST(UnknownFlag, OursAreKnown) {
  EXPECT_EQ(UnknownFlag({"test", "04", "--case", "RQ-3", "--seed=0x1", "-force",
                         "--noforce"},
                        "wb help"),
            "");
}

TEST(UnknownFlag, NamesTheNearest) {
  EXPECT_EQ(UnknownFlag({"test", "--cases=RQ-3"}, "wb help"),
            "there is no flag --cases=RQ-3. Did you mean --case? There are "
            "--case, --seed and --force; wb help lists the commands.");
}

TEST(UnknownFlag, AbseilsOwnAreNotOffered) {
  EXPECT_NE(UnknownFlag({"--flagfile=x"}, "wb help"), "");
}

}  // namespace
}  // namespace mn::wb
