// GODEBUG: switches for debugging, spelled as Go's: comma-separated NAME=VALUE,
// the last of a name wins. Unknown names are ignored, as Go does.
#pragma once

#include <cstdint>
#include <string_view>

namespace mn {

// The value of `name` in $GODEBUG, empty if it is not there. Valid for as long
// as the environment is not changed. Any thread.
std::string_view Godebug(std::string_view name);

// The number that `name` is set to; `otherwise` if it is not set or no decimal
// number.
long GodebugNumber(std::string_view name, long otherwise);

// As a number of `unit` nanoseconds, in nanoseconds: 73 years at most, so that
// deadlines can be made of it.
std::int64_t GodebugNs(std::string_view name, std::int64_t unit,
                       std::int64_t otherwise);

}  // namespace mn
