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

TEST(WrappedLine, HangsBehindTheLabelAndKeepsBlanks) {
  EXPECT_EQ(WrappedLine("  got   aaa  bbb ccc", 16),
            "  got   aaa  bbb\n        ccc\n");
  EXPECT_EQ(WrappedLine("  aaa bbb ccc", 9), "  aaa bbb\n  ccc\n");
  EXPECT_EQ(WrappedLine("short", 9), "short\n");
  EXPECT_EQ(WrappedLine("aaaaaaaaaaaa", 9), "aaaaaaaaaaaa\n");
}

TEST(ShowMarkdown, WithoutColourIsTheText) {
  std::string out;
  const Terminal terminal = Terminal::Fake(&out);
  EXPECT_EQ(ShowMarkdown("# A\n`b` **c**\n", terminal), "# A\n`b` **c**\n");
}

TEST(Cut, CutsColumnsAndNoCharacters) {
  EXPECT_EQ(Cut("→○abc", 3), "→○a");
  EXPECT_EQ(Cut("ab", 3), "ab");
  EXPECT_EQ(Cut("○", 0), "");
}

TEST(InAscii, ItsOwnSignsOnly) {
  EXPECT_EQ(InAscii("→ ● a… ─ é"), "-> * a... - é");
}

TEST(TerminalStatus, IsBelowWhatIsWrittenAndOneColumnShort) {
  std::string out;
  Terminal t = Terminal::FakeInteractive([&](std::string_view s) { out += s; },
                                         [] { return '\0'; }, 10);
  t.Status("building [1 / 2]");
  EXPECT_EQ(out, "building ");
  out.clear();
  t.Line("a line");
  EXPECT_EQ(out, "\r\x1b[Ka line\nbuilding ");
  out.clear();
  t.Status("");
  EXPECT_EQ(out, "\r\x1b[K");
  out.clear();
  t.Line("another");
  EXPECT_EQ(out, "another\n");
}

TEST(TerminalStatus, WhereNobodySeesItThereIsNone) {
  std::string out;
  Terminal t = Terminal::Fake(&out);
  t.Status("building");
  EXPECT_EQ(out, "");
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
