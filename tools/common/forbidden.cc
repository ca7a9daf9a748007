#include "tools/common/forbidden.h"

#include <algorithm>

#include "tools/common/regex.h"
#include "tools/common/text.h"

namespace mn::tools {
namespace {

// std::regex recurses once or more per character: a longer statement is
// searched in pieces.
constexpr std::size_t kMaxStatement = 1000;
constexpr std::size_t kShown = 100;

struct Pattern {
  const Forbidden* rule;
  std::regex regex;
};

class Search {
 public:
  explicit Search(const std::vector<Forbidden>& rules) {
    for (const Forbidden& rule : rules) {
      if (!PatternError(rule.pattern).empty()) continue;
      patterns_.push_back({&rule, std::regex(rule.pattern)});
    }
  }

  std::vector<ForbiddenUse> Run(const OwnCode& code) {
    for (const Token& t : code.tokens) Add(t);
    EndStatement();
    if (!code.own_main) {
      for (const std::string& symbol : code.symbols) {
        statement_ = Cat("::", symbol).substr(0, kMaxStatement);
        lines_.assign(statement_.size(), LineOf(symbol, code.tokens));
        EndStatement();
      }
    }
    std::stable_sort(
        uses_.begin(), uses_.end(),
        [](const auto& a, const auto& b) { return a.line < b.line; });
    return std::move(uses_);
  }

 private:
  void Add(const Token& t) {
    if (t.kind == Token::kEnd) return EndStatement();
    if (t.IsLiteral()) {
      after_word_ = false;
      return;
    }
    const bool word = t.kind == Token::kName || t.kind == Token::kNumber;
    if (word && after_word_) statement_ += ' ';
    statement_.append(t.text, 0, kMaxStatement);
    lines_.resize(statement_.size(), t.line);
    after_word_ = word;
    const bool end = t.kind == Token::kOther &&
                     (t.text == ";" || t.text == "{" || t.text == "}");
    if (end || statement_.size() > kMaxStatement) EndStatement();
  }

  // Where the file mentions the function; 0 if it has another spelling there.
  static int LineOf(const std::string& symbol,
                    const std::vector<Token>& tokens) {
    for (const Token& t : tokens) {
      if (t.kind == Token::kName && t.text == symbol) return t.line;
    }
    return 0;
  }

  void EndStatement() {
    for (const Pattern& pattern : patterns_) {
      int last = -1;
      for (std::sregex_iterator m(statement_.begin(), statement_.end(),
                                  pattern.regex);
           m != std::sregex_iterator(); ++m) {
        const auto at = static_cast<std::size_t>(m->position());
        if (at >= lines_.size() || lines_[at] == last) continue;
        last = lines_[at];
        uses_.push_back(
            {last, statement_.substr(0, kShown), m->str(), pattern.rule});
      }
    }
    statement_.clear();
    lines_.clear();
    after_word_ = false;
  }

  std::vector<Pattern> patterns_;
  std::string statement_;
  std::vector<int> lines_;  // of each character of `statement_`
  bool after_word_ = false;
  std::vector<ForbiddenUse> uses_;
};

}  // namespace

std::vector<ForbiddenUse> FindForbidden(const OwnCode& code,
                                        const std::vector<Forbidden>& rules) {
  return Search(rules).Run(code);
}

std::string PatternError(const std::string& pattern) {
  try {
    std::regex{pattern};
    return "";
  } catch (const std::regex_error& e) {
    return e.what();
  }
}

}  // namespace mn::tools
