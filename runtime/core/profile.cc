#include "runtime/core/profile.h"

#include <cstdlib>
#include <string_view>

#include "runtime/core/fatal.h"

namespace mn {

namespace {

Profile Choose() {
  const char* env = std::getenv("MN_PROFILE");
  const std::string_view name = env == nullptr ? MN_DEFAULT_PROFILE : env;
  if (name == "document") return Profile::kDocument;
  if (name == "go") return Profile::kGo;
  Throw("MN_PROFILE is neither `document` nor `go`", "bad environment");
}

}  // namespace

Profile CurrentProfile() {
  static const Profile profile = Choose();
  return profile;
}

}  // namespace mn
