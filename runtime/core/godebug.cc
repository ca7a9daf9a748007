#include "runtime/core/godebug.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <cstdint>
#include <cstdlib>

namespace mn {

std::string_view Godebug(std::string_view name) {
  // Read anew at each call. A cache would need a lock, and calls are rare.
  const char* env = std::getenv("GODEBUG");
  std::string_view rest = env == nullptr ? "" : env;
  std::string_view value;
  // Cut at commas, without a copy, so that nothing is allocated.
  // An empty setting, as in `a=1,,b=2`, has no name and does no harm.
  while (!rest.empty()) {
    // Without a comma this is npos, and the setting is all the rest.
    const std::size_t comma = rest.find(',');
    const std::string_view setting = rest.substr(0, comma);
    rest = comma == rest.npos ? "" : rest.substr(comma + 1);
    const std::size_t equals = setting.find('=');
    // No break, because the last value of a name wins.
    if (equals != setting.npos && setting.substr(0, equals) == name) {
      value = setting.substr(equals + 1);
    }
  }
  return value;
}

long GodebugNumber(std::string_view name, long otherwise) {
  const std::string_view text = Godebug(name);
  long n = 0;
  // from_chars knows no locale, sets no errno and reports an overflow.
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), n);
  // `5ms` is no number, rather than 5.
  const bool whole = !text.empty() && end == text.data() + text.size();
  return error == std::errc{} && whole ? n : otherwise;
}

std::int64_t GodebugNs(std::string_view name, std::int64_t unit,
                       std::int64_t otherwise) {
  // A quarter of the range, so that a clock and such a number can be added.
  constexpr std::int64_t kMost = INT64_MAX / 4;
  constexpr long kNone = LONG_MIN;
  // Tells a name that is not set from every number that a user may want.
  const long n = GodebugNumber(name, kNone);
  if (n == kNone) return otherwise;
  // Clamped before the multiplication, which could overflow.
  return std::clamp<std::int64_t>(n, -kMost / unit, kMost / unit) * unit;
}

}  // namespace mn
