#include "conformance/claims.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace mn::conformance {

std::string Manifest::Executable(const std::string& test) const {
  return root + "/conformance/" + test;
}

Manifest LoadManifest(const char* argv0) {
  Manifest m;
  const std::string runfiles = std::string(argv0) + ".runfiles/";
  std::string file;
  for (const std::string& root :
       {std::string("."), runfiles + "mn", runfiles + "_main"}) {
    file = root + "/conformance/claims.json";
    if (access(file.c_str(), R_OK) == 0) {
      m.root = root;
      break;
    }
  }
  if (m.root.empty()) {
    fprintf(stderr,
            "conformance/claims.json is not in the runfiles of %s: run it as "
            "`bazel run //conformance:report`\n",
            argv0);
    exit(1);
  }
  try {
    const auto json = nlohmann::json::parse(std::ifstream(file));
    for (const auto& [number, title] : json.at("sections").items()) {
      m.sections[std::stoi(number)] = title;
    }
    for (const auto& c : json.at("claims")) {
      m.claims.push_back({c.at("id"), c.at("section"), c.at("source"),
                          c.at("says"), c.at("profile"), c.at("test"),
                          c.at("name")});
    }
    json.at("tests").get_to(m.tests);
  } catch (const std::exception& e) {
    fprintf(stderr, "%s: %s\n  fix conformance/claims.bzl\n", file.c_str(),
            e.what());
    exit(1);
  }
  return m;
}

}  // namespace mn::conformance
