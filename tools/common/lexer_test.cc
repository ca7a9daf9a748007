#include "tools/common/lexer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mn::tools {
namespace {

// The tokens as "kind-letter:text", one blank apart.
std::string Show(const std::vector<Token>& tokens) {
  std::string out;
  for (const Token& t : tokens) {
    if (!out.empty()) out += ' ';
    out += "nNsch#e."[t.kind == Token::kName        ? 0
                      : t.kind == Token::kNumber    ? 1
                      : t.kind == Token::kString    ? 2
                      : t.kind == Token::kCharacter ? 3
                      : t.kind == Token::kHeader    ? 4
                      : t.kind == Token::kHash      ? 5
                      : t.kind == Token::kEnd       ? 6
                                                    : 7];
    out += ":" + t.text;
  }
  return out;
}

std::string Show(std::string_view text) { return Show(Lex(text)); }

TEST(Lexer, LeavesCommentsOut) {
  EXPECT_EQ(Show("a // b\nc /* d\n e */ f"), "n:a n:c n:f");
}

TEST(Lexer, JoinsALineThatIsSpliced) {
  EXPECT_EQ(Show("_ex\\\nit"), "n:_exit");
  EXPECT_EQ(Show("_ex\\ \nit"), "n:_exit");
}

TEST(Lexer, CommentGoesOnOverASplice) {
  EXPECT_EQ(Show("// a \\\nb\nc"), "n:c");
}

TEST(Lexer, KnowsStringsFromCode) {
  EXPECT_EQ(Show(R"(f("a\"b", u8"c", 'd'))"),
            R"(n:f .:( s:a\"b .:, s:c .:, c:d .:))");
}

TEST(Lexer, RawStringEndsAtItsOwnDelimiter) {
  EXPECT_EQ(Show("R\"x(a)\"b)x\" c"), "s:a)\"b n:c");
}

TEST(Lexer, QuoteInsideACommentOpensNothing) {
  EXPECT_EQ(Show("// don't\nx"), "n:x");
}

TEST(Lexer, DigitSeparatorOpensNoCharacter) {
  EXPECT_EQ(Show("1'000 x"), "N:1'000 n:x");
}

TEST(Lexer, IncludeNamesAHeader) {
  EXPECT_EQ(Show("#include <a/b>\n x"), "#:# n:include h:<a/b> e: n:x");
  EXPECT_EQ(Show("%: include \"a\""), "#:# n:include h:\"a\" e:");
}

TEST(Lexer, LessThanElsewhereIsAnOperator) {
  EXPECT_EQ(Show("a < b"), "n:a .:< n:b");
}

TEST(Lexer, TokensKnowTheirLine) {
  auto tokens = Lex("a\n\\\n/*\n*/ b");
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(tokens[1].line, 4);
}

TEST(Lexer, AssemblyInARawStringIsAString) {
  EXPECT_EQ(Show("asm(R\"(mov // it's \"x\"\n)\"); y"),
            "n:asm .:( s:mov // it's \"x\"\n .:) .:; n:y");
}

TEST(Lexer, UnfinishedInputEnds) {
  for (const char* text : {"\"abc", "'", "/*", "R\"x(", "R\"", "#include <a",
                           "#include", "\\", "\"\\"}) {
    Lex(text);
    WithoutComments(text);
  }
}

TEST(Lexer, ARawStringUndoesSplices) {
  EXPECT_EQ(Show("R\"()\\\n\" /* )\"; x"), "s:)\\\n\" /*  .:; n:x");
}

// As gcc 12 and clang 14 print it.
constexpr char kPreprocessed[] =
    "# 0 \"a.cc\"\n"
    "# 0 \"<built-in>\"\n"
    "# 0 \"<command-line>\"\n"
    "# 1 \"/usr/include/stdc-predef.h\" 1 3 4\n"
    "# 0 \"<command-line>\" 2\n"
    "# 1 \"a.cc\"\n"
    "int x;\n"
    "# 1 \"./b.h\" 1\n"
    "# 1 \"/usr/include/c.h\" 1 3 4\n"
    "theirs\n"
    "# 2 \"./b.h\" 2\n"
    "R\"(theirs too)\"\n"
    "# 3 \"a.cc\" 2\n"
    "\n"
    "int y =\n"
    "# 4 \"a.cc\" 3 4\n"
    "       1\n"
    "# 4 \"a.cc\"\n"
    "        ;\n";

TEST(OwnTokens, LeavesOutWhatIsIncluded) {
  std::vector<Entered> entered;
  const std::vector<Token> tokens = OwnTokens(kPreprocessed, &entered);
  EXPECT_EQ(Show(tokens), "n:int n:x .:; n:int n:y .:= N:1 .:;");
  ASSERT_EQ(tokens.size(), 8u);
  EXPECT_EQ(tokens[2].line, 1);
  EXPECT_EQ(tokens[4].line, 4);
  EXPECT_EQ(tokens[6].line, 4);
  ASSERT_EQ(entered.size(), 3u);
  EXPECT_EQ(entered[1].path, "./b.h");
  EXPECT_EQ(entered[1].line, 2);
  EXPECT_EQ(entered[2].path, "/usr/include/c.h");
  EXPECT_EQ(entered[2].line, 2);
}

TEST(OwnTokens, AMarkerInARawStringIsAString) {
  EXPECT_EQ(Show(OwnTokens("R\"(\n# 1 \"b\" 1\n)\" x\n")),
            "s:\n# 1 \"b\" 1\n n:x");
}

TEST(OwnTokens, NeighbouringStringsAreOne) {
  EXPECT_EQ(Show(OwnTokens("f(\".init\" R\"(_ar)\"\n\"ray\")")),
            "n:f .:( s:.init_array .:)");
}

TEST(OwnTokens, EscapesAreWhatTheyMean) {
  EXPECT_EQ(Show(OwnTokens("\"\\137a\\x5fz\\u005Fc\\n\\\\\"")), "s:_a_z_c\n\\");
}

TEST(OwnTokens, UnfinishedInputEnds) {
  for (const char* text : {"# ", "# 1", "# 1 \"", "# 1 \"a\" 2", "\"\\",
                           "\"\\x", "\"\\u1", "# 1 \"a\" 1\nx"}) {
    OwnTokens(text);
  }
}

TEST(WithoutComments, KeepsCodeWhereItStood) {
  EXPECT_EQ(WithoutComments("#include \"a\"  // b\n\tx = u8\"y\";"),
            "#include \"a\"      \n\tx =   \" \";");
  EXPECT_EQ(WithoutComments("a\\\nb /* c */ d"), "a \nb         d");
}

TEST(WithoutComments, ARawStringIsBlankToItsEnd) {
  EXPECT_EQ(WithoutComments("R\"x(a)\"b)x\" c"), " \"        \" c");
}

}  // namespace
}  // namespace mn::tools
