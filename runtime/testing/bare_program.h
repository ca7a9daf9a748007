// Programs inside a test: the test runs its own executable again, as a process
// of its own that does one thing.
//
//   MN_BARE_PROGRAM(SaysHello) { return puts("hello") < 0; }
//   TEST(Hello, IsSaid) {
//     EXPECT_EQ(mn::test::RunProgram("SaysHello").out, "hello\n");
//   }
//
// A bare program is the body of main() in a process without the runtime. For
// goroutine 1 of a running runtime see program.h.
//
// The executable's main must be //runtime/testing:mn_gtest_main or
// :plain_gtest_main; any other has to call RunProgramIfAsked first.
#pragma once

#include <string_view>

#include "runtime/testing/process.h"

namespace mn::test {

// Runs the program of this name in a child process, which dies with the caller.
// Blocks the calling thread.
ProcessResult RunProgram(std::string_view name,
                         const ProcessOptions& options = {});

// For main(): if this process was started by RunProgram, runs the program and
// exits with its result; otherwise returns.
void RunProgramIfAsked(int argc, char** argv);

namespace internal {
// Called by static initialisers. A name that is taken ends the process.
bool RegisterProgram(const char* name, int (*run)());
}  // namespace internal

}  // namespace mn::test

#define MN_BARE_PROGRAM(name)                                          \
  static int MnProgram_##name();                                       \
  [[maybe_unused]] static const bool mn_program_registered_##name =    \
      ::mn::test::internal::RegisterProgram(#name, &MnProgram_##name); \
  static int MnProgram_##name()
