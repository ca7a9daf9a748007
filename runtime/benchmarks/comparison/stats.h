// The arithmetic of a comparison: medians, ratios, and when they mean
// something.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mn::bench {

// REQUIRES: values is not empty.
double Median(std::vector<double> values);

// Two programs that were run in turn: ours[i] and other[i] were neighbours in
// time, so whatever disturbed one probably disturbed both.
struct Comparison {
  double ours;    // median
  double other;   // median
  double ratio;   // ours / other; below 1 we are ahead
  double lowest;  // ratio of the pair that is best for us
  double highest;
};

// REQUIRES: both have the same size, at least 1; no element of `other` is 0.
Comparison Compare(const std::vector<double>& ours,
                   const std::vector<double>& other);

// What the table says about it. `goal` is the largest ratio that is aimed at.
//   ahead / behind   every single pair says so
//   even             some pairs say ahead, others behind
//   goal 0.60 holds / goal 0.60 missed; "barely" if not every pair agrees
std::string Verdict(const Comparison& c, std::optional<double> goal);

}  // namespace mn::bench
