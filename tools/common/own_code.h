// What the compiler made of a learner's file: the one view of it that the
// judge's rules and the grader's look share.
//
// Why it is hard: rules about text take points, and each way in which their
// reader differs from the compiler is unfair (a name in #if 0, in a comment of
// an asm, a header that is included and not used) or a hiding place (a carriage
// return that ends a line, a raw string that undoes a splice, a macro). So
// nothing is decided by a reader of our own. The build compiles the learner's
// file once more, up to the preprocessor (NAME.ii), and lists the object file's
// symbols (NAME.symbols, nm -C). What is looked at is
//   tokens   after the preprocessor, of the file itself and not of what it
//            includes. For names of std:: that leave no symbol
//   symbols  that the object file wants from elsewhere. For functions: a call
//            of the real exit() is one, a helper called exit is none, and no
//            spelling hides it
//
// A main of the learner's own, a little test, is renamed by the build, never
// called, and not looked at. Its symbols cannot be told from the rest, so they
// count for nobody's points then. A main that something else mentions is
// ordinary code.
//
// Rejected: a lexer of our own on the file as written (see above: a list of
// faults that does not end); libclang (as exact as the preprocessor, for a
// dependency larger than the tools); the compiler at judging time (flags and
// headers are the build's to know); symbols alone (std::vector and atomic_flag
// leave none of their own).
//
// What gets past: a line marker ("# 1 "x" 1") in the file itself, which the
// grader flags (scan.h); a function by address, found in memory. The judge
// measures as well, and a person looks.
//
// Pure functions; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/common/lexer.h"

namespace mn::tools {

// What the build calls a learner's main; see exercise.bzl.
inline constexpr std::string_view kOwnMain = "mn_learners_own_main";

struct OwnCode {
  std::vector<Token> tokens;
  std::vector<std::string> symbols;  // demangled: "exit", "operator new(…)"
  std::vector<Entered> entered;      // files that it includes, however deep
  bool own_main = false;             // it has one, and nothing calls it
};

// From the texts of NAME.ii and NAME.symbols.
OwnCode ReadOwnCode(std::string_view preprocessed, std::string_view symbols);

}  // namespace mn::tools
