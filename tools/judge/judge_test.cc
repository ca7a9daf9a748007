// The parts of the judge that decide and explain, one by one.

#include "tools/judge/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/judge/expect.h"
#include "tools/judge/explain.h"
#include "tools/judge/oracle.h"
#include "tools/judge/protocol.h"
#include "tools/judge/sanitizer_report.h"
#include "tools/judge/source.h"

namespace mn::judge {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(SameCode, IgnoresCommentsAndSpace) {
  EXPECT_TRUE(SameCode("int a;  // one\n", "\n\nint a;"));
  EXPECT_FALSE(SameCode("int a;", "int b;"));
}

TEST(FindForbidden, NamesLineAndRule) {
  const std::vector<tools::Forbidden> rules = {
      {"\\bmutex\\b", "RQ-5", "no locks"}};
  const std::vector<ForbiddenUse> uses = FindForbidden(
      tools::ReadOwnCode("\nint a;\n  std::mutex m;\n", ""), rules);
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses[0].line, 3);
  EXPECT_EQ(uses[0].text, "std::mutex m;");
  EXPECT_EQ(uses[0].rule, &rules[0]);
}

TEST(FindSanitizerReport, OfUbsan) {
  const SanitizerReport report = FindSanitizerReport(
      "hello\nexercises/04_run_queue/run_queue.cc:32:22: runtime error: index "
      "128 out of bounds for type 'G *[128]'\n",
      "exercises/04_run_queue/run_queue.cc");
  EXPECT_EQ(report.what, "index 128 out of bounds for type 'G *[128]'");
  EXPECT_EQ(report.place, "run_queue.cc:32");
}

TEST(FindSanitizerReport, OfAsanNamesTheLearnersLineAndTheObject) {
  const SanitizerReport report = FindSanitizerReport(
      "==12==ERROR: AddressSanitizer: stack-buffer-overflow on address 0x7f at "
      "pc 0x55 bp 0x7f sp 0x7f\n"
      "WRITE of size 8 at 0x7f thread T0\n"
      "    #0 0x7f in __interceptor_memcpy ../sanitizer.inc:827\n"
      "    #1 0x55 in mn::RunqPutSlow(mn::RunQueue&, mn::G*) "
      "exercises/04_run_queue/run_queue.cc:32\n"
      "    #2 0x55 in main tools/judge/case.cc:9\n"
      "    [32, 1056) 'batch' (line 24) <== Memory access at offset 1056 "
      "overflows this variable\n",
      "exercises/04_run_queue/run_queue.cc");
  EXPECT_EQ(report.what,
            "stack-buffer-overflow, WRITE of size 8 beside 'batch' (line 24)");
  EXPECT_EQ(report.place, "run_queue.cc:32");
}

TEST(FindSanitizerReport, IsNotInWhatSomebodyElsePrints) {
  EXPECT_EQ(FindSanitizerReport("AddressSanitizer is nice\n", "a.cc").what, "");
  EXPECT_EQ(FindSanitizerReport("a runtime error: none\n", "a.cc").what, "");
}

TEST(IsCanary, IsAMinorityOfNonces) {
  Random rng(1);
  int canaries = 0;
  for (int i = 0; i < 8000; i++) canaries += IsCanary(rng.Next());
  EXPECT_GT(canaries, 500);
  EXPECT_LT(canaries, 1500);
}

TEST(MutantDiesOf, ReadsTheFirstLine) {
  EXPECT_EQ(MutantDiesOf("// Mutant lifo: dies of RQ-1\nint a;"), "RQ-1");
  EXPECT_EQ(MutantDiesOf("int a;\n// Mutant lifo: dies of RQ-1"), "");
  EXPECT_EQ(MutantDiesOf(""), "");
}

TEST(NumberText, WhatIsTooLongToBeReadAsACountIsHex) {
  EXPECT_EQ(NumberText(0), "0");
  EXPECT_EQ(NumberText(-1), "-1");
  EXPECT_EQ(NumberText(4294967295), "4294967295");
  EXPECT_EQ(NumberText(4294967296), "0x100000000");
  EXPECT_EQ(NumberText(-8279172), "-8279172");
  EXPECT_EQ(NumberText(INT64_MIN), "0x8000000000000000");
}

