// What the learner sees and types: colour, lines, width.
//
// Thread-safety: used by one goroutine at a time.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tools/common/text.h"

namespace mn::wb {

class Terminal {
 public:
  // Writes to stdout, reads lines from stdin. Colour only on a terminal and
  // without $NO_COLOR.
  static Terminal Real();
  // For tests: what was printed is in `*out`, what is typed comes from `lines`.
  static Terminal Fake(std::string* out, std::deque<std::string> lines = {});

  template <class... Pieces>
  void Print(const Pieces&... pieces) {
    write_(tools::Cat(pieces...));
  }
  template <class... Pieces>
  void Line(const Pieces&... pieces) {
    write_(tools::Cat(pieces..., "\n"));
  }

  // Parks until a line was typed; without its end. nullopt: end of input.
  std::optional<std::string> ReadLine() { return read_line_(); }

  std::string Bold(std::string_view s) const { return Styled("1", s); }
  std::string Dim(std::string_view s) const { return Styled("2", s); }
  std::string Red(std::string_view s) const { return Styled("31", s); }
  std::string Green(std::string_view s) const { return Styled("32", s); }
  std::string Yellow(std::string_view s) const { return Styled("33", s); }
  std::string Cyan(std::string_view s) const { return Styled("36", s); }

  // Somebody is there to type and to see.
  bool interactive() const { return interactive_; }
  bool colour() const { return colour_; }

 private:
  std::string Styled(std::string_view code, std::string_view text) const;

  std::function<void(std::string_view)> write_;
  std::function<std::optional<std::string>()> read_line_;
  bool colour_ = false;
  bool interactive_ = false;
};

// Columns that `text` takes on a terminal: colour codes take none, a UTF-8
// character takes one.
int DisplayWidth(std::string_view text);
// `text` and blanks up to `width` columns.
std::string Pad(std::string_view text, int width);
// `text` broken into lines of at most `width` columns, each after `indent`
// blanks; its own line breaks stay.
std::string Wrapped(std::string_view text, int indent, int width = 78);

// A page of Markdown for a terminal: headings bold, code and quotes dim,
// emphasis marks taken off. Without colour it is the text as it is.
std::string ShowMarkdown(std::string_view markdown, const Terminal& terminal);

}  // namespace mn::wb
