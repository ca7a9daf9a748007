#include "tools/common/forbidden.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mn::tools {
namespace {

const std::vector<Forbidden> kRules = {
    {"\\bstd::mutex\\b", "RQ-5", "no locks"},
    {"\\bnew\\b", "RQ-5", "nothing is allocated"},
};

// "LINE MATCH" for every use.
std::vector<std::string> Uses(std::string_view text) {
  std::vector<std::string> uses;
  for (const ForbiddenUse& use : FindForbidden(text, kRules)) {
    uses.push_back(std::to_string(use.line) + " " + use.match);
  }
  return uses;
}

using Strings = std::vector<std::string>;

TEST(FindForbidden, TellsTheLineWithoutItsComment) {
  const auto uses = FindForbidden("int a;\n  std::mutex m;  // new\n", kRules);
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses[0].line, 2);
  EXPECT_EQ(uses[0].text, "std::mutex m;");
  EXPECT_EQ(uses[0].rule, &kRules[0]);
}

TEST(FindForbidden, SeesAStatementHoweverItIsWritten) {
  EXPECT_EQ(Uses("std\n:: /* x */ mutex m;"), Strings{"1 std::mutex"});
}

TEST(FindForbidden, KeepsTheLinesInOrder) {
  EXPECT_EQ(Uses("f(new int,\nstd::mutex(),\nnew int);"),
            (Strings{"1 new", "2 std::mutex", "3 new"}));
}

TEST(FindForbidden, TwoStatementsAreNotOne) {
  EXPECT_EQ(Uses("int std;\n::mutex m;"), Strings{});
  EXPECT_EQ(Uses("#define std\n::mutex m;"), Strings{});
}

TEST(FindForbidden, LooksIntoNoLiteral) {
  EXPECT_EQ(Uses("f(\"new\", R\"(\"; new)\", 'n');"), Strings{});
}

TEST(FindForbidden, APatternWithAnErrorFindsNothing) {
  EXPECT_EQ(FindForbidden("(", {{"(", "", "why"}}).size(), 0u);
  EXPECT_NE(PatternError("("), "");
  EXPECT_EQ(PatternError("a|b"), "");
}

}  // namespace
}  // namespace mn::tools
