// The command line before Abseil sees it.
//
// Why: of a flag given twice Abseil takes the last, and `--lesson 04 --lesson
// 05` means both; of a flag it does not know it exits with 1, which here would
// mean nothing, where 64 means wrong usage.
#pragma once

#include <string>
#include <vector>

namespace mn::grade {

// Merges repeated --lesson flags into one with commas. Returns "" or a sentence
// about a flag that does not exist. args[0] is the program.
std::string PrepareArguments(std::vector<std::string>* args);

}  // namespace mn::grade
