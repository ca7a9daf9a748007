// main() of a test whose TESTs run in goroutine 1: they may spawn, park and
// wait.
//
// GoogleTest keeps SCOPED_TRACE's stack per thread, and a goroutine changes
// threads when it parks: no SCOPED_TRACE may be open across anything that
// parks. EXPECT_* and ASSERT_* work from every goroutine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/go.h"
#include "runtime/testing/bare_program.h"

int main(int argc, char** argv) {
  mn::test::RunProgramIfAsked(argc, argv);
  testing::InitGoogleMock(&argc, argv);
  return mn::Main([] { return RUN_ALL_TESTS(); });
}
