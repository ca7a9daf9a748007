#include "runtime/os/cgroup/limit_files.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace mn::cgroup {
namespace {

void ExpectCpus(const Quota& quota, double cpus) {
  EXPECT_EQ(quota.outcome, Outcome::kFound);
  EXPECT_EQ(quota.cpus, cpus);
}

// go:GMP-12.
TEST(V1Number, IsAnInt64) {
  EXPECT_EQ(ParseV1Number("-1\n"), -1);
  EXPECT_EQ(ParseV1Number("500000\n"), 500000);
  EXPECT_EQ(ParseV1Number("9223372036854775807\n"), INT64_MAX);
}

TEST(V1Number, NothingIfMalformed) {
  for (const char* text :
       {"", "\n", "123max\n", "1000 5000\n", " 1\n", "1 \n", "+1\n", "0x1\n",
        "1.5\n", "--1\n", "9223372036854775808\n"}) {
    EXPECT_EQ(ParseV1Number(text), std::nullopt) << text;
  }
}

TEST(V1Number, Cgf5_NothingWithoutANewline) {
  EXPECT_EQ(ParseV1Number("500000"), std::nullopt);
}

TEST(V1Limit, IsQuotaByPeriod) {
  ExpectCpus(ParseV1Limit("50000\n", "100000\n"), 0.5);
  ExpectCpus(ParseV1Limit("300000\n", "100000\n"), 3);
  ExpectCpus(ParseV1Limit("1\n", "1000000\n"), 1e-6);
}

TEST(V1Limit, ANegativeQuotaIsNoLimitWhateverThePeriod) {
  EXPECT_EQ(ParseV1Limit("-1\n", "100000\n").outcome, Outcome::kNone);
  EXPECT_EQ(ParseV1Limit("-5\n", "0\n").outcome, Outcome::kNone);
  EXPECT_EQ(ParseV1Limit("-1\n", "").outcome, Outcome::kNone);
}

TEST(V1Limit, Cgf4_ZeroAndGarbageAreMalformed) {
  EXPECT_EQ(ParseV1Limit("0\n", "100000\n").outcome, Outcome::kError);
  EXPECT_EQ(ParseV1Limit("50000\n", "0\n").outcome, Outcome::kError);
  EXPECT_EQ(ParseV1Limit("50000\n", "-1\n").outcome, Outcome::kError);
  EXPECT_EQ(ParseV1Limit("50000\n", "").outcome, Outcome::kError);
  EXPECT_EQ(ParseV1Limit("max\n", "100000\n").outcome, Outcome::kError);
}

// go:GMP-13.
TEST(V2Limit, IsQuotaByPeriod) {
  ExpectCpus(ParseV2Limit("500000 100000\n"), 5);
  ExpectCpus(ParseV2Limit("50000 100000\n"), 0.5);
  ExpectCpus(ParseV2Limit("250000 100000\n"), 2.5);
  ExpectCpus(ParseV2Limit("9223372036854775807 9223372036854775807\n"), 1);
}

TEST(V2Limit, MaxIsNoLimit) {
  EXPECT_EQ(ParseV2Limit("max 100000\n").outcome, Outcome::kNone);
}

TEST(V2Limit, Cgf4_ZeroAndGarbageAreMalformed) {
  for (const char* text :
       {"", "\n", "500000\n", "max\n", "max max\n", "max 1", "0 100000\n",
        "100000 0\n", "-1 100000\n", "100000 -1\n", "500000us 100000\n",
        "500000 100000us\n", "500000  100000\n", "Max 100000\n", "1 2 3\n",
        "99999999999999999999 100000\n"}) {
    EXPECT_EQ(ParseV2Limit(text).outcome, Outcome::kError) << text;
  }
}

TEST(V2Limit, Cgf5_MalformedWithoutANewline) {
  EXPECT_EQ(ParseV2Limit("500000 100000").outcome, Outcome::kError);
}

}  // namespace
}  // namespace mn::cgroup
