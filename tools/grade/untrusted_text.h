// Text that strangers wrote: is it UTF-8, how is it made one shape, how is it
// shown without letting it drive the reader's terminal.
//
// Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mn::grade {

// The offset of the first byte that is not part of well-formed UTF-8 (overlong
// forms, surrogates and what is beyond U+10FFFF included), or nullopt.
std::optional<std::size_t> FirstBadUtf8(std::string_view text);

// The text with each byte that is not part of well-formed UTF-8 read as a
// Latin-1 character, and where these bytes are.
struct FromLatin1 {
  std::string text;
  std::vector<std::size_t> offsets;
};
FromLatin1 ReadLatin1(std::string_view text);

// The 1-based line of `offset`.
int LineOf(std::string_view text, std::size_t offset);

// The one shape a submitted file is compiled in. Editors on Windows write a
// byte-order mark and CRLF, old ones CR alone; none is worth a point, so all
// are accepted, and the caller says so in a note.
struct Normalised {
  std::string text;
  bool had_bom = false;
  bool had_crlf = false;
  bool had_cr = false;  // alone, which ends a line for compilers
};
Normalised Normalise(std::string_view text);

// `text` for a terminal or a report: bytes that are not UTF-8 become \xNN,
// control characters (newline and tab too, unless `multiline`) and the Unicode
// controls that reorder text become \xNN or \u{NNNN}.
std::string Printable(std::string_view text, bool multiline = false);

// The line of the first Unicode control that makes code read otherwise than it
// is compiled ("Trojan source": bidirectional overrides and isolates).
std::optional<int> FirstReorderingControl(std::string_view text);

// At most `max_bytes`, cut at a character, with "… (N more bytes)" if cut.
std::string Shorten(std::string_view text, std::size_t max_bytes);

// The first `max_lines` lines, with "… (N more lines)" if cut.
std::string FirstLines(std::string_view text, int max_lines);

}  // namespace mn::grade
