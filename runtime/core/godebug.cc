#include "runtime/core/godebug.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <cstdint>
#include <cstdlib>

namespace mn {

std::string_view Godebug(std::string_view name) {
  const char* env = std::getenv("GODEBUG");
  std::string_view rest = env == nullptr ? "" : env;
  std::string_view value;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view setting = rest.substr(0, comma);
    rest = comma == rest.npos ? "" : rest.substr(comma + 1);
    const std::size_t equals = setting.find('=');
    if (equals != setting.npos && setting.substr(0, equals) == name) {
      value = setting.substr(equals + 1);
    }
  }
  return value;
}

long GodebugNumber(std::string_view name, long otherwise) {
  const std::string_view text = Godebug(name);
  long n = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), n);
  const bool whole = !text.empty() && end == text.data() + text.size();
  return error == std::errc{} && whole ? n : otherwise;
}

std::int64_t GodebugNs(std::string_view name, std::int64_t unit,
                       std::int64_t otherwise) {
  constexpr std::int64_t kMost = INT64_MAX / 4;
  constexpr long kNone = LONG_MIN;
  const long n = GodebugNumber(name, kNone);
  if (n == kNone) return otherwise;
  return std::clamp<std::int64_t>(n, -kMost / unit, kMost / unit) * unit;
}

}  // namespace mn
