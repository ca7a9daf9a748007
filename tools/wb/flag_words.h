// Looks at the flags before Abseil does, which knows --flagfile and twenty
// others that a learner never meant, and ends with a line that names no remedy.
#pragma once

#include <string>
#include <vector>

namespace mn::wb {

// -h, -help or --help, wherever it stands before a "--".
bool AsksForHelp(const std::vector<std::string>& args);

// What is wrong with the first flag that wb does not have; empty if none is.
// `help` is how to ask for help.
std::string UnknownFlag(const std::vector<std::string>& args,
                        const std::string& help);

}  // namespace mn::wb
