#include "tools/common/lexer.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace mn::tools {
namespace {

// The text without spliced lines, and where every character stood. Inside a raw
// string a backslash at the end of a line is no splice, but no search cares.
struct Spliced {
  std::string text;
  std::vector<int> line;
  std::vector<std::size_t> offset;
};

Spliced Splice(std::string_view in) {
  Spliced out;
  int line = 1;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '\\') {
      std::size_t j = i + 1;  // gcc allows blanks between the two
      while (j < in.size() && (in[j] == ' ' || in[j] == '\t' || in[j] == '\r'))
        ++j;
      if (j < in.size() && in[j] == '\n') {
        ++line;
        i = j;
        continue;
      }
    }
    out.text += in[i];
    out.line.push_back(line);
    out.offset.push_back(i);
    if (in[i] == '\n') ++line;
  }
  return out;
}

bool NameStart(char c) {
  // Bytes of UTF-8 are letters for all we care.
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '$' ||
         (c & 0x80);
}
bool NameRest(char c) {
  return NameStart(c) || std::isdigit(static_cast<unsigned char>(c));
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : s_(Splice(text)), code_(text) {
    std::replace_if(
        code_.begin(), code_.end(),
        [](unsigned char c) { return !std::isspace(c); }, ' ');
    while (pos_ < s_.text.size()) {
      const std::size_t at = pos_, before = tokens_.size();
      Step();
      if (tokens_.size() > before) Keep(at);
    }
    EndDirective();
  }

  std::vector<Token> tokens() && { return std::move(tokens_); }
  // What WithoutComments returns.
  std::string code() && { return std::move(code_); }

 private:
  char At(std::size_t ahead = 0) const {
    return pos_ + ahead < s_.text.size() ? s_.text[pos_ + ahead] : '\0';
  }
  bool Has(std::string_view what) const {
    return std::string_view(s_.text).substr(pos_).starts_with(what);
  }
  void Emit(Token::Kind kind, std::string text, std::size_t at) {
    tokens_.push_back({kind, std::move(text), s_.line[at]});
    fresh_line_ = false;
  }
  // Puts the last token, which began at `at`, back into the blank text: of a
  // literal only the quotes.
  void Keep(std::size_t at) {
    auto put = [&](std::size_t i) { code_[s_.offset[i]] = s_.text[i]; };
    if (!tokens_.back().IsLiteral()) {
      for (std::size_t i = at; i < pos_; ++i) put(i);
      return;
    }
    const std::size_t open = s_.text.find_first_of("\"'", at);
    put(open);
    if (s_.text[pos_ - 1] == s_.text[open]) put(pos_ - 1);
  }
  void EndDirective() {
    if (in_directive_)
      tokens_.push_back(
          {Token::kEnd, "", s_.line.empty() ? 1 : s_.line.back()});
    in_directive_ = false;
  }

  void Step() {
    std::size_t at = pos_;
    char c = At();
    if (c == '\n') {
      if (in_directive_) tokens_.push_back({Token::kEnd, "", s_.line[pos_]});
      in_directive_ = false;
      fresh_line_ = true;
      ++pos_;
    } else if (std::isspace(static_cast<unsigned char>(c))) {
      ++pos_;
    } else if (Has("//")) {
      while (pos_ < s_.text.size() && At() != '\n') ++pos_;
    } else if (Has("/*")) {
      std::size_t end = s_.text.find("*/", pos_ + 2);
      pos_ = end == std::string::npos ? s_.text.size() : end + 2;
    } else if (fresh_line_ && (c == '#' || Has("%:"))) {
      pos_ += c == '#' ? 1 : 2;
      in_directive_ = true;
      Emit(Token::kHash, "#", at);
    } else if (NameStart(c)) {
      Name();
    } else if (std::isdigit(static_cast<unsigned char>(c))) {
      // Digit separators and exponents need no more care than this.
      while (NameRest(At()) || At() == '.' || (At() == '\'' && NameRest(At(1))))
        ++pos_;
      Emit(Token::kNumber, s_.text.substr(at, pos_ - at), at);
    } else if (c == '"' || (c == '<' && after_include_)) {
      if (after_include_) {
        Header(c == '<' ? '>' : '"');
      } else {
        Quoted('"', Token::kString);
      }
    } else if (c == '\'') {
      Quoted('\'', Token::kCharacter);
    } else {
      bool paste = Has("##") || Has("%:%:");
      std::size_t n = Has("%:%:") ? 4 : paste || Has("::") ? 2 : 1;
      pos_ += n;
      Emit(Token::kOther, paste ? "##" : s_.text.substr(at, n), at);
    }
    if (!tokens_.empty()) after_include_ = AfterInclude();
  }

  bool AfterInclude() const {
    std::size_t n = tokens_.size();
    if (!in_directive_ || n < 2 || tokens_[n - 2].kind != Token::kHash)
      return false;
    const std::string& name = tokens_[n - 1].text;
    return name == "include" || name == "include_next" || name == "import" ||
           name == "embed";
  }

  void Name() {
    std::size_t at = pos_;
    while (NameRest(At())) ++pos_;
    std::string name = s_.text.substr(at, pos_ - at);
    bool prefix = name == "R" || name == "u8R" || name == "uR" ||
                  name == "UR" || name == "LR";
    if (prefix && At() == '"') return Raw(at);
    prefix = name == "u8" || name == "u" || name == "U" || name == "L";
    if (prefix && At() == '"') return Quoted('"', Token::kString);
    if (prefix && At() == '\'') return Quoted('\'', Token::kCharacter);
    Emit(Token::kName, std::move(name), at);
  }

  void Raw(std::size_t at) {
    std::size_t open = s_.text.find('(', pos_);
    if (open == std::string::npos) open = s_.text.size();
    std::string close =
        ")" + s_.text.substr(pos_ + 1, open - std::min(open, pos_ + 1)) + "\"";
    std::size_t end = s_.text.find(close, open);
    std::size_t from = std::min(open + 1, s_.text.size());
    std::size_t to = std::min(end, s_.text.size());
    Emit(Token::kString, s_.text.substr(from, to - std::min(from, to)), at);
    pos_ = end == std::string::npos ? s_.text.size() : end + close.size();
  }

  void Quoted(char quote, Token::Kind kind) {
    std::size_t at = pos_++;
    while (pos_ < s_.text.size() && At() != quote && At() != '\n')
      pos_ += At() == '\\' && pos_ + 1 < s_.text.size() ? 2 : 1;
    std::size_t end = std::min(pos_, s_.text.size());
    Emit(kind, s_.text.substr(at + 1, end - at - 1), at);
    pos_ = end;
    if (At() == quote) ++pos_;
  }

  void Header(char close) {
    std::size_t at = pos_++;
    while (pos_ < s_.text.size() && At() != close && At() != '\n') ++pos_;
    if (At() == close) ++pos_;
    Emit(Token::kHeader, s_.text.substr(at, pos_ - at), at);
  }

  Spliced s_;
  std::string code_;
  std::size_t pos_ = 0;
  bool fresh_line_ = true;
  bool in_directive_ = false;
  bool after_include_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> Lex(std::string_view text) { return Lexer(text).tokens(); }

std::string WithoutComments(std::string_view text) {
  return Lexer(text).code();
}

}  // namespace mn::tools
