#include "tools/judge/source.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "tools/common/lexer.h"

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
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(text).str();
}

}  // namespace mn::judge
