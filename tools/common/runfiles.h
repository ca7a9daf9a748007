// Files that this program was built with (its data dependencies).
#pragma once

#include <string>
#include <string_view>

namespace mn::tools {

// Where the data dependency "course.json" is, wherever the program was started
// from: beside the executable, or where a test's environment says. Empty if it
// is in neither place.
std::string FindRunfile(std::string_view path);

}  // namespace mn::tools
