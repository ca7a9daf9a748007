#include "conformance/suite.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <system_error>

#include "conformance/claim_json.h"
#include "runtime/testing/process.h"

namespace mn::conformance {
namespace {

namespace fs = std::filesystem;

// The AREA/WHAT_test in `directory`. Runfiles hold what BUILD's glob found, and
// the source tree holds no executable.
std::vector<std::string> FindTests(const fs::path& directory) {
  std::vector<std::string> tests;
  std::error_code none;  // no such directory: no tests
  for (const auto& area : fs::directory_iterator(directory, none)) {
    if (!area.is_directory()) continue;
    for (const auto& file : fs::directory_iterator(area)) {
      if (!file.path().string().ends_with("_test")) continue;
      tests.push_back(area.path().filename() / file.path().filename());
    }
  }
  std::sort(tests.begin(), tests.end());  // the file system has no order
  return tests;
}

std::vector<Claim> AskTest(const std::string& executable) {
  const test::ProcessResult r = test::RunProcess({executable, "--claims"});
  try {
    return nlohmann::json::parse(r.out).get<std::vector<Claim>>();
  } catch (const std::exception& e) {
    fprintf(stderr, "%s --claims: %s\n%s\n", executable.c_str(), e.what(),
            r.Describe().c_str());
    exit(1);
  }
}

}  // namespace

std::string Suite::Executable(const std::string& test) const {
  return root + "/conformance/" + test;
}

Suite AskSuite(const char* argv0) {
  Suite suite;
  const std::string runfiles = std::string(argv0) + ".runfiles/";
  for (const std::string& root :
       {std::string("."), runfiles + "mn", runfiles + "_main"}) {
    suite.root = root;
    suite.tests = FindTests(root + "/conformance");
    if (!suite.tests.empty()) break;
  }
  if (suite.tests.empty()) {
    fprintf(stderr,
            "no conformance test is in the runfiles of %s: run it as "
            "`bazel run //conformance:report`\n",
            argv0);
    exit(1);
  }
  for (const std::string& test : suite.tests) {
    for (Claim& claim : AskTest(suite.Executable(test))) {
      claim.test = test;
      suite.claims.push_back(std::move(claim));
    }
  }
  return suite;
}

}  // namespace mn::conformance
