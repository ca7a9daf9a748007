#include "tools/wb/warnings.h"

#include <gtest/gtest.h>

#include "tools/common/text.h"

namespace mn::wb {
namespace {

constexpr char kOnce[] =
    "exercises/04/a.cc: In function 'int F()':\n"
    "exercises/04/a.cc:3:7: warning: unused variable 'x' [-Wunused]\n"
    "    3 |   int x = 1;\n"
    "      |       ^\n";

TEST(WarningsOf, EachIsShownOnceWithItsLines) {
  const std::string from = "INFO: From Compiling exercises/04/a.cc:\n";
  EXPECT_EQ(WarningsOf(tools::Cat("Loading: 0 packages\n[1 / 9] Compiling\n",
                                  from, kOnce, "[2 / 9] Compiling\n", from,
                                  kOnce, "INFO: Build completed\n")),
            kOnce);
}

TEST(WarningsOf, ABuildThatIsCleanSaysNothing) {
  EXPECT_EQ(WarningsOf("INFO: Analyzed target\nWARNING: bazel's own\n"), "");
}

TEST(WarningsOf, ANoteBelongsToItsWarning) {
  const std::string log =
      "a.cc:3:7: warning: one\na.cc:1:1: note: declared here\n"
      "    1 | int f();\n      | ^~~\nb.cc:1:1: warning: two\n";
  EXPECT_EQ(WarningsOf(log), log);
}

}  // namespace
}  // namespace mn::wb
