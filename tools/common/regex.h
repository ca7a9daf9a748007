// <regex>, without a false warning. With -fsanitize=address gcc 12 takes a part
// of std::regex for uninitialised wherever a regular expression is compiled, so
// the warning is off for the whole file that includes this.
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <regex>  // IWYU pragma: export
