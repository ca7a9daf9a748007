#include "tools/common/lexer.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace mn::tools {
namespace {

// The text without spliced lines, and where every character stood. Raw() goes
// back to the text as it was.
struct Spliced {
  std::string text;
  std::vector<int> line;
  std::vector<std::size_t> offset;
};

Spliced Splice(std::string_view in) {
  Spliced out;
  out.text.reserve(in.size());
  out.line.reserve(in.size());
  out.offset.reserve(in.size());
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

// What an escape stands for; the backslash is at `i`, which goes behind the
// escape. What is not ASCII is of no interest to a search.
char Unescape(std::string_view s, std::size_t* i) {
  static constexpr std::string_view kNames = "abfnrtv",
                                    kMeant = "\a\b\f\n\r\t\v";
  const std::size_t at = *i + 1;
  if (at >= s.size()) return s[(*i)++];
  auto number = [&](std::size_t from, std::size_t most, int base) {
    unsigned value = 0;
    std::size_t n = 0;
    for (; n < most && from + n < s.size(); ++n) {
      const char c = s[from + n];
      const bool digit = c >= '0' && c < (base == 8 ? '8' : '9' + 1);
      if (!digit &&
          !(base == 16 && std::isxdigit(static_cast<unsigned char>(c))))
        break;
      value = value * static_cast<unsigned>(base) +
              static_cast<unsigned>(digit ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    *i = from + n;
    return static_cast<char>(value);
  };
  const char c = s[at];
  if (c >= '0' && c < '8') return number(at, 3, 8);
  if (c == 'x') return number(at + 1, s.size(), 16);
  if (c == 'u') return number(at + 1, 4, 16);
  if (c == 'U') return number(at + 1, 8, 16);
  *i = at + 1;
  const std::size_t name = kNames.find(c);
  return name == kNames.npos ? c : kMeant[name];
}

std::string Unescaped(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size();)
    out += s[i] == '\\' ? Unescape(s, &i) : s[i++];
  return out;
}

class Lexer {
 public:
  // Preprocessed text is large, has no splices, and is read where it is.
  Lexer(std::string_view text, bool preprocessed)
      : in_(text), preprocessed_(preprocessed) {
    if (preprocessed) {
      text_ = in_;
    } else {
      s_ = Splice(in_);
      text_ = s_.text;
      code_ = in_;
      std::replace_if(
          code_.begin(), code_.end(),
          [](unsigned char c) { return !std::isspace(c); }, ' ');
    }
    while (pos_ < text_.size()) {
      const std::size_t at = pos_, before = tokens_.size();
      Step();
      if (!preprocessed_ && tokens_.size() > before) Keep(at);
    }
    EndDirective();
  }

  std::vector<Token> tokens() && { return std::move(tokens_); }
  // What WithoutComments returns.
  std::string code() && { return std::move(code_); }
  std::vector<Entered> entered() && { return std::move(entered_); }

 private:
  char At(std::size_t ahead = 0) const {
    return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0';
  }
  bool Has(std::string_view what) const {
    return text_.substr(pos_).starts_with(what);
  }
  void Emit(Token::Kind kind, std::string text, std::size_t at) {
    tokens_.push_back({kind, std::move(text), Line(at)});
    fresh_line_ = false;
  }
  // Puts the last token, which began at `at`, back into the blank text: of a
  // literal only the quotes.
  void Keep(std::size_t at) {
    auto put = [&](std::size_t i) { code_[s_.offset[i]] = text_[i]; };
    if (!tokens_.back().IsLiteral()) {
      for (std::size_t i = at; i < pos_; ++i) put(i);
      return;
    }
    const std::size_t open = text_.find_first_of("\"'", at);
    put(open);
    if (text_[pos_ - 1] == text_[open]) put(pos_ - 1);
  }
  // `at` never goes back.
  int Line(std::size_t at) {
    if (!preprocessed_) return s_.line[at];
    line_ += static_cast<int>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                   text_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    counted_ = at;
    return line_;
  }

  // "# 12 "file" 1 3" of a preprocessor: the next line is line 12 of a file
  // that is entered (1) or gone back to (2).
  bool Marker() {
    if (!preprocessed_ || !Has("# ") ||
        !std::isdigit(static_cast<unsigned char>(At(2))))
      return false;
    const std::size_t end = std::min(text_.find('\n', pos_), text_.size());
    const std::string_view marker = text_.substr(pos_, end - pos_);
    const std::size_t open = marker.find('"'), close = marker.rfind('"');
    if (open == marker.npos || close == open) return false;
    const std::string_view flags = marker.substr(close + 1);
    if (flags.find('1') != flags.npos) {
      // The preprocessor has left out the line of the #include.
      if (depth_ == 0) included_at_ = Line(pos_);
      ++depth_;
      entered_.push_back(
          {Unescaped(marker.substr(open + 1, close - open - 1)), included_at_});
    } else if (flags.find('2') != flags.npos && depth_ > 0) {
      --depth_;
    }
    if (depth_ == 0) {
      int number = 0;
      for (char c : marker.substr(2, 8)) {
        if (!std::isdigit(static_cast<unsigned char>(c))) break;
        number = number * 10 + (c - '0');
      }
      line_ = number - 1;
      counted_ = pos_;
    }
    pos_ = end;
    return true;
  }

  void EndDirective() {
    if (in_directive_)
      tokens_.push_back({Token::kEnd, "", tokens_.back().line});
    in_directive_ = false;
  }

  void Step() {
    std::size_t at = pos_;
    char c = At();
    if (c == '\n') {
      if (in_directive_) tokens_.push_back({Token::kEnd, "", Line(pos_)});
      in_directive_ = false;
      fresh_line_ = true;
      ++pos_;
    } else if (fresh_line_ && Marker()) {
      return;
    } else if (depth_ > 0) {
      pos_ = std::min(text_.find("\n# ", pos_), text_.size());
    } else if (std::isspace(static_cast<unsigned char>(c))) {
      ++pos_;
    } else if (Has("//")) {
      while (pos_ < text_.size() && At() != '\n') ++pos_;
    } else if (Has("/*")) {
      std::size_t end = text_.find("*/", pos_ + 2);
      pos_ = end == std::string::npos ? text_.size() : end + 2;
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
      Emit(Token::kNumber, std::string(text_.substr(at, pos_ - at)), at);
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
      Emit(Token::kOther, paste ? "##" : std::string(text_.substr(at, n)), at);
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
    std::string name(text_.substr(at, pos_ - at));
    bool prefix = name == "R" || name == "u8R" || name == "uR" ||
                  name == "UR" || name == "LR";
    if (prefix && At() == '"') return Raw(at);
    prefix = name == "u8" || name == "u" || name == "U" || name == "L";
    if (prefix && At() == '"') return Quoted('"', Token::kString);
    if (prefix && At() == '\'') return Quoted('\'', Token::kCharacter);
    Emit(Token::kName, std::move(name), at);
  }

  // In a raw string a backslash at the end of a line is no splice, so its end
  // is looked for in the text as it was.
  void Raw(std::size_t at) {
    const std::size_t quote = preprocessed_ ? pos_ : s_.offset[pos_];
    const std::size_t open = std::min(in_.find('(', quote), in_.size());
    const std::string close =
        ")" +
        std::string(in_.substr(quote + 1, open - std::min(open, quote + 1))) +
        "\"";
    const std::size_t from = std::min(open + 1, in_.size());
    const std::size_t end = in_.find(close, from);
    Emit(Token::kString,
         std::string(in_.substr(from, std::min(end, in_.size()) - from)), at);
    const std::size_t behind =
        end == in_.npos ? in_.size() : end + close.size();
    pos_ = behind;
    if (preprocessed_) return;
    pos_ = static_cast<std::size_t>(
        std::lower_bound(s_.offset.begin(), s_.offset.end(), behind) -
        s_.offset.begin());
  }

  void Quoted(char quote, Token::Kind kind) {
    std::size_t at = pos_++;
    while (pos_ < text_.size() && At() != quote && At() != '\n')
      pos_ += At() == '\\' && pos_ + 1 < text_.size() ? 2 : 1;
    std::size_t end = std::min(pos_, text_.size());
    std::string text(text_.substr(at + 1, end - at - 1));
    Emit(kind, preprocessed_ ? Unescaped(text) : std::move(text), at);
    pos_ = end;
    if (At() == quote) ++pos_;
  }

  void Header(char close) {
    std::size_t at = pos_++;
    while (pos_ < text_.size() && At() != close && At() != '\n') ++pos_;
    if (At() == close) ++pos_;
    Emit(Token::kHeader, std::string(text_.substr(at, pos_ - at)), at);
  }

  const std::string_view in_;
  const bool preprocessed_;
  Spliced s_;
  std::string_view text_;  // what is read
  std::string code_;
  std::size_t pos_ = 0;
  bool fresh_line_ = true;
  bool in_directive_ = false;
  bool after_include_ = false;
  std::vector<Token> tokens_;

  // Of preprocessed text: how deep in included files, the first file's own
  // line, and where that file went into the others.
  int depth_ = 0;
  int line_ = 1;             // of the character at
  std::size_t counted_ = 0;  // this position
  int included_at_ = 0;
  std::vector<Entered> entered_;
};

}  // namespace

std::vector<Token> Lex(std::string_view text) {
  return Lexer(text, /*preprocessed=*/false).tokens();
}

std::vector<Token> OwnTokens(std::string_view preprocessed,
                             std::vector<Entered>* entered) {
  Lexer lexer(preprocessed, /*preprocessed=*/true);
  if (entered != nullptr) *entered = std::move(lexer).entered();
  std::vector<Token> tokens;
  for (Token& t : std::move(lexer).tokens()) {
    if (t.kind == Token::kString && !tokens.empty() &&
        tokens.back().kind == Token::kString) {
      tokens.back().text += t.text;
    } else {
      tokens.push_back(std::move(t));
    }
  }
  return tokens;
}

std::string WithoutComments(std::string_view text) {
  return Lexer(text, /*preprocessed=*/false).code();
}

}  // namespace mn::tools
