#include "tools/common/forbidden.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mn::tools {
namespace {

const std::vector<Forbidden> kRules = {
    {"\\bstd::mutex\\b", "RQ-5", "no locks"},
    {"\\bnew\\b", "RQ-5", "nothing is allocated"},
    {"^::usleep$", "RQ-5", "nothing waits"},
};

std::vector<ForbiddenUse> Find(std::string_view preprocessed,
                               std::string_view symbols = "") {
  return FindForbidden(ReadOwnCode(preprocessed, symbols), kRules);
}

// "LINE MATCH" for every use.
std::vector<std::string> Uses(std::string_view preprocessed,
                              std::string_view symbols = "") {
  std::vector<std::string> uses;
  for (const ForbiddenUse& use : Find(preprocessed, symbols)) {
    uses.push_back(std::to_string(use.line) + " " + use.match);
  }
  return uses;
}

using Strings = std::vector<std::string>;

TEST(FindForbidden, TellsLineAndStatement) {
  const auto uses = Find("int a;\n  std::mutex m;\n");
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses[0].line, 2);
  EXPECT_EQ(uses[0].text, "std::mutex m;");
  EXPECT_EQ(uses[0].rule, &kRules[0]);
}

TEST(FindForbidden, SeesAStatementHoweverItIsWritten) {
  EXPECT_EQ(Uses("std\n::  mutex m;"), Strings{"1 std::mutex"});
}

TEST(FindForbidden, KeepsTheLinesInOrder) {
  EXPECT_EQ(Uses("f(new int,\nstd::mutex(),\nnew int);"),
            (Strings{"1 new", "2 std::mutex", "3 new"}));
}

TEST(FindForbidden, TwoStatementsAreNotOne) {
  EXPECT_EQ(Uses("int std;\n::mutex m;"), Strings{});
  EXPECT_EQ(Uses("#pragma std\n::mutex m;"), Strings{});
}

TEST(FindForbidden, LooksIntoNoLiteral) {
  EXPECT_EQ(Uses("f(\"new\", R\"(\"; new)\", 'n');"), Strings{});
}

TEST(FindForbidden, AFunctionIsWhatTheObjectFileWants) {
  EXPECT_EQ(Uses("int a;\nusleep(1);", "  U usleep\n"), Strings{"2 ::usleep"});
  EXPECT_EQ(Uses("int a;", "  U usleep\n"), Strings{"0 ::usleep"});
  // A helper of that name is none.
  EXPECT_EQ(Uses("void usleep(G*);", "0000 t usleep(mn::G*)\n"), Strings{});
  EXPECT_EQ(Uses("mn::usleep(1);", "  U mn::usleep(int)\n"), Strings{});
}

TEST(FindForbidden, AnOwnMainIsNobodysCode) {
  EXPECT_EQ(Uses("int mn_learners_own_main() { std::mutex m; usleep(1); }",
                 "  U usleep\n"),
            Strings{});
}

TEST(FindForbidden, APatternWithAnErrorFindsNothing) {
  EXPECT_EQ(FindForbidden(ReadOwnCode("(", ""), {{"(", "", "why"}}).size(), 0u);
  EXPECT_NE(PatternError("("), "");
  EXPECT_EQ(PatternError("a|b"), "");
}

}  // namespace
}  // namespace mn::tools
