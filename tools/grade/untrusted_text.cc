#include "tools/grade/untrusted_text.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace mn::grade {
namespace {

// Length of the well-formed character at the front of `s` (0: there is none)
// and its code point.
std::size_t DecodeOne(std::string_view s, char32_t& cp) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  unsigned char b = byte(0);
  std::size_t n;
  char32_t least;
  if (b < 0x80) {
    cp = b;
    return 1;
  } else if ((b & 0xE0) == 0xC0) {
    n = 2, cp = b & 0x1F, least = 0x80;
  } else if ((b & 0xF0) == 0xE0) {
    n = 3, cp = b & 0x0F, least = 0x800;
  } else if ((b & 0xF8) == 0xF0) {
    n = 4, cp = b & 0x07, least = 0x10000;
  } else {
    return 0;
  }
  if (s.size() < n) return 0;
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    cp = cp << 6 | (byte(i) & 0x3F);
  }
  bool surrogate = cp >= 0xD800 && cp <= 0xDFFF;
  return cp < least || surrogate || cp > 0x10FFFF ? 0 : n;
}

bool Reorders(char32_t cp) {
  return (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069) ||
         cp == 0x200E || cp == 0x200F || cp == 0x061C;
}

}  // namespace

std::optional<std::size_t> FirstBadUtf8(std::string_view text) {
  char32_t cp;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t n = DecodeOne(text.substr(i), cp);
    if (n == 0) return i;
    i += n;
  }
  return std::nullopt;
}

FromLatin1 ReadLatin1(std::string_view text) {
  FromLatin1 read;
  char32_t cp;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t n = DecodeOne(text.substr(i), cp);
    if (n > 0) {
      read.text += text.substr(i, n);
      i += n;
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    read.text += static_cast<char>(0xC0 | byte >> 6);
    read.text += static_cast<char>(0x80 | (byte & 0x3F));
    read.offsets.push_back(i++);
  }
  return read;
}

int LineOf(std::string_view text, std::size_t offset) {
  auto end = text.begin() + std::min(offset, text.size());
  return 1 + static_cast<int>(std::count(text.begin(), end, '\n'));
}

Normalised Normalise(std::string_view text) {
  Normalised n;
  if (text.starts_with("\xEF\xBB\xBF")) {
    n.had_bom = true;
    text.remove_prefix(3);
  }
  n.text.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      n.had_crlf = true;
      continue;
    }
    n.had_cr |= text[i] == '\r';
    n.text += text[i] == '\r' ? '\n' : text[i];
  }
  return n;
}

std::string Printable(std::string_view text, bool multiline) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    char32_t cp;
    std::size_t n = DecodeOne(text.substr(i), cp);
    if (n == 0) {
      absl::StrAppendFormat(&out, "\\x%02x",
                            static_cast<unsigned char>(text[i]));
      ++i;
      continue;
    }
    if (multiline && (cp == '\n' || cp == '\t')) {
      out += text[i];
    } else if (cp < 0x20 || cp == 0x7F) {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned>(cp));
    } else if ((cp >= 0x80 && cp < 0xA0) || Reorders(cp)) {
      absl::StrAppendFormat(&out, "\\u{%04x}", static_cast<unsigned>(cp));
    } else {
      out += text.substr(i, n);
    }
    i += n;
  }
  return out;
}

std::optional<int> FirstReorderingControl(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    char32_t cp;
    std::size_t n = DecodeOne(text.substr(i), cp);
    if (n != 0 && Reorders(cp)) return LineOf(text, i);
    i += n == 0 ? 1 : n;
  }
  return std::nullopt;
}

std::string Shorten(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return std::string(text);
  std::size_t cut = max_bytes;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80)
    --cut;
  return absl::StrFormat("%s… (%d more bytes)", text.substr(0, cut),
                         text.size() - cut);
}

std::string FirstLines(std::string_view text, int max_lines) {
  std::size_t pos = 0;
  for (int line = 0; line < max_lines; ++line) {
    pos = text.find('\n', pos);
    if (pos == std::string_view::npos || ++pos == text.size())
      return std::string(text);
  }
  auto rest = text.substr(pos);
  auto more = std::count(rest.begin(), rest.end(), '\n') +
              (rest.ends_with('\n') ? 0 : 1);
  return absl::StrFormat("%s… (%d more lines)\n", text.substr(0, pos), more);
}

}  // namespace mn::grade
