// The initial number of Ps.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace mn {

// `env` is the value of $GOMAXPROCS or null. A decimal 32-bit number > 0, with
// an optional plus sign and leading zeros, is taken as it is; anything else is
// ignored, as Go does, and `ncpu` stands.
inline std::int32_t InitialGomaxprocs(const char* env, std::int32_t ncpu) {
  if (env == nullptr) return ncpu;
  std::string_view text(env);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return ncpu;
  }
  std::int32_t n = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), n);
  const bool whole = end == text.data() + text.size();
  return error == std::errc{} && whole && n > 0 ? n : ncpu;
}

}  // namespace mn
