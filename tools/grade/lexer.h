// C++ text as tokens, well enough to search it: what is in a comment does not
// count, what is in a string literal is a string, and a name is found however
// its line is broken.
//
// Not a preprocessor: a macro can still spell anything (scan.h flags the ways
// in which one hides a name). Any input gives some list of tokens; nothing
// fails.
//
// Handles: spliced lines (backslash-newline), digraphs for '#', raw strings,
// character literals, digit separators (1'000 opens no character literal).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mn::grade {

struct Token {
  enum Kind {
    kName,  // identifier or keyword
    kNumber,
    kString,     // text without quotes and prefix, escapes as written
    kCharacter,  // likewise
    kHeader,     // #include <this> or "this", with its delimiters
    kHash,       // '#' that opens a directive
    kEnd,        // end of a directive's line
    kOther,      // one character, except "::" and "##", which stay whole
  } kind;
  std::string text;
  int line;  // where it begins
};

// Pure; thread-safe.
std::vector<Token> Lex(std::string_view text);

}  // namespace mn::grade
