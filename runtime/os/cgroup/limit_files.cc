#include "runtime/os/cgroup/limit_files.h"

#include <charconv>

namespace mn::cgroup {
namespace {

std::optional<std::int64_t> ParseInt(std::string_view text) {
  std::int64_t n = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, n);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return n;
}

Quota Ratio(std::optional<std::int64_t> quota,
            std::optional<std::int64_t> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return {};  // CGF-4
  return {Outcome::kFound,
          static_cast<double>(*quota) / static_cast<double>(*period)};
}

}  // namespace

std::optional<std::int64_t> ParseV1Number(std::string_view text) {
  const auto line = Cut(text, '\n');  // CGF-5
  return line ? ParseInt(*line) : std::nullopt;
}

Quota ParseV1Limit(std::string_view quota, std::string_view period) {
  const auto us = ParseV1Number(quota);
  if (us && *us < 0) return {Outcome::kNone};
  return Ratio(us, ParseV1Number(period));
}

Quota ParseV2Limit(std::string_view text) {
  const auto quota = Cut(text, ' ');
  if (!quota) return {};
  const auto period = ParseV1Number(text);
  if (*quota == "max" && period) return {Outcome::kNone};
  return Ratio(ParseInt(*quota), period);
}

}  // namespace mn::cgroup
