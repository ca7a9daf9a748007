// The claims manifest, read back from the JSON that claims.bzl is exported to.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace mn::conformance {

// The fields are explained at the top of claims.bzl.
struct Claim {
  std::string id;
  int section = 0;
  std::string source;
  std::string says;
  std::string profile;
  std::string test;
  std::string name;
};

struct Manifest {
  std::map<int, std::string> sections;  // number -> title
  std::vector<Claim> claims;            // in the manifest's order
  std::vector<std::string> tests;       // every test target of //conformance
  std::string root;                     // the directory that holds them

  // The test executable of //conformance:`test`.
  std::string Executable(const std::string& test) const;
};

// Reads the manifest beside the executable argv[0] or in the working directory
// (where `bazel run` and `bazel test` start). A missing or broken one ends the
// process with a message.
Manifest LoadManifest(const char* argv0);

}  // namespace mn::conformance
