// What $GOMAXPROCS may say: what Go accepts, and nothing else.
#include "runtime/sched/gomaxprocs.h"

#include <gtest/gtest.h>

namespace mn {
namespace {

constexpr int kNcpu = 77;

TEST(InitialGomaxprocs, IsTheNumberOfCpusUnlessSet) {
  EXPECT_EQ(InitialGomaxprocs(nullptr, kNcpu), kNcpu);
}

TEST(InitialGomaxprocs, TakesAPositiveDecimalNumber) {
  EXPECT_EQ(InitialGomaxprocs("4", kNcpu), 4);
  EXPECT_EQ(InitialGomaxprocs("+4", kNcpu), 4);
  EXPECT_EQ(InitialGomaxprocs("04", kNcpu), 4);
  EXPECT_EQ(InitialGomaxprocs("1024", kNcpu), 1024);
  EXPECT_EQ(InitialGomaxprocs("2147483647", kNcpu), 2147483647);
}

TEST(InitialGomaxprocs, IgnoresEverythingElse) {
  for (const char* text :
       {"", "0", "-1", "+", "+-4", "++4", "-+4", "abc", "0x4", " 4", "4 ",
        "4.0", "1_0", "4abc", "2147483648", "99999999999999999999"}) {
    EXPECT_EQ(InitialGomaxprocs(text, kNcpu), kNcpu) << "'" << text << "'";
  }
}

}  // namespace
}  // namespace mn
