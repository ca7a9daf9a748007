// The parts of the judge that decide and explain, one by one.

#include "tools/judge/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tools/judge/expect.h"
#include "tools/judge/explain.h"
#include "tools/judge/oracle.h"
#include "tools/judge/protocol.h"
#include "tools/judge/sanitizer_report.h"
#include "tools/judge/source.h"

namespace mn::judge {
namespace {

using testing::HasSubstr;

TEST(WithoutComments, KeepsLinesAndCode) {
  EXPECT_EQ(WithoutComments("a // mutex\nb"), "a         \nb");
  EXPECT_EQ(WithoutComments("a /* x\ny */ b"), "a     \n     b");
  EXPECT_EQ(WithoutComments("f(\"mutex // no\"); g"), "f(\"           \"); g");
  EXPECT_EQ(WithoutComments("c = '\"'; mutex"), "c = ' '; mutex");
  EXPECT_EQ(WithoutComments("n = 1'000; m"), "n = 1'000; m");
}

TEST(WithoutComments, AnUnterminatedCommentEndsWithTheText) {
  EXPECT_EQ(WithoutComments("a /* b"), "a     ");
  EXPECT_EQ(WithoutComments("\"\\"), "\" ");
}

TEST(SameCode, IgnoresCommentsAndSpace) {
  EXPECT_TRUE(SameCode("int a;  // one\n", "\n\nint a;"));
  EXPECT_FALSE(SameCode("int a;", "int b;"));
}

TEST(FindForbidden, NamesLineAndRule) {
  const std::vector<tools::Forbidden> rules = {
      {"\\bmutex\\b", "RQ-5", "no locks"}};
  const std::vector<ForbiddenUse> uses =
      FindForbidden("// mutex\nint a;\n  std::mutex m;\r\n", rules);
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

Outcome Crash(Fault fault) {
  Outcome outcome;
  outcome.end = Outcome::End::kSignaled;
  outcome.signal = fault.sig;
  outcome.fault = std::move(fault);
  return outcome;
}

TEST(ExplainCrash, RecognisesAMisalignedStack) {
  const std::string text =
      ExplainCrash(Crash({.sig = SIGSEGV,
                          .code = SI_KERNEL,
                          .pc = 0x401000,
                          .sp = 0x7ffc00000008,
                          .bytes = {0x0f, 0x29, 0x44, 0x24},
                          .function = "Entry()"}));
  EXPECT_THAT(text, HasSubstr("SIGSEGV in Entry()"));
  EXPECT_THAT(text, HasSubstr("movaps"));
  EXPECT_THAT(text, HasSubstr("rsp is 8 mod 16"));
}

TEST(ExplainCrash, RecognisesANullPointer) {
  EXPECT_THAT(ExplainCrash(Crash({.sig = SIGSEGV,
                                  .code = SEGV_MAPERR,
                                  .address = 16,
                                  .pc = 0x401000,
                                  .sp = 0x7ffc00000000,
                                  .function = "?"})),
              HasSubstr("null pointer (address 0x10)"));
}

TEST(ExplainCrash, RecognisesAStackOverflow) {
  EXPECT_THAT(ExplainCrash(Crash({.sig = SIGSEGV,
                                  .code = SEGV_ACCERR,
                                  .address = 0x7ffc00000000 - 16,
                                  .pc = 0x401000,
                                  .sp = 0x7ffc00000000,
                                  .function = "?"})),
              HasSubstr("the stack overflowed"));
}

TEST(ExplainCrash, NamesASignalThatNobodySaw) {
  Outcome outcome;
  outcome.signal = SIGSEGV;
  EXPECT_EQ(ExplainCrash(outcome), "SIGSEGV (Segmentation fault)");
}

}  // namespace
}  // namespace mn::judge
