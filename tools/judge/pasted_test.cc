#include "tools/judge/pasted.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mn::judge {
namespace {

constexpr char kPrinted[] =
    "lesson 04: the run queue, 1 case\n"
    "\n"
    "INVARIANT RQ-1 is broken (RunQueue.Fifo)\n"
    "  what      read or wrote 0x7ffe12345678 after 31 ms\n"
    "  timeline  a column is a thread\n"
    "     step   owner                      thief\n"
    "       35   read head = 1 acq  run_queue.cc:69\n"
    "       39 >                            read tail = 0  steal.cc:46\n"
    "  seed      0x8892070f\n";

std::string Compare(const std::vector<std::string>& lines) {
  return FirstDifference({"lifo", "RunQueue.Fifo", "", lines, 1}, kPrinted);
}

TEST(FirstDifference, FindsNoneInWhatIsPrinted) {
  EXPECT_EQ(Compare({"INVARIANT RQ-1 is broken (RunQueue.Fifo)",
                     "  what      read or wrote 0x7ffe12345678 after 31 ms"}),
            "");
}

TEST(FirstDifference, SkipsOnlyWhereThePageSaysSo) {
  EXPECT_EQ(Compare({"INVARIANT RQ-1 is broken (RunQueue.Fifo)", "        …",
                     "  seed      0x8892070f"}),
            "");
  EXPECT_EQ(Compare({"INVARIANT RQ-1 is broken (RunQueue.Fifo)",
                     "  seed      0x8892070f"}),
            "  seed      0x8892070f");
  EXPECT_EQ(Compare({"  seed      0x8892070f", "…",
                     "INVARIANT RQ-1 is broken (RunQueue.Fifo)"}),
            "INVARIANT RQ-1 is broken (RunQueue.Fifo)");
}

TEST(FirstDifference, RowsMayBeLeftOut) {
  EXPECT_EQ(Compare({"     step   owner                      thief",
                     "       39 >                            read tail = 0",
                     "  seed      0x8892070f"}),
            "");
  EXPECT_NE(Compare({"       39 >                            read tail = 0",
                     "       35   read head = 1 acq  run_queue.cc:69"}),
            "");
}

TEST(FirstDifference, NumbersOfARunMayDifferAndSeedsMayNot) {
  EXPECT_EQ(Compare({"  what      read or wrote 0x7f0000000000 after 8 ms"}),
            "");
  EXPECT_NE(Compare({"  what      read or wrote 0x7f after 8 ms"}), "");
  EXPECT_NE(Compare({"  seed      0x8892070e"}), "");
}

TEST(FirstDifference, ARowMayBeNarrowerAndWithoutItsPlace) {
  EXPECT_EQ(Compare({"   35   read head = 1 acq",
                     "   39 >        read tail = 0  steal.cc:46"}),
            "");
  EXPECT_NE(Compare({"   35   read head = 1 acq  run_queue.cc:70"}), "");
  EXPECT_NE(Compare({"   35   read head = 1"}), "");
}

TEST(FirstDifference, WordsOfALineMayBeLeftOut) {
  EXPECT_EQ(Compare({"     step … thief"}), "");
  EXPECT_EQ(Compare({"     step   owner …"}), "");
  EXPECT_NE(Compare({"     step … thieves"}), "");
}

TEST(FindPasted, ReadsTheMarkerBeforeTheBlock) {
  const std::vector<Pasted> found = FindPasted(
      "text\n"
      "<!-- judge: mutant lifo, case RunQueue.Fifo, seed 0x88 -->\n"
      "```\n"
      "INVARIANT\n"
      "```\n"
      "<!-- judge: mutant a, case B.C -->\n"
      "\n"
      "```\n"
      "```\n");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].mutant, "lifo");
  EXPECT_EQ(found[0].case_name, "RunQueue.Fifo");
  EXPECT_EQ(found[0].seed, "0x88");
  EXPECT_EQ(found[0].line, 3);
  EXPECT_EQ(found[0].lines, std::vector<std::string>{"INVARIANT"});
  EXPECT_EQ(found[1].seed, "");
}

TEST(FindPasted, AFailureNeedsAMarkerAndAMarkerABlock) {
  const auto without_mutant = [](const char* page) {
    const std::vector<Pasted> found = FindPasted(page);
    return found.size() == 1 &&
           (found[0].mutant.empty() || found[0].lines.empty());
  };
  EXPECT_TRUE(without_mutant("```\nINVARIANT RQ-1 is broken\n```\n"));
  EXPECT_TRUE(without_mutant("<!-- judge: lifo -->\n```\nx\n```\n"));
  EXPECT_TRUE(without_mutant("<!-- judge: mutant a, case b -->\ntext\n"));
  EXPECT_TRUE(FindPasted("```\nbazel test //x\n```\n").empty());
}

}  // namespace
}  // namespace mn::judge
