#include "tools/common/text.h"

#include <algorithm>
#include <cstdio>

namespace mn::tools {
namespace {

constexpr std::string_view kSpace = " \t\r\n\f\v";

char LowerChar(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

}  // namespace

namespace internal {
void AppendPiece(std::string* out, double number) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", number);
  out->append(buffer);
}
}  // namespace internal

std::vector<std::string> Split(std::string_view text, char separator,
                               bool keep_empty) {
  std::vector<std::string> pieces;
  for (;;) {
    const std::size_t at = text.find(separator);
    const std::string_view piece = text.substr(0, at);
    if (keep_empty || !piece.empty()) pieces.emplace_back(piece);
    if (at == std::string_view::npos) return pieces;
    text.remove_prefix(at + 1);
  }
}

std::vector<std::string> Lines(std::string_view text) {
  if (text.empty()) return {};
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::vector<std::string> lines = Split(text, '\n');
  for (std::string& line : lines) {
    if (line.ends_with('\r')) line.pop_back();
  }
  return lines;
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (;;) {
    const std::size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return words;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(kSpace), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

std::string Join(const std::vector<std::string>& pieces,
                 std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i > 0) out.append(separator);
    out.append(pieces[i]);
  }
  return out;
}

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), LowerChar);
  return lower;
}

std::string ReplaceAll(std::string text, std::string_view from,
                       std::string_view to) {
  std::size_t at = 0;
  while ((at = text.find(from, at)) != std::string::npos) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

int EditDistance(std::string_view a, std::string_view b) {
  // d[i][j]: the distance between the first i of `a` and the first j of `b`.
  std::vector<std::vector<int>> d(a.size() + 1, std::vector<int>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = static_cast<int>(i);
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int replaced = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({replaced, d[i - 1][j] + 1, d[i][j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

std::string Nearest(std::string_view word,
                    const std::vector<std::string>& candidates) {
  const std::string wanted = Lower(word);
  // A third of the word may be wrong; beyond that it is another word.
  int best = std::max(1, static_cast<int>(wanted.size()) / 3) + 1;
  std::string nearest;
  for (const std::string& candidate : candidates) {
    const std::string c = Lower(candidate);
    int distance = EditDistance(wanted, c);
    // "que" for "run_queue": what somebody typed the middle of.
    if (wanted.size() >= 3 && c.find(wanted) != std::string::npos) {
      distance = std::min(distance, 1);
    }
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace mn::tools
