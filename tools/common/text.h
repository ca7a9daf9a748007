// Text: joining, splitting and cutting strings.
//
// Where Abseil would do: Debian 12 and 13 build it with an absl::string_view
// that is not std::string_view, so absl::StrCat and absl::StrSplit refuse the
// standard's. absl::StrFormat takes both and is used for numbers.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace mn::tools {

namespace internal {
inline void AppendPiece(std::string* out, std::string_view piece) {
  out->append(piece);
}
template <std::integral T>
requires(!std::same_as<T, bool> &&
         !std::same_as<T, char>) void AppendPiece(std::string* out, T number) {
  out->append(std::to_string(number));
}
// 6 and 0.5, not 6.000000.
void AppendPiece(std::string* out, double number);
}  // namespace internal

// Appends texts and numbers.
template <class... Pieces>
void Append(std::string* out, const Pieces&... pieces) {
  (internal::AppendPiece(out, pieces), ...);
}

template <class... Pieces>
std::string Cat(const Pieces&... pieces) {
  std::string out;
  Append(&out, pieces...);
  return out;
}

// The pieces between separators; `keep_empty` false drops empty ones.
std::vector<std::string> Split(std::string_view text, char separator,
                               bool keep_empty = true);
// Lines without their ends ("\n" or "\r\n"); no empty one after the last.
std::vector<std::string> Lines(std::string_view text);
// Words between white space.
std::vector<std::string> Words(std::string_view text);

std::string Join(const std::vector<std::string>& pieces,
                 std::string_view separator);

std::string_view Trim(std::string_view text);
std::string Lower(std::string_view text);
std::string ReplaceAll(std::string text, std::string_view from,
                       std::string_view to);

// Insertions, deletions, replacements and swaps of neighbours between two words
// (optimal string alignment).
int EditDistance(std::string_view a, std::string_view b);
// The candidate nearest to `word`; empty if none is near enough to be meant.
std::string Nearest(std::string_view word,
                    const std::vector<std::string>& candidates);

}  // namespace mn::tools
