// GODEBUG, the environment variable with switches for debugging.
//
// Its form is Go's, a list of NAME=VALUE with commas between. The last value of
// a name wins. Unknown names are ignored, as in Go.
#pragma once

#include <cstdint>
#include <string_view>

namespace mn {

// Returns the value of `name` in $GODEBUG, and an empty view if the name is not
// there. The view points into the environment and is valid until somebody
// changes the environment. Any thread. Allocates nothing.
std::string_view Godebug(std::string_view name);

// Returns the number that `name` is set to. Returns `otherwise` if the name is
// not set or its value is no decimal number. Any thread.
long GodebugNumber(std::string_view name, long otherwise);

// Reads the value of `name` as a count of `unit` nanoseconds and returns
// nanoseconds. Returns `otherwise` as GodebugNumber does. Any thread.
// REQUIRES: unit > 0.
// The result is at most 73 years either way, so that a sum of it and the clock
// does not overflow.
std::int64_t GodebugNs(std::string_view name, std::int64_t unit,
                       std::int64_t otherwise);

}  // namespace mn
