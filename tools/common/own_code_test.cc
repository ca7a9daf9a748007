#include "tools/common/own_code.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mn::tools {
namespace {

using Strings = std::vector<std::string>;

std::string Text(const OwnCode& code) {
  std::string text;
  for (const Token& t : code.tokens) text += t.text + " ";
  return text;
}

TEST(ReadOwnCode, WantsWhatIsNotDefined) {
  const OwnCode code = ReadOwnCode(
      "int a;",
      "0000000000000000 T mn::RunqPut(mn::RunQueue&, mn::G*, bool)\n"
      "                 U exit\n"
      "                 U operator new(unsigned long)\n"
      "                 w __cxa_finalize\n"
      "0000000000000010 t kill\n");
  EXPECT_EQ(code.symbols,
            (Strings{"exit", "operator new(unsigned long)", "__cxa_finalize"}));
}

TEST(ReadOwnCode, OwnMainIsNotLookedAt) {
  const OwnCode code = ReadOwnCode(
      "int a;\nint mn_learners_own_main(int, char**) {\n"
      "  if (a) { std::mutex m; }\n}\nint b;\n",
      "");
  EXPECT_TRUE(code.own_main);
  EXPECT_EQ(Text(code), "int a ; int int b ; ");
}

TEST(ReadOwnCode, OwnMainThatIsCalledIsOrdinaryCode) {
  const OwnCode code = ReadOwnCode(
      "int mn_learners_own_main() { lock(); }\n"
      "void f() { mn_learners_own_main(); }",
      "");
  EXPECT_FALSE(code.own_main);
  EXPECT_NE(Text(code).find("lock"), std::string::npos);
}

}  // namespace
}  // namespace mn::tools
