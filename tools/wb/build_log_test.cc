#include "tools/wb/build_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mn::wb {
namespace {

using testing::HasSubstr;
using testing::Not;

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
  const std::string out = CompilerLines(log, nullptr, 4);
  EXPECT_EQ(out,
            "a.cc:1:1: error\na.cc:1:1: error\na.cc:1:1: error\n"
            "a.cc:1:1: error\n… 6 more lines\n");
}

constexpr char kLinking[] =
    "ERROR: /w/exercises/02_context_switch/BUILD:3:9: Linking of rule "
    "'//exercises/02_context_switch:case_driver' failed: (Exit 1): gcc "
    "failed\n";

TEST(CompilerLines, AFunctionThatTheJudgeMissesIsTheLearnersToDefine) {
  const std::string out = CompilerLines(
      std::string(kLinking) +
      "./exercises/02_context_switch/judge/fiber.h:100: error: undefined "
      "reference to 'mn::CtxSwap(mn::Gobuf&, mn::Gobuf&)'\n"
      "bazel-out/k8-fastbuild/bin/exercises/02_context_switch/_objs/drivers/"
      "many.pic.o:many.cc:function mn::Drive(): error: undefined reference to "
      "'mn::CtxSwap(mn::Gobuf&, mn::Gobuf&)'\n"
      "collect2: error: ld returned 1 exit status\n");
  EXPECT_THAT(out, HasSubstr("Your file must define exactly, and does not:\n"
                             "    mn::CtxSwap(mn::Gobuf&, mn::Gobuf&)\nA "));
  EXPECT_THAT(out, Not(HasSubstr("fiber.h")));
  EXPECT_THAT(out, Not(HasSubstr("collect2")));
}

TEST(CompilerLines, APlainNameInAssemblyIsNotWhatCppCallsIt) {
  const std::string out = CompilerLines(
      std::string(kLinking) +
      "bazel-out/k8-fastbuild/bin/exercises/02_context_switch/_objs/"
      "case_driver/context_switch.pic.o:context_switch.cc:function ctx_entry: "
      "error: undefined reference to 'CtxReturned'\n");
  EXPECT_THAT(out, HasSubstr("_ZN2mn11CtxReturnedEv"));
  EXPECT_THAT(out, HasSubstr("function ctx_entry"));
  EXPECT_THAT(out, Not(HasSubstr("must define")));
}

TEST(CompilerLines, TheLinkersOtherWayToSayItIsReadAsWell) {
  const std::string out = CompilerLines(
      "/usr/bin/ld: bazel-out/x/bin/exercises/02_x/_objs/case_driver/x.pic.o: "
      "in function `ctx_entry':\n"
      "x.cc:(.text+0x59): undefined reference to `CtxReturned'\n"
      "/usr/bin/ld: bazel-out/x/bin/exercises/02_x/_objs/drivers/many.pic.o: "
      "in function `mn::Drive()':\n"
      "many.cc:(.text+0x9): undefined reference to `mn::CtxSwap()'\n");
  EXPECT_THAT(out, HasSubstr("not:\n    mn::CtxSwap()\nA function"));
  EXPECT_THAT(out, HasSubstr("There is no `CtxReturned`"));
  EXPECT_THAT(out, HasSubstr("in function `ctx_entry'"));
  EXPECT_THAT(out, Not(HasSubstr("many.cc")));
}

TEST(CompilerLines, ARegisterWithoutItsPercentIsNoFunction) {
  const std::string out = CompilerLines(
      "exercises/02_x/x.cc:40: error: undefined reference to 'rbx'\n");
  EXPECT_THAT(out, HasSubstr("`rbx` without a % is not the register"));
  EXPECT_THAT(out, Not(HasSubstr("_ZN2mn")));
}

constexpr char kAssembling[] =
    "ERROR: /w/exercises/02_context_switch/BUILD:3:9: Compiling "
    "exercises/02_context_switch/context_switch.cc failed: (Exit 1): gcc\n"
    "/tmp/cc2FvGlJ.s: Assembler messages:\n"
    "/tmp/cc2FvGlJ.s:8: Error: operand size mismatch for `mov'\n"
    "/tmp/cc2FvGlJ.s:10: Error: no such instruction: `retq2'\n";

TEST(CompilerLines, AssemblersLinesAreThoseOfTheSource) {
  const std::string out =
      CompilerLines(kAssembling, [](const std::string& path) {
        EXPECT_EQ(path, "exercises/02_context_switch/context_switch.cc");
        return "// 1\n\nasm(R\"(\n    .text\n    mov [rdi], rsp\n    mov %rsi, "
               "%rsp\n"
               "    retq2\n)\");\n";
      });
  EXPECT_THAT(out, HasSubstr("context_switch.cc:5: error: operand size"));
  EXPECT_THAT(out, HasSubstr("    mov [rdi], rsp\n"));
  EXPECT_THAT(out, HasSubstr("context_switch.cc:7: error: no such"));
  EXPECT_THAT(out, HasSubstr("AT&T's order"));
  EXPECT_THAT(out, Not(HasSubstr("/tmp/")));
}

TEST(CompilerLines, AssemblyThatIsNotFoundIsNotGivenALine) {
  const std::string out = CompilerLines(
      kAssembling, [](const std::string&) { return std::string("int a;\n"); });
  EXPECT_THAT(out, HasSubstr("context_switch.cc: in its assembly: operand "));
  EXPECT_THAT(out, Not(HasSubstr("/tmp/")));
}

TEST(CompilerLines, AMistakeInTheRightDialectIsNotCalledIntels) {
  const std::string out = CompilerLines(
      "Compiling exercises/x/x.cc failed\n"
      "/tmp/cc2FvGlJ.s:7: Error: operand size mismatch for `mov'\n",
      [](const std::string&) { return "asm(R\"(\n  mov %eax, %rbx\n)\");\n"; });
  EXPECT_THAT(out, HasSubstr("x.cc:2: error: operand size mismatch"));
  EXPECT_THAT(out, Not(HasSubstr("AT&T")));
}

}  // namespace
}  // namespace mn::wb
