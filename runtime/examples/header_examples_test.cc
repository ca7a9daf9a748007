// The examples in the comments of the public headers compile, and what they
// assert holds. The build takes their text from the headers
// (header_examples.awk), so there is no second copy.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/base/sanitizer.h"
#include "runtime/mn.h"
#include "runtime/testing/program.h"

// Null unless UndefinedBehaviorSanitizer is linked in.
extern "C" __attribute__((weak)) void __ubsan_handle_type_mismatch_v1_abort();

namespace {

bool WithUbsan() { return &__ubsan_handle_type_mismatch_v1_abort != nullptr; }

// Here an example's assert fails its test, in every build mode.
#undef assert
#define assert(condition) EXPECT_TRUE(condition)

TEST(HeaderExamples, Chan){
#include "runtime/examples/chan.inc"
}

TEST(HeaderExamples, Foreign){
#include "runtime/examples/foreign.inc"
}

TEST(HeaderExamples, Panic) {
  if (MN_ASAN || MN_TSAN || WithUbsan()) {
    GTEST_SKIP() << "a sanitizer reports faults itself";
  }
#include "runtime/examples/panic.inc"
}

TEST(HeaderExamples, Preempt){
#include "runtime/examples/preempt.inc"
}

TEST(HeaderExamples, Sync){
#include "runtime/examples/sync.inc"
}

TEST(HeaderExamples, Syscall){
#include "runtime/examples/syscall.inc"
}

TEST(HeaderExamples, Thread){
#include "runtime/examples/thread.inc"
}

TEST(HeaderExamples, Time) {
#include "runtime/examples/time.inc"
}

// Whole programs.

namespace go {
#define main Main
#include "runtime/examples/go.inc"
#undef main
}  // namespace go

MN_BARE_PROGRAM(GoExample) { return go::Main(); }

TEST(HeaderExamples, Go) {
  const mn::test::ProcessResult r = mn::test::RunProgram("GoExample");
  EXPECT_TRUE(mn::test::Exited(r, 0));
  EXPECT_EQ(r.out, "hello\n");
}

namespace umbrella {
#define main Main
#include "runtime/examples/mn.inc"
#undef main
}  // namespace umbrella

MN_BARE_PROGRAM(MnExample) { return umbrella::Main(); }

TEST(HeaderExamples, Mn) {
  EXPECT_TRUE(mn::test::Exited(mn::test::RunProgram("MnExample"), 0));
}

}  // namespace
