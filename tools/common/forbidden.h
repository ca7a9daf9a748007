// The manifest's forbidden patterns, searched for in a learner's file.
//
// The judge and the grader both search here, so that a pattern means the same
// for both. A pattern sees statements, without comments and literals: the
// tokens up to ; { } or the end of a directive, with a blank only between two
// words. So `std :: mutex` is std::mutex, however its lines are broken.
//
// Pure functions; thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/common/course.h"

namespace mn::tools {

struct ForbiddenUse {
  int line = 0;       // where the match begins
  std::string text;   // that line, trimmed, without comments
  std::string match;  // what the pattern matched
  const Forbidden* rule = nullptr;
};

// The uses of forbidden patterns by their lines, at most one for each line and
// rule. A rule whose pattern has a PatternError finds nothing. Needs a stack of
// a megabyte: std::regex recurses (see Go's stack_size).
std::vector<ForbiddenUse> FindForbidden(std::string_view text,
                                        const std::vector<Forbidden>& rules);

// What is wrong with a regular expression; "" if nothing is.
std::string PatternError(const std::string& pattern);

}  // namespace mn::tools
