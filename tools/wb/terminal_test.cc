#include "tools/wb/terminal.h"

#include <gtest/gtest.h>

namespace mn::wb {
namespace {

TEST(DisplayWidth, CountsWhatIsSeen) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("→ ○"), 3);
  EXPECT_EQ(DisplayWidth("\x1b[1mabc\x1b[0m"), 3);
}

TEST(Pad, FillsAndNeverCuts) {
  EXPECT_EQ(Pad("○", 3), "○  ");
  EXPECT_EQ(Pad("abcd", 3), "abcd");
}

TEST(Wrapped, BreaksBetweenWords) {
  EXPECT_EQ(Wrapped("aaa bbb ccc", 2, 9), "  aaa bbb\n  ccc\n");
  EXPECT_EQ(Wrapped("a\n\nb", 1), " a\n\n b\n");
  EXPECT_EQ(Wrapped("aaaaaaaaaaaa b", 0, 4), "aaaaaaaaaaaa\nb\n");
}

TEST(ShowMarkdown, WithoutColourIsTheText) {
  std::string out;
  const Terminal terminal = Terminal::Fake(&out);
  EXPECT_EQ(ShowMarkdown("# A\n`b` **c**\n", terminal), "# A\n`b` **c**\n");
}

TEST(FakeTerminal, PrintsAndReads) {
  std::string out;
  Terminal terminal = Terminal::Fake(&out, {"one"});
  terminal.Line("a", 1);
  EXPECT_EQ(out, "a1\n");
  EXPECT_EQ(terminal.ReadLine(), "one");
  EXPECT_EQ(terminal.ReadLine(), std::nullopt);
  EXPECT_EQ(terminal.Red("x"), "x");
}

}  // namespace
}  // namespace mn::wb
