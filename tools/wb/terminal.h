// What the learner sees and types: colour, lines, keys, width.
//
// Why it is hard: in watch mode a run prints while keys are answered, and below
// both stands a line that is only true for a moment ("building [12 / 30]"). So
// everything is written here, under one lock, and the momentary line is taken
// away before anything else is written and put back below it.
//
// Thread-safety: Print, Line and Status from any thread, also from one that is
// in a system call (os::Command::on_out): the lock is the thread's, not the
// goroutine's. What one call writes stays together. ReadLine and ReadKey: one
// goroutine at a time.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tools/common/text.h"

namespace mn::wb {

class Terminal {
 public:
  // Writes to stdout, reads lines and keys from stdin. Colour only on a
  // terminal and without $NO_COLOR. Where the locale is not UTF-8, wb's own
  // signs are written in ASCII.
  static Terminal Real();
  // For tests: what was printed is in `*out`, what is typed comes from `lines`.
  static Terminal Fake(std::string* out, std::deque<std::string> lines = {});
  // For tests: somebody sits there. `write` gets all that is written, `keys`
  // parks until a key.
  static Terminal FakeInteractive(std::function<void(std::string_view)> write,
                                  std::function<char()> keys, int width);
  // Looks like this one, and writes into `*out`.
  Terminal Into(std::string* out) const;

  template <class... Pieces>
  void Print(const Pieces&... pieces) {
    Write(tools::Cat(pieces...));
  }
  template <class... Pieces>
  void Line(const Pieces&... pieces) {
    Write(tools::Cat(pieces..., "\n"));
  }
  // `text` broken between words at the terminal's width.
  void Paragraph(std::string_view text);
  // The momentary line: shown below everything, cut to the width, replaced by
  // the next and gone with "". Nothing where nobody sees it.
  void Status(std::string_view text);

  // Parks until a line was typed; without its end. nullopt: end of input.
  std::optional<std::string> ReadLine() { return read_line_(); }
  // Parks until a key was pressed; 0: there will be none.
  char ReadKey() { return read_key_(); }

  std::string Bold(std::string_view s) const { return Styled("1", s); }
  std::string Dim(std::string_view s) const { return Styled("2", s); }
  std::string Red(std::string_view s) const { return Styled("31", s); }
  std::string Green(std::string_view s) const { return Styled("32", s); }
  std::string Yellow(std::string_view s) const { return Styled("33", s); }
  std::string Cyan(std::string_view s) const { return Styled("36", s); }

  // Somebody is there to type and to see.
  bool interactive() const { return interactive_; }
  bool colour() const { return colour_; }
  // Columns; 80 where it cannot be known. Asked anew each time: windows are
  // made larger and smaller.
  int width() const { return width_(); }

 private:
  struct Screen;  // the lock, and what is below

  void Write(std::string_view text);
  std::string Styled(std::string_view code, std::string_view text) const;

  std::shared_ptr<Screen> screen_;
  std::function<std::optional<std::string>()> read_line_;
  std::function<char()> read_key_;
  std::function<int()> width_ = [] { return 80; };
  bool colour_ = false;
  bool interactive_ = false;
};

// Columns that `text` takes on a terminal: colour codes take none, a UTF-8
// character takes one.
int DisplayWidth(std::string_view text);
// `text` and blanks up to `width` columns.
std::string Pad(std::string_view text, int width);
// The beginning of `text` that takes at most `width` columns.
std::string Cut(std::string_view text, int width);
// `text` broken into lines of at most `width` columns, each after `indent`
// blanks; its own line breaks stay.
std::string Wrapped(std::string_view text, int indent, int width = 78);
// One line of somebody else's text, broken between words where it is wider than
// `width`. What follows is indented as the text behind a label ("  got   ...").
// Blanks inside stay. A command to be copied is better left to the terminal.
std::string WrappedLine(std::string_view line, int width);
// wb's own signs (→ ● …) in ASCII.
std::string InAscii(std::string text);

// A page of Markdown for a terminal: headings bold, code and quotes dim,
// emphasis marks, link targets and anchors taken off. Without colour it is the
// text as it is.
std::string ShowMarkdown(std::string_view markdown, const Terminal& terminal);

}  // namespace mn::wb
