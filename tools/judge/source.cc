#include "tools/judge/source.h"

#if defined(__GNUC__) && !defined(__clang__)
// gcc 12 with -fsanitize=address sees a false one inside std::regex.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>

namespace mn::judge {

std::string WithoutComments(const std::string& text) {
  enum { kCode, kLine, kBlock, kString, kChar } state = kCode;
  std::string out = text;
  for (std::size_t i = 0; i < text.size(); i++) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    switch (state) {
      case kCode:
        if (c == '/' && next == '/') state = kLine;
        if (c == '/' && next == '*') state = kBlock;
        if (state != kCode) {
          out[i] = out[i + 1] = ' ';
          i++;
        } else if (c == '"') {
          state = kString;
        } else if (c == '\'' && (i == 0 || !isalnum(text[i - 1]))) {
          state = kChar;  // not the separator of 1'000
        }
        break;
      case kLine:
        if (c == '\n') {
          state = kCode;
        } else {
          out[i] = ' ';
        }
        break;
      case kBlock:
        if (c == '*' && next == '/') {
          out[i] = out[i + 1] = ' ';
          i++;
          state = kCode;
        } else if (c != '\n') {
          out[i] = ' ';
        }
        break;
      case kString:
      case kChar:
        if (c == '\\') {
          out[i] = ' ';
          if (i + 1 < text.size() && next != '\n') out[++i] = ' ';
        } else if (c == (state == kString ? '"' : '\'') || c == '\n') {
          state = kCode;
        } else if (text.rfind("#include", i) == std::string::npos ||
                   text.rfind("#include", i) < text.rfind('\n', i)) {
          out[i] = ' ';  // but an included name is code
        }
        break;
    }
  }
  return out;
}

bool SameCode(const std::string& a, const std::string& b) {
  const auto words = [](const std::string& text) {
    std::istringstream in(WithoutComments(text));
    return std::vector<std::string>(std::istream_iterator<std::string>(in), {});
  };
  return words(a) == words(b);
}

std::vector<ForbiddenUse> FindForbidden(
    const std::string& text, const std::vector<tools::Forbidden>& rules) {
  std::vector<ForbiddenUse> uses;
  std::vector<std::regex> patterns;
  for (const tools::Forbidden& rule : rules)
    patterns.emplace_back(rule.pattern);
  std::istringstream in(WithoutComments(text));
  std::string line;
  for (int number = 1; std::getline(in, line); number++) {
    for (std::size_t i = 0; i < rules.size(); i++) {
      if (!std::regex_search(line, patterns[i])) continue;
      const std::size_t begin = line.find_first_not_of(" \t");
      const std::size_t end = line.find_last_not_of(" \t\r");
      uses.push_back({number, line.substr(begin, end - begin + 1), &rules[i]});
    }
  }
  return uses;
}

bool IsPattern(const std::string& pattern) {
  try {
    std::regex{pattern};
    return true;
  } catch (const std::regex_error&) {
    return false;
  }
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

}  // namespace mn::judge
