// C++ text as tokens, well enough to search it: what is in a comment does not
// count, what is in a string literal is a string, and a name is found however
// its line is broken.
//
// Lex reads a file as it was written. It is no preprocessor: what stands in
// #if 0 is code, and a macro can spell anything. So it decides no points. Who
// decides reads what the compiler's own preprocessor made of the file, through
// OwnTokens (own_code.h says why).
//
// Any input gives some list of tokens. Nothing fails. Handles: spliced lines
// (backslash-newline) outside raw strings, digraphs for '#', character
// literals, digit separators (1'000 opens no character literal).
//
// Pure functions; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mn::tools {

struct Token {
  enum Kind {
    kName,  // identifier or keyword
    kNumber,
    kString,     // text without quotes and prefix
    kCharacter,  // likewise
    kHeader,     // #include <this> or "this", with its delimiters
    kHash,       // '#' that opens a directive
    kEnd,        // end of a directive's line
    kOther,      // one character, except "::" and "##", which stay whole
  } kind;
  std::string text;
  int line;  // where it begins

  bool IsLiteral() const { return kind == kString || kind == kCharacter; }
};

// Escapes in literals stay as they were written.
std::vector<Token> Lex(std::string_view text);

// A file that was entered on the way, and the line of the first file whose
// #include led there.
struct Entered {
  std::string path;
  int line;
};

// The tokens that the first file of `preprocessed`, the output of gcc -E or
// clang -E, has itself: what it includes is left out. Lines are the first
// file's. Escapes in strings are decoded, and neighbouring strings are one.
// `entered` (may be null) gets all files that were included, however deep.
std::vector<Token> OwnTokens(std::string_view preprocessed,
                             std::vector<Entered>* entered = nullptr);

// The text with comments and the contents of string and character literals
// blanked out. Every byte that is left stands where it stood.
std::string WithoutComments(std::string_view text);

}  // namespace mn::tools
