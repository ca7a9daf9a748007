// The number of Ps at the start of a program.
//
// A pure function, so that the tests need no environment.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace mn {

// Returns the number of Ps to start with. `env` is the value of $GOMAXPROCS, or
// null. `ncpu` is the number to take without the variable.
// A decimal 32-bit number above 0 is taken as written. A plus sign and leading
// zeros are allowed. Anything else is ignored, as in Go, and `ncpu` stands.
// Callable from any thread. Does not park.
// Mirrors: the reading of GOMAXPROCS in runtime.schedinit.
inline std::int32_t InitialGomaxprocs(const char* env, std::int32_t ncpu) {
  if (env == nullptr) return ncpu;
  std::string_view text(env);
  if (text.starts_with('+')) {
    // from_chars takes a minus sign and no plus sign. "+-4" must not pass.
    text.remove_prefix(1);
    if (text.starts_with('-')) return ncpu;
  }
  std::int32_t n = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), n);
  // "4x" is no number, although from_chars reads the 4.
  const bool whole = end == text.data() + text.size();
  return error == std::errc{} && whole && n > 0 ? n : ncpu;
}

}  // namespace mn
