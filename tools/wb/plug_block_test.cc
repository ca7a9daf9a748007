#include "tools/wb/plug_block.h"

#include <gtest/gtest.h>

namespace mn::wb {
namespace {

constexpr char kBlock[] =
    "# >>> wb plug >>>\n"
    "build --//runtime/plug:run_queue=//exercises/04_run_queue:piece\n"
    "# <<< wb plug <<<\n";
const Plugs kPlugs = {{"run_queue", "//exercises/04_run_queue:piece"}};

std::string Written(std::string_view text, const Plugs& plugs) {
  const auto out = WritePlugs(text, plugs);
  return out.ok() ? *out : out.error();
}

TEST(PlugBlock, WhatIsWrittenIsRead) {
  EXPECT_EQ(Written("", kPlugs), kBlock);
  const auto read = ReadPlugs(kBlock);
  ASSERT_TRUE(read.ok()) << read.error();
  EXPECT_EQ(*read, kPlugs);
}

TEST(PlugBlock, NoFileIsNoPlug) {
  const auto read = ReadPlugs("");
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->empty());
}

TEST(PlugBlock, WhatIsAroundStays) {
  const std::string before = "# mine\nbuild --jobs=2\n", after = "# end\n";
  EXPECT_EQ(Written(before, kPlugs), before + kBlock);
  EXPECT_EQ(Written(before + kBlock + after, kPlugs), before + kBlock + after);
  EXPECT_EQ(Written(before + kBlock + after, {}), before + after);
}

TEST(PlugBlock, SeveralPlugsAreInOneBlock) {
  Plugs two = kPlugs;
  two["context"] = "//exercises/02_context_switch:piece";
  const std::string text = Written(kBlock, two);
  const auto read = ReadPlugs(text);
  ASSERT_TRUE(read.ok()) << read.error();
  EXPECT_EQ(*read, two);
}

TEST(PlugBlock, ALineOutsideTheBlockIsNotOurs) {
  const auto read =
      ReadPlugs("build --//runtime/plug:run_queue=//mine:piece\n");
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->empty());
}

TEST(PlugBlock, DamageIsNamedWithItsLine) {
  EXPECT_EQ(Written("x\n# >>> wb plug >>>\n", kPlugs).substr(0, 32),
            "line 2: the block has no end; ad");
  EXPECT_EQ(Written("# <<< wb plug <<<\n", kPlugs).substr(0, 7), "line 1:");
  EXPECT_EQ(Written(std::string(kBlock) + kBlock, kPlugs).substr(0, 7),
            "line 4:");
  const auto read =
      ReadPlugs("# >>> wb plug >>>\nbuild --jobs=2\n# <<< wb plug <<<\n");
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().find("\"build --jobs=2\" is not a plug"),
            std::string::npos);
}

}  // namespace
}  // namespace mn::wb
