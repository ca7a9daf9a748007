// The manifest's forbidden patterns, searched for in a learner's code.
//
// The judge and the grader both search here, so that a pattern means the same
// for both. A pattern sees statements: the tokens up to ; { } or the end of a
// directive, without literals, with a blank only between two words. So
// `std :: mutex` is std::mutex, however its lines are broken. A symbol that the
// object file wants from elsewhere is a statement too: "::usleep". So
// "^::usleep$" is the call of the real usleep, by whatever name, and not that
// of a helper called so. Names of std:: that leave no such symbol are looked
// for with their std::, since std::deque is one thing and `deque` many.
//
// Pure functions; thread-safe.
#pragma once

#include <string>
#include <vector>

#include "tools/common/course.h"
#include "tools/common/own_code.h"

namespace mn::tools {

struct ForbiddenUse {
  int line = 0;       // where the match begins; 0: nobody can tell
  std::string text;   // its statement
  std::string match;  // what the pattern matched
  const Forbidden* rule = nullptr;
};

// The uses of forbidden patterns by their lines, at most one for each line and
// rule. A rule whose pattern has a PatternError finds nothing. Needs a stack of
// a megabyte: std::regex recurses (see Go's stack_size).
std::vector<ForbiddenUse> FindForbidden(const OwnCode& code,
                                        const std::vector<Forbidden>& rules);

// What is wrong with a regular expression; "" if nothing is.
std::string PatternError(const std::string& pattern);

}  // namespace mn::tools
