#include "conformance/claim.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace mn::conformance {
namespace {

// Made by the first CLAIM, whichever static initialiser that is.
std::vector<Claim>& Registered() {
  static auto* claims = new std::vector<Claim>;
  return *claims;
}

}  // namespace

bool IsSection(int number) {
  return std::any_of(std::begin(kSections), std::end(kSections),
                     [&](const Section& s) { return s.number == number; });
}

const std::vector<Claim>& ClaimsOfThisProgram() { return Registered(); }

namespace internal {

bool RegisterClaim(std::string name, Claim claim) {
  claim.name = std::move(name);
  Registered().push_back(std::move(claim));
  return true;
}

}  // namespace internal
}  // namespace mn::conformance
