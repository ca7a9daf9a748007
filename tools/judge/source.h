// What can be said about a learner's file without running it.
#pragma once

#include <string>
#include <vector>

#include "tools/common/course.h"

namespace mn::judge {

// The text with every comment and string literal blanked out (line structure
// kept), so that a word in a comment is not taken for code.
std::string WithoutComments(const std::string& text);

// True if the two texts differ in whitespace and comments only.
bool SameCode(const std::string& a, const std::string& b);

struct ForbiddenUse {
  int line = 0;
  std::string text;  // the line, trimmed
  const tools::Forbidden* rule = nullptr;
};

// Every use of a forbidden pattern outside comments, in order.
std::vector<ForbiddenUse> FindForbidden(
    const std::string& text, const std::vector<tools::Forbidden>& rules);

// True if it is a regular expression that FindForbidden understands.
bool IsPattern(const std::string& pattern);

// "" if the file cannot be read.
std::string ReadFile(const std::string& path);

}  // namespace mn::judge
