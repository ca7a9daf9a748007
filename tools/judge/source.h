// What can be said about a learner's file without running it.
#pragma once

#include <string>
#include <string_view>

#include "tools/common/forbidden.h"

namespace mn::judge {

// As the grader reads it.
using tools::FindForbidden;
using tools::ForbiddenUse;

// True if the two texts differ in whitespace and comments only.
bool SameCode(std::string_view a, std::string_view b);

// True if it is a regular expression that FindForbidden understands.
bool IsPattern(const std::string& pattern);

// "" if the file cannot be read.
std::string ReadFile(const std::string& path);

}  // namespace mn::judge
