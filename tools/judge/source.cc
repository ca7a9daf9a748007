#include "tools/judge/source.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

namespace mn::judge {

bool SameCode(std::string_view a, std::string_view b) {
  using tools::Token;
  const std::vector<Token> x = tools::Lex(a), y = tools::Lex(b);
  return std::equal(x.begin(), x.end(), y.begin(), y.end(),
                    [](const Token& s, const Token& t) {
                      return s.kind == t.kind && s.text == t.text;
                    });
}

bool IsPattern(const std::string& pattern) {
  return tools::PatternError(pattern).empty();
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

}  // namespace mn::judge
