// Runs another process to its end and says what it did: exit status, signal,
// output, threads and CPU time.
//
// Why: whatever ends a process, or needs another environment, or must be the
// only thing that runs, cannot be tested inside the test.
//
// Thread-safety: any number of threads may run processes at once. RunProcess
// blocks the calling thread (from a goroutine: inside mn::BlockingCall, if
// other goroutines should go on) and needs no runtime.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mn::test {

struct ProcessOptions {
  // Variables to set. The process inherits the others, except those that steer
  // a Go program (GOMAXPROCS, GODEBUG, GOTRACEBACK: the tester's shell must not
  // decide what a test sees) and those that tell a test where to report.
  std::vector<std::pair<std::string, std::string>> env;
  // When to give up and kill it, with every process it started. Generous: it
  // ends hangs and never decides how fast something has to be. Under Bazel it
  // ends shortly before the test does: Bazel would kill the test without a word
  // about the process that hangs.
  std::chrono::seconds deadline{120};
};

struct ProcessResult {
  int exit_status = -1;    // -1: a signal ended it
  int signal = 0;          // 0: it exited
  bool timed_out = false;  // killed at the deadline
  std::string out;         // what it wrote to stdout
  std::string err;         // ... and to stderr
  // The most threads that a look into /proc every millisecond or so found.
  int max_threads = 0;
  std::chrono::nanoseconds cpu{0};  // user and system time of all its threads
  std::chrono::nanoseconds wall{0};

  // All of the above, for the message of a failing test.
  std::string Describe() const;
};

// Starts argv[0] (a path) with an empty stdin, in a process group of its own,
// with all signals at their defaults, and returns when it has ended. A process
// that cannot be started fails the test and returns exit_status 127.
ProcessResult RunProcess(const std::vector<std::string>& argv,
                         const ProcessOptions& options = {});

// EXPECT_TRUE(Exited(r, 0)): it ended by itself with this status.
::testing::AssertionResult Exited(const ProcessResult& r, int status);

// EXPECT_TRUE(Died(r, "panic: boom")): it exited with status 2, as a Go program
// does when the runtime ends it, and stderr starts with `prefix`.
::testing::AssertionResult Died(const ProcessResult& r,
                                std::string_view prefix);

}  // namespace mn::test
