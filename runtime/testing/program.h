// Go programs inside a test: MN_PROGRAM(Name) { ...; return 0; } is the body of
// goroutine 1 of a process of its own, as func main is in a program of Go's
// testdata. RunProgram("Name") runs it (bare_program.h).
#pragma once

#include "runtime/go.h"
#include "runtime/testing/bare_program.h"  // IWYU pragma: export

#define MN_PROGRAM(name)                                             \
  static int MnGoroutine1_##name();                                  \
  MN_BARE_PROGRAM(name) { return ::mn::Main(&MnGoroutine1_##name); } \
  static int MnGoroutine1_##name()
