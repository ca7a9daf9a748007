// The scanner of ids.h on small texts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/lint/ids.h"

namespace mn::lint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> UsedIn(const Ids& ids) {
  std::vector<std::string> used;
  for (const Use& use : ids.uses) used.push_back(use.id);
  return used;
}

Ids Source(std::string_view text) {
  Ids ids;
  ScanSource("runtime/a.h", text, &ids);
  return ids;
}

TEST(Definition, IsALineThatTheIdBegins) {
  const Ids ids = Source(
      "// Queues.\n"
      "//\n"
      "//   ZZ-1 first in, first out;\n"
      "//   ZZ-2  nothing is lost.\n");
  ASSERT_EQ(ids.definitions.size(), 2u);
  EXPECT_EQ(ids.definitions[0].id, "ZZ-1");
  EXPECT_EQ(ids.definitions[0].sentence, "first in, first out;");
  EXPECT_EQ(ids.definitions[0].where, "runtime/a.h:3");
  EXPECT_EQ(ids.definitions[1].id, "ZZ-2");
  EXPECT_THAT(ids.uses, IsEmpty());
}

TEST(Definition, GoesOnOnDeeperLines) {
  const Ids ids = Source(
      "//   ZZ-1 first in,\n"
      "//        first out;\n"
      "// The rest is (ZZ-2) another matter.\n"
      "//        Not this.\n");
  ASSERT_EQ(ids.definitions.size(), 1u);
  EXPECT_EQ(ids.definitions[0].sentence, "first in, first out;");
}

TEST(Definition, MayUseAnotherId) {
  const Ids ids = Source("//   ZZ-1 as ZZ-2, and\n//        as ZZ-3.\n");
  EXPECT_THAT(UsedIn(ids), ElementsAre("ZZ-2", "ZZ-3"));
}

TEST(Definition, IsNothingElse) {
  EXPECT_THAT(Source("// ZZ-1 begins a line\n").definitions, IsEmpty());
  EXPECT_THAT(Source("//   ZZ-1: a colon follows\n").definitions, IsEmpty());
  EXPECT_THAT(Source("//      ZZ-1 stands too deep\n").definitions, IsEmpty());
  EXPECT_THAT(Source("  //   ZZ-1 within a function\n").definitions, IsEmpty());
  EXPECT_THAT(Source("//   ZZ-1\n").definitions, IsEmpty());
}

TEST(Use, IsEveryOtherPlace) {
  EXPECT_THAT(UsedIn(Source("f();  // ZZ-1, ZZ-P; ZZ-10's\n"
                            "Check(ok, \"YY-2\");\n")),
              ElementsAre("ZZ-1", "ZZ-P", "ZZ-10", "YY-2"));
}

TEST(Use, OfARowBeginsWithGo) {
  EXPECT_THAT(UsedIn(Source("// go:ZZ-03, ZZ-03.\n")),
              ElementsAre("go:ZZ-03", "ZZ-03"));
}

TEST(Use, IsNotEveryWordWithADash) {
  EXPECT_THAT(UsedIn(Source("// UTF-8, XX-0, AVX-512, x86-64, A-B, ZZ-1x, "
                            "aZZ-1, Z_ZZ-1, -ZZ-1, ZZ-\n")),
              IsEmpty());
}

TEST(Use, InTheNameOfATest) {
  EXPECT_THAT(UsedIn(Source("TEST(Queue, Zz1_Yy2_IsFifo) {\n"
                            "TEST_F(Queue,\n"
                            "       GoZz03_Drains) {\n"
                            "TEST_P(Queue, Zz4_Runs) {\n"
                            "CLAIM(Queue, Zz5_Drains, {}) {\n")),
              ElementsAre("ZZ-1", "YY-2", "go:ZZ-03", "ZZ-4", "ZZ-5"));
}

TEST(Use, IsNotEveryNumberInTheNameOfATest) {
  EXPECT_THAT(UsedIn(Source("TEST(Queue, Holds10_Items) {\n"
                            "TEST(Queue, GoesOn) {\n"
                            "TEST(Queue, V2) {\n"
                            "TEST(Queue, Is_Zz1_Fifo) {\n"
                            "MY_TEST(Queue, Zz1_Fifo) {\n")),
              ElementsAre("HOLDS-10"));
}

