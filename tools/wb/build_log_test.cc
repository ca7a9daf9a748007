#include "tools/wb/build_log.h"

#include <gtest/gtest.h>

namespace mn::wb {
namespace {

TEST(CompilerLines, LeavesBazelsTalkOut) {
  EXPECT_EQ(
      CompilerLines(
          "Loading: 0 packages loaded\n"
          "Analyzing: target //exercises/04_run_queue (1 packages loaded)\n"
          "INFO: Found 1 target...\n"
          "[0 / 4] [Prepa] BazelWorkspaceStatusAction stable-status.txt\n"
          "ERROR: /w/exercises/04_run_queue/BUILD:3:9: Compiling run_queue.cc "
          "failed: (Exit 1): gcc failed\n"
          "\n"
          "Use --sandbox_debug to see verbose messages from the sandbox\n"
          "exercises/04_run_queue/run_queue.cc: In function 'void mn::F()':\n"
          "exercises/04_run_queue/run_queue.cc:12:3: error: 'x' was not "
          "declared\n"
          "\n"
          "   12 |   x = 1;\n"
          "      |   ^\n"
          "Target //exercises/04_run_queue:04_run_queue failed to build\n"
          "INFO: Elapsed time: 1.0s\n"
          "FAILED: Build did NOT complete successfully\n"),
      "exercises/04_run_queue/run_queue.cc: In function 'void mn::F()':\n"
      "exercises/04_run_queue/run_queue.cc:12:3: error: 'x' was not "
      "declared\n"
      "\n"
      "   12 |   x = 1;\n"
      "      |   ^\n");
}

TEST(CompilerLines, SeesThroughColour) {
  EXPECT_EQ(CompilerLines("\x1b[31m\x1b[1mERROR: \x1b[0m/w/BUILD:1: no\n"
                          "\x1b[1mrun_queue.cc:1:1:\x1b[0m error\n"),
            "\x1b[1mrun_queue.cc:1:1:\x1b[0m error\n");
}

TEST(CompilerLines, WithoutACompilerBazelsErrorsRemain) {
  EXPECT_EQ(CompilerLines("Loading: \n"
                          "ERROR: /w/BUILD:1:1: no such package 'x'\n"
                          "INFO: Elapsed time: 0.1s\n"),
            "ERROR: /w/BUILD:1:1: no such package 'x'\n");
}

TEST(CompilerLines, WithNothingElseAllRemains) {
  EXPECT_EQ(CompilerLines("Starting local Bazel server...\n"),
            "Starting local Bazel server...\n");
}

TEST(CompilerLines, CutsALongStory) {
  std::string log;
  for (int i = 0; i < 10; ++i) log += "a.cc:1:1: error\n";
  const std::string out = CompilerLines(log, 4);
  EXPECT_EQ(out,
            "a.cc:1:1: error\na.cc:1:1: error\na.cc:1:1: error\n"
            "a.cc:1:1: error\n… 6 more lines\n");
}

}  // namespace
}  // namespace mn::wb