TEST(ComesFirst, ThePagesStepsDecideAndNotTheTable) {
  tools::Lesson lesson;
  lesson.steps = {"X.Early", "X.Late"};
  tools::CourseCase early, late, other;
  early.name = "X.Early";
  late.name = "X.Late";
  other.name = "X.Other";
  CaseResult a, b, c;
  a.entry = &early;
  b.entry = &late;
  c.entry = &other;
  a.status = b.status = c.status = Status::kFailed;
  EXPECT_TRUE(ComesFirst(lesson, a, b));
  EXPECT_FALSE(ComesFirst(lesson, b, a));
  EXPECT_TRUE(ComesFirst(lesson, b, c));
  EXPECT_FALSE(ComesFirst(lesson, c, c)) << "of two others the table's first";
  a.status = Status::kNotImplemented;
  EXPECT_TRUE(ComesFirst(lesson, c, a));
}

tools::Lesson SomeLesson() {
  tools::Lesson lesson;
  lesson.id = "99_x";
  lesson.keep = {{"x.cc", 1}};
  lesson.invariants = {{"RQ-0", "It does something.", "rq-0"},
                       {"RQ-1", "It is right.", "rq-1"}};
  return lesson;
}

class Explained : public testing::Test {
 protected:
  Explained() {
    entry_.name = "X.Case";
    entry_.inv = "RQ-1";
    result_.entry = &entry_;
    result_.inv = "RQ-1";
    result_.status = Status::kFailed;
    result_.runs = {{0x51f2, Status::kFailed, 1}};
    result_.seed = 0x51f2;
  }
  std::string Text() const { return ExplainCase(Judge(lesson_, {}), result_); }
  void Print(int lines) {
    for (int i = 1; i <= lines; i++) {
      result_.printed += "line " + std::to_string(i) + "\n";
    }
    result_.printed_lines = lines;
  }

  const tools::Lesson lesson_ = SomeLesson();
  tools::CourseCase entry_;
  CaseResult result_;
};

TEST_F(Explained, OfALongOutputTheLastLinesAreShown) {
  Print(80);
  EXPECT_THAT(Text(), HasSubstr("printed 80 lines, the last 12\n"));
  EXPECT_THAT(Text(), HasSubstr("line 80\n"));
  EXPECT_THAT(Text(), Not(HasSubstr("line 68\n")));
}

TEST_F(Explained, AShortOutputIsShownWhole) {
  Print(12);
  EXPECT_THAT(Text(), HasSubstr("your code printed\n            line 1\n"));
  EXPECT_THAT(Text(), HasSubstr("line 12\n"));
}

TEST_F(Explained, ASanitizersReportIsShownFromItsBeginning) {
  Print(50);
  result_.printed += "==1==ERROR: AddressSanitizer: heap-buffer-overflow\n";
  Print(50);
  EXPECT_THAT(Text(), HasSubstr("of which these 12\n            ==1==ERROR"));
}

TEST_F(Explained, AVerdictOnTheTextHasNoSeed) {
  EXPECT_THAT(Text(), HasSubstr("seed      0x51f2"));
  result_.by_text = true;
  EXPECT_THAT(Text(), Not(HasSubstr("seed")));
  EXPECT_THAT(Text(), Not(HasSubstr("replay")));
  EXPECT_THAT(Text(), HasSubstr("read      lessons/99_x"));
}

TEST_F(Explained, ACaseThatWasNotRunIsRedAndHasNoSeed) {
  result_.status = Status::kNotRun;
  result_.runs.clear();
  EXPECT_TRUE(IsRed(result_.status));
  EXPECT_THAT(Text(), HasSubstr("X.Case was not run"));
  EXPECT_THAT(Text(), Not(HasSubstr("seed")));
}

}  // namespace
}  // namespace mn::judge
