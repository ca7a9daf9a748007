// Go programs inside a test: MN_PROGRAM(Name) { ...; return 0; } is the body of
// goroutine 1 of a process of its own, as func main is in a program of Go's
// testdata. RunProgram("Name") runs it (bare_program.h).
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include <cstddef>
#include <string>

#include "runtime/chan.h"
#include "runtime/go.h"
#include "runtime/testing/bare_program.h"  // IWYU pragma: export

#define MN_PROGRAM(name)                                             \
  static int MnGoroutine1_##name();                                  \
  MN_BARE_PROGRAM(name) { return ::mn::Main(&MnGoroutine1_##name); } \
  static int MnGoroutine1_##name()

// In a program: ends the child with a message unless `ok`.
#define MUST(ok)                                           \
  do {                                                     \
    if (!(ok)) {                                           \
      fprintf(stderr, "line %d: not " #ok "\n", __LINE__); \
      exit(10);                                            \
    }                                                      \
  } while (0)

namespace mn::test {

// The environment that most programs want: so many Ps.
inline ProcessOptions OnProcs(int procs, const char* godebug = "") {
  return {.env = {{"GOMAXPROCS", std::to_string(procs)}, {"GODEBUG", godebug}}};
}

// As many Ps as this test has.
inline ProcessOptions SamePs() {
  return {.env = {{"GOMAXPROCS", std::to_string(GOMAXPROCS())}}};
}

// For OnProcs: goroutines give way only when they say so.
inline constexpr char kCooperative[] = "asyncpreemptoff=1";

// Starts two goroutines that wait for ever, for a report to show.
inline void StartTwoWaiters() {
  for (int i = 0; i < 2; i++) Go([] { Chan<int>(0).Recv(); });
  for (int i = 0; i < 10; i++) Gosched();
}

// How many goroutines' traces there are in what a process said.
inline int TracesIn(const std::string& report) {
  const std::string header = "\ngoroutine ";
  int n = 0;
  for (std::size_t at = report.find(header); at != std::string::npos;
       at = report.find(header, at + 1)) {
    n++;
  }
  return n;
}

}  // namespace mn::test
