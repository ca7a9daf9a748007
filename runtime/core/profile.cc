#include "runtime/core/profile.h"

#include <cstdlib>
#include <string_view>

#include "runtime/core/fatal.h"

namespace mn {

namespace {

// The environment goes first, so that a program can be tested in both profiles.
Profile Choose() {
  const char* env = std::getenv("MN_PROFILE");
  const std::string_view name = env == nullptr ? MN_DEFAULT_PROFILE : env;
  if (name == "document") return Profile::kDocument;
  if (name == "go") return Profile::kGo;
  // Fatal, because a wrong name would silently test the wrong profile.
  Throw("MN_PROFILE is neither `document` nor `go`", "bad environment");
}

}  // namespace

Profile CurrentProfile() {
  // Static, so that a later setenv does not change what is chosen already.
  static const Profile profile = Choose();
  return profile;
}

}  // namespace mn
