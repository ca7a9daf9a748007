#include "tools/grade/builder.h"

#include <string>

#include "gtest/gtest.h"

namespace mn::grade {
namespace {

// What Bazel 4.2.3 prints around a compiler's error.
constexpr char kLog[] =
    "WARNING: something about the machine\n"
    "Loading: \n"
    "INFO: Analyzed target //exercises/04_run_queue:04_run_queue.\n"
    "INFO: Found 1 target...\n"
    "ERROR: /cache/tree/exercises/04_run_queue/BUILD:3:9: C++ compilation of "
    "rule '//exercises/04_run_queue:piece' failed (Exit 1): gcc failed: error "
    "executing command /usr/bin/gcc -O2 ... (remaining 20 arguments skipped)\n"
    "\n"
    "Use --sandbox_debug to see verbose messages from the sandbox\n"
    "exercises/04_run_queue/run_queue.cc: In function 'int f()':\n"
    "exercises/04_run_queue/run_queue.cc:3:1: error: expected ';'\n"
    "Target //exercises/04_run_queue:04_run_queue failed to build\n"
    "Use --verbose_failures to see the command lines of failed build steps.\n"
    "INFO: Elapsed time: 0.7s, Critical Path: 0.4s\n"
    "FAILED: Build did NOT complete successfully\n";

TEST(CompilerText, IsWhatTheCompilerSaid) {
  EXPECT_EQ(CompilerText(kLog),
            "exercises/04_run_queue/run_queue.cc: In function 'int f()':\n"
            "exercises/04_run_queue/run_queue.cc:3:1: error: expected ';'\n");
}

TEST(CompilerText, EndsAfterFortyLines) {
  std::string log;
  for (int i = 0; i < 100; ++i) log += "a.cc: error\n";
  const std::string text = CompilerText(log);
  EXPECT_TRUE(text.ends_with("… (60 more lines)\n"));
}

TEST(CompilerText, OtherTroubleIsShownAsItIs) {
  EXPECT_EQ(CompilerText("ERROR: x failed\n"), "ERROR: x failed\n");
}

TEST(CompilerText, LetsNoTerminalCodeThrough) {
  EXPECT_EQ(CompilerText("a.cc: \x1b[31merror\n"), "a.cc: \\x1b[31merror\n");
}

}  // namespace
}  // namespace mn::grade
