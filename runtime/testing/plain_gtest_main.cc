// main() of a test whose TESTs run on a plain thread, in a process where the
// runtime never starts: they look at programs from outside (program.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/testing/bare_program.h"

int main(int argc, char** argv) {
  mn::test::RunProgramIfAsked(argc, argv);
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
