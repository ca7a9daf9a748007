// The lint of the claims and of LEDGER.md: nothing is claimed without a test,
// and nothing is tested without a claim.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "conformance/claim.h"
#include "conformance/suite.h"
#include "runtime/testing/process.h"

namespace mn::conformance {
namespace {

using ::testing::ContainerEq;
using ::testing::EndsWith;
using ::testing::MatchesRegex;

const Suite& TheSuite() {
  static const auto* suite = new Suite(AskSuite("claims_test"));
  return *suite;
}

// Every TEST of the target, as GoogleTest lists them: CLAIMs and others.
std::set<std::string> TestsOf(const std::string& target) {
  const auto r =
      test::RunProcess({TheSuite().Executable(target), "--gtest_list_tests"});
  EXPECT_TRUE(test::Exited(r, 0)) << target;
  // Suite.
  //   Name
  std::set<std::string> tests;
  std::istringstream lines(r.out);
  std::string suite;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) {
      tests.insert(suite + line.substr(2));
    } else {
      suite = line;
    }
  }
  return tests;
}

std::set<std::string> ClaimsOf(const std::string& target) {
  std::set<std::string> names;
  for (const Claim& c : TheSuite().claims) {
    if (c.test == target) names.insert(c.name);
  }
  return names;
}

TEST(Claims, EveryClaimIsWellFormed) {
  std::set<std::string> ids;
  for (const Claim& c : TheSuite().claims) {
    EXPECT_TRUE(ids.insert(c.id).second)
        << c.name << ": another claim is called " << c.id;
    EXPECT_THAT(c.id, MatchesRegex("[a-z_]+\\.[a-z0-9_]+")) << c.name;
    EXPECT_TRUE(IsSection(c.section))
        << c.id << ": section " << c.section << " is not in kSections";
    EXPECT_FALSE(c.source.empty()) << c.id << " needs a source";
    EXPECT_THAT(c.says, EndsWith(".")) << c.id << ": one whole sentence";
  }
}

TEST(Claims, AreTheTests) {
  for (const std::string& target : TheSuite().tests) {
    const std::set<std::string> claims = ClaimsOf(target);
    EXPECT_FALSE(claims.empty()) << "conformance/" << target << ".cc";
    EXPECT_THAT(TestsOf(target), ContainerEq(claims))
        << "conformance/" << target << ".cc: each of its TESTs must be a CLAIM "
        << "(conformance/claim.h)";
  }
}

// A row of the ledger: | the document says | Go does | we do | measured |
TEST(Claims, LedgerHasFourColumnsAndNamesClaims) {
  std::set<std::string> ids;
  for (const Claim& c : TheSuite().claims) ids.insert(c.id);
  std::ifstream ledger(TheSuite().root + "/conformance/LEDGER.md");
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
    EXPECT_EQ(ids.count(id), 1u) << "no test has the claim " << id;
  }
  EXPECT_GT(rows, 0) << "conformance/LEDGER.md was not read";
}

}  // namespace
}  // namespace mn::conformance
