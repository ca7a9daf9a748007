#include "runtime/benchmarks/comparison/stats.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_format.h"

namespace mn::bench {

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

Comparison Compare(const std::vector<double>& ours,
                   const std::vector<double>& other) {
  Comparison c{Median(ours), Median(other), 0, 0, 0};
  c.ratio = c.ours / c.other;
  for (std::size_t i = 0; i < ours.size(); i++) {
    double ratio = ours[i] / other[i];
    c.lowest = i == 0 ? ratio : std::min(c.lowest, ratio);
    c.highest = i == 0 ? ratio : std::max(c.highest, ratio);
  }
  return c;
}

std::string Verdict(const Comparison& c, std::optional<double> goal) {
  std::string text = c.highest < 1 ? "ahead" : c.lowest > 1 ? "behind" : "even";
  if (!goal.has_value()) return text;
  const bool holds = c.ratio <= *goal;
  const bool barely = c.lowest <= *goal && c.highest > *goal;
  absl::StrAppendFormat(&text, "; goal %.2f %s%s", *goal,
                        barely ? "barely " : "", holds ? "holds" : "missed");
  return text;
}

}  // namespace mn::bench
