// All claims of //conformance, asked of the test programs that make them.
#pragma once

#include <string>
#include <vector>

#include "conformance/claim.h"

namespace mn::conformance {

struct Suite {
  // The directory with conformance/ in it.
  std::string root;
  // Every test target of //conformance, AREA/WHAT_test, by name.
  std::vector<std::string> tests;
  // By test, and those of a test in the order of its source.
  std::vector<Claim> claims;

  // The executable of //conformance:`test`.
  std::string Executable(const std::string& test) const;
};

// Finds the test programs in the working directory (where `bazel run` and
// `bazel test` start) or in the runfiles of argv[0], and asks each for its
// claims. If there are none, or one gives no answer, the process ends with a
// message.
Suite AskSuite(const char* argv0);

}  // namespace mn::conformance
