// The lint of claims.bzl and LEDGER.md: nothing is claimed without a test, and
// nothing is tested without a claim.
#include "conformance/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/testing/process.h"

namespace mn::conformance {
namespace {

using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::MatchesRegex;

const Manifest& TheManifest() {
  static const auto* manifest = new Manifest(LoadManifest("claims_test"));
  return *manifest;
}

// The names of the TESTs in every test executable.
const std::map<std::string, std::set<std::string>>& TestsByTarget() {
  static const auto* all = [] {
    auto* tests = new std::map<std::string, std::set<std::string>>;
    for (const std::string& target : TheManifest().tests) {
      const auto r = test::RunProcess(
          {TheManifest().Executable(target), "--gtest_list_tests"});
      EXPECT_TRUE(test::Exited(r, 0)) << target;
      // Suite.
      //   Name
      std::istringstream lines(r.out);
      std::string suite;
      for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("  ")) {
          (*tests)[target].insert(suite + line.substr(2));
        } else {
          suite = line;
        }
      }
    }
    return tests;
  }();
  return *all;
}

TEST(Claims, EveryClaimIsWellFormed) {
  std::set<std::string> ids;
  for (const Claim& c : TheManifest().claims) {
    EXPECT_TRUE(ids.insert(c.id).second) << "two claims are called " << c.id;
    EXPECT_THAT(c.id, MatchesRegex("[a-z_]+\\.[a-z0-9_]+"));
    EXPECT_EQ(TheManifest().sections.count(c.section), 1u)
        << c.id << ": section " << c.section << " is not in SECTIONS";
    EXPECT_FALSE(c.source.empty()) << c.id << " needs a source";
    EXPECT_THAT(c.says, EndsWith(".")) << c.id << ": one whole sentence";
    EXPECT_THAT(c.profile, AnyOf("both", "document", "go")) << c.id;
  }
}

TEST(Claims, EveryClaimsTestExists) {
  for (const Claim& c : TheManifest().claims) {
    const auto target = TestsByTarget().find(c.test);
    if (target == TestsByTarget().end()) {
      ADD_FAILURE() << c.id << ": there is no test //conformance:" << c.test;
      continue;
    }
    EXPECT_EQ(target->second.count(c.name), 1u)
        << c.id << ": conformance/" << c.test << ".cc has no TEST " << c.name;
  }
}

TEST(Claims, EveryTestBelongsToAClaim) {
  for (const auto& [target, names] : TestsByTarget()) {
    for (const std::string& name : names) {
      EXPECT_TRUE(std::any_of(TheManifest().claims.begin(),
                              TheManifest().claims.end(),
                              [&, &target = target](const Claim& c) {
                                return c.test == target && c.name == name;
                              }))
          << "conformance/" << target << ".cc: no claim in claims.bzl has "
          << "\"name\": \"" << name << "\"";
    }
  }
}

// A row of the ledger: | the document says | Go does | we do | measured |
TEST(Claims, LedgerHasFourColumnsAndNamesClaims) {
  std::set<std::string> ids;
  for (const Claim& c : TheManifest().claims) ids.insert(c.id);
  std::ifstream ledger(TheManifest().root + "/conformance/LEDGER.md");
  int rows = 0;
  for (std::string line; std::getline(ledger, line);) {
    if (!line.starts_with("| ") || line.starts_with("| the document says")) {
      continue;
    }
    rows++;
    EXPECT_EQ(std::count(line.begin(), line.end(), '|'), 5) << line;
    // The last column starts with the claim: | `queue.spawn_order` ... |
    const size_t column = line.rfind("| `");
    ASSERT_NE(column, std::string::npos) << "no claim is named: " << line;
    const size_t start = column + 3;
    const std::string id = line.substr(start, line.find('`', start) - start);
    EXPECT_EQ(ids.count(id), 1u) << "claims.bzl has no claim " << id;
  }
  EXPECT_GT(rows, 0) << "conformance/LEDGER.md was not read";
}

}  // namespace
}  // namespace mn::conformance
