#include "tools/common/own_code.h"

#include <algorithm>
#include <cstddef>

#include "tools/common/text.h"

namespace mn::tools {
namespace {

bool Is(const Token& t, std::string_view text) {
  return t.kind == Token::kOther && t.text == text;
}

// Cuts `mn_learners_own_main ( … ) { … }` out; false if it is anything else.
bool CutMain(std::vector<Token>* tokens) {
  auto is_main = [](const Token& t) {
    return t.kind == Token::kName && t.text == kOwnMain;
  };
  const auto at = std::find_if(tokens->begin(), tokens->end(), is_main);
  if (at == tokens->end() || std::count_if(at, tokens->end(), is_main) != 1)
    return false;
  const auto body = std::find_if(at, tokens->end(),
                                 [](const Token& t) { return Is(t, "{"); });
  int open = 0;
  for (auto t = body; t != tokens->end(); ++t) {
    if (Is(*t, "{")) ++open;
    if (!Is(*t, "}") || --open > 0) continue;
    tokens->erase(at, t + 1);
    return true;
  }
  return false;
}

// "                 U exit": what nm says of a symbol that is not defined.
std::vector<std::string> Wanted(std::string_view nm) {
  std::vector<std::string> wanted;
  for (const std::string& line : Lines(nm)) {
    const std::string_view symbol = Trim(line);
    for (std::string_view kind : {"U ", "w ", "v "}) {
      if (symbol.starts_with(kind))
        wanted.emplace_back(symbol.substr(kind.size()));
    }
  }
  return wanted;
}

}  // namespace

OwnCode ReadOwnCode(std::string_view preprocessed, std::string_view symbols) {
  OwnCode code;
  code.tokens = OwnTokens(preprocessed, &code.entered);
  code.own_main = CutMain(&code.tokens);
  code.symbols = Wanted(symbols);
  return code;
}

}  // namespace mn::tools