TEST(Prose, DefinesNothing) {
  Ids ids;
  ScanProse("a.md", "//   ZZ-1 first in\nZZ-2\n", &ids);
  EXPECT_THAT(ids.definitions, IsEmpty());
  EXPECT_THAT(UsedIn(ids), ElementsAre("ZZ-1", "ZZ-2"));
}

TEST(Rows, AreLinesOfATable) {
  Ids ids;
  ScanRows("rows.md",
           "| row | what Go asserts |\n"
           "|---|---|\n"
           "| go:ZZ-03 | it drains |\n",
           &ids);
  ASSERT_EQ(ids.definitions.size(), 1u);
  EXPECT_EQ(ids.definitions[0].id, "go:ZZ-03");
  EXPECT_EQ(ids.definitions[0].sentence, "it drains");
  EXPECT_EQ(ids.definitions[0].where, "rows.md:3");
}

TEST(Complaint, OneMeaningIsNone) {
  Ids ids;
  ids.definitions = {{"ZZ-1", "First in, first out.", "course.bzl"},
                     {"ZZ-1", "first in,  first out;", "a.h:1"}};
  ids.uses = {{"ZZ-1", "a.cc:1"}};
  EXPECT_THAT(Complaints(ids), IsEmpty());
}

TEST(Complaint, ASecondMeaning) {
  Ids ids;
  ids.definitions = {{"ZZ-1", "first in, first out;", "a.h:1"},
                     {"ZZ-1", "last in, first out;", "b.h:2"}};
  EXPECT_THAT(Complaints(ids), ElementsAre("ZZ-1 has two meanings.\n"
                                           "  a.h:1: first in, first out;\n"
                                           "  b.h:2: last in, first out;"));
}

TEST(Complaint, ASecondRow) {
  Ids ids;
  ScanRows("rows.md", "| go:ZZ-03 | drains |\n| go:ZZ-03 | fills |\n", &ids);
  EXPECT_THAT(Complaints(ids),
              ElementsAre(HasSubstr("go:ZZ-03 has two meanings")));
}

TEST(Complaint, NoMeaning) {
  Ids ids;
  ids.definitions = {{"ZZ-1", "first in, first out;", "a.h:1"}};
  ids.uses = {{"ZZ-2", "a.cc:7"}, {"go:ZZ-1", "a.cc:8"}};
  EXPECT_THAT(
      Complaints(ids),
      ElementsAre(
          "ZZ-2 has no meaning: a.cc:7 uses it and nothing defines it.",
          "go:ZZ-1 has no meaning: a.cc:8 uses it and nothing defines it."));
}

TEST(Complaint, ARowWithoutGo) {
  Ids ids;
  ids.definitions = {{"go:ZZ-03", "it drains", "rows.md:3"}};
  ids.uses = {{"ZZ-03", "a.cc:7"}};
  EXPECT_THAT(Complaints(ids), ElementsAre(HasSubstr("Is it go:ZZ-03?")));
}

TEST(Table, LeadsToTheFilesOfThePrefix) {
  Ids ids;
  ids.definitions = {{"ZZ-1", "fifo", "runtime/sched/z.h:1"},
                     {"ZZ-2", "lossless", "runtime/sched/y.h:1"},
                     {"ZZ-1", "Fifo.", "course.bzl"}};
  EXPECT_THAT(TableComplaints(ids, "| `ZZ` | `sched/z.h`, `sched/y.h` | 4 |\n"),
              IsEmpty());
  EXPECT_THAT(TableComplaints(ids, "| `ZZ` | `sched/z.h` | 4 |\n"),
              ElementsAre("The table of prefixes has no line that says that ZZ "
                          "is defined in sched/y.h."));
  EXPECT_EQ(TableComplaints(ids, "").size(), 2u);
}

}  // namespace
}  // namespace mn::lint
