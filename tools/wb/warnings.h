// The compiler's warnings in the log of a build that succeeded.
#pragma once

#include <string>
#include <string_view>

namespace mn::wb {

// Each warning with its lines, once, although a file is compiled several times
// (for the driver, the explorer, the program). Empty: there are none.
std::string WarningsOf(std::string_view log);

}  // namespace mn::wb
