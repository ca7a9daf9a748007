#include "tools/grade/untrusted_text.h"

#include "gtest/gtest.h"

namespace mn::grade {
namespace {

TEST(Utf8, AcceptsEveryLengthOfCharacter) {
  EXPECT_EQ(FirstBadUtf8("a é € 𐍈"), std::nullopt);
}

TEST(Utf8, NamesTheFirstBadByte) { EXPECT_EQ(FirstBadUtf8("f\xFCr"), 1u); }

TEST(Utf8, RefusesOverlongSurrogateAndTruncated) {
  EXPECT_EQ(FirstBadUtf8("\xC0\xAF"), 0u);
  EXPECT_EQ(FirstBadUtf8("\xED\xA0\x80"), 0u);
  EXPECT_EQ(FirstBadUtf8("ab\xE2\x82"), 2u);
}

TEST(Normalise, TakesAwayMarkAndCarriageReturns) {
  Normalised n = Normalise(
      "\xEF\xBB\xBF"
      "int a;\r\nint b;\r\n");
  EXPECT_EQ(n.text, "int a;\nint b;\n");
  EXPECT_TRUE(n.had_bom);
  EXPECT_TRUE(n.had_crlf);
}

TEST(Normalise, LeavesUnixTextAlone) {
  Normalised n = Normalise("a\n\nb\n");
  EXPECT_EQ(n.text, "a\n\nb\n");
  EXPECT_FALSE(n.had_bom || n.had_crlf || n.had_cr);
}

TEST(Normalise, ACarriageReturnAloneEndsALine) {
  Normalised n = Normalise("// a\rint b;\r");
  EXPECT_EQ(n.text, "// a\nint b;\n");
  EXPECT_TRUE(n.had_cr);
  EXPECT_FALSE(n.had_crlf);
}

TEST(ReadLatin1, ReadsWhatIsNotUtf8AndLeavesTheRest) {
  const FromLatin1 read = ReadLatin1("f\xFCr \xE2\x82\xAC \xA0");
  EXPECT_EQ(read.text, "f\xC3\xBCr \xE2\x82\xAC \xC2\xA0");
  EXPECT_EQ(read.offsets, (std::vector<std::size_t>{1, 8}));
}

TEST(Printable, ShowsWhatATerminalWouldObey) {
  EXPECT_EQ(Printable("a\x1b[2J\n\xff\xC2\x9B"),
            "a\\x1b[2J\\x0a\\xff\\u{009b}");
}

TEST(Printable, KeepsLinesWhenAsked) {
  EXPECT_EQ(Printable("a\n\tb\r", true), "a\n\tb\\x0d");
}

TEST(ReorderingControl, NamesItsLine) {
  EXPECT_EQ(FirstReorderingControl("a\nb \xE2\x80\xAE c"), 2);
  EXPECT_EQ(FirstReorderingControl("a\nb"), std::nullopt);
}

TEST(Shorten, CutsAtACharacter) {
  EXPECT_EQ(Shorten("ab€", 3), "ab… (3 more bytes)");
  EXPECT_EQ(Shorten("ab", 2), "ab");
}

TEST(FirstLines, CountsWhatItLeavesOut) {
  EXPECT_EQ(FirstLines("1\n2\n3\n4", 2), "1\n2\n… (2 more lines)\n");
  EXPECT_EQ(FirstLines("1\n2\n", 2), "1\n2\n");
}

}  // namespace
}  // namespace mn::grade
