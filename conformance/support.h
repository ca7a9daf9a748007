// How conformance programs say what they saw, and how their tests read it.
//
// A program (MN_PROGRAM) prints one `name=value` a line; its test reads them
// with Number and Text, asserts, and hands the figure to the report with
// Measured. A test that cannot run on this machine says why with
// MN_NOT_ON_THIS_MACHINE, and the report repeats it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/sanitizer.h"
#include "runtime/testing/kernel_threads.h"  // IWYU pragma: export
#include "runtime/testing/program.h"         // IWYU pragma: export

namespace mn::conformance {

// ---- in a program ----------------------------------------------------------

using test::BlockUntil;
using test::KernelThreads;

// Prints `name=value`.
void Say(std::string_view name, long long value);
void Say(std::string_view name, std::string_view value);

// Environment variable `name` as a number; ends the program if it is not one.
long long Parameter(const char* name);
// ... as text.
std::string TextParameter(const char* name);

// Keeps the CPU busy for some microseconds without a call into the runtime.
void Spin();

// A program that finds that something outside (a preempted thread) spoilt its
// set-up prints this and returns 0; RunUndisturbed tries again.
int Disturbed();

// ThreadSanitizer carries a state per goroutine: it runs fewer of them.
inline constexpr int kManyGoroutines = MN_TSAN ? 1000 : 10000;

// ---- in a test -------------------------------------------------------------

using test::Died;
using test::Exited;
using test::ProcessOptions;
using test::ProcessResult;
using test::RunProgram;

// The options that most claims want: so many Ps, and no preemption by signal,
// so that only the goroutines themselves decide when they stop.
ProcessOptions OnProcs(int gomaxprocs);

// Runs the program until it was not Disturbed, up to ten times. Fails the test
// if it always was or if it did not exit with status 0.
ProcessResult RunUndisturbed(std::string_view name,
                             const ProcessOptions& options);

// The value that the program said; a missing one fails the test.
long long Number(const ProcessResult& r, std::string_view name);
std::string Text(const ProcessResult& r, std::string_view name);

// "4 0 1" -> {4, 0, 1}.
std::vector<int> Numbers(std::string_view text);
std::string Join(const std::vector<int>& numbers);

// One entry of a goroutine dump: `goroutine ID [WAIT]:`.
struct DumpEntry {
  long long id = 0;
  std::string wait;
};
std::vector<DumpEntry> Dump(std::string_view text);

// What the report prints beside the claim; nothing if the test has failed.
void Measured(const std::string& figure);
// For MN_NOT_ON_THIS_MACHINE.
void NotHere(const std::string& why);

}  // namespace mn::conformance

// Skips the test, aloud: `why` names what this machine lacks.
#define MN_NOT_ON_THIS_MACHINE(why)  \
  do {                               \
    ::mn::conformance::NotHere(why); \
    GTEST_SKIP() << (why);           \
  } while (0)
