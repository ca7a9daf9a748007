// C++ text as tokens, well enough to search it: what is in a comment does not
// count, what is in a string literal is a string, and a name is found however
// its line is broken.
//
// The judge and the grader read a learner's file through this lexer, so that
// both see the same code.
//
// Not a preprocessor: a macro can still spell anything (tools/grade/scan.h
// flags the ways in which a macro hides a name), and what stands in #if 0 is
// code. Any input gives some list of tokens. Nothing fails.
//
// Handles: spliced lines (backslash-newline), digraphs for '#', raw strings,
// character literals, digit separators (1'000 opens no character literal).
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
    kString,     // text without quotes and prefix, escapes as written
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

std::vector<Token> Lex(std::string_view text);

// The text with comments and the contents of string and character literals
// blanked out. Every byte that is left stands where it stood.
std::string WithoutComments(std::string_view text);

}  // namespace mn::tools
