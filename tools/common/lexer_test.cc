#include "tools/common/lexer.h"

#include <gtest/gtest.h>

#include <string>

namespace mn::tools {
namespace {

// The tokens as "kind-letter:text", one blank apart.
std::string Show(std::string_view text) {
  std::string out;
  for (const Token& t : Lex(text)) {
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
