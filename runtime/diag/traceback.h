// Traces of goroutines, in Go's format, on stderr:
//
//   goroutine 7 [chan receive]:
//   mn::Chan<int>::Recv(...)
//           runtime/chan.h:57 +0x2c
//   worker(...)
//           app/main.cc:12 +0x1d
//   created by main in goroutine 1
//           app/main.cc:20 +0x3c
//
// The runtime's inner frames are left out, but for the function that the
// program called; so is what starts a goroutine. More than 100 frames: the
// innermost and the outermost 50.
//
// GOTRACEBACK, as for Go: `none` no traces; `single` (default) the goroutine
// that failed, or all of them if the runtime itself gave up (deadlock, misuse)
// or a signal ends the process (crash_signals.h); `all` every goroutine;
// `system` also the runtime's frames; `crash` as system, then SIGABRT instead
// of exit status 2. A number n is that level and all. mn::SetTraceback
// (panic.h) adds to it.
//
// Reads the stacks of parked goroutines, which must not run meanwhile for the
// result to be exact; if they do, the trace is wrong, and ends where following
// it faults. Does not take any of the runtime's locks.
#pragma once

#include <optional>
#include <string_view>

#include "runtime/core/g.h"

namespace mn {

// How much a dying process says.
struct TracebackSettings {
  int level = 1;  // 0: nothing; 1: the program's frames; 2: the runtime's too
  bool all = false;
  bool crash = false;
  // The calling thread may have been interrupted anywhere, inside malloc too.
  bool may_allocate = true;
};

// What a value of GOTRACEBACK means; nothing if it means nothing.
std::optional<TracebackSettings> ParseGotraceback(std::string_view value);

// The sum of GOTRACEBACK (`single` if unset or nonsense) and SetTraceback.
// Async-signal-safe.
TracebackSettings CurrentTraceback();

// Prints one goroutine, led by an empty line. Any goroutine or thread.
void PrintGoroutine(G* gp);

// Prints the calling goroutine, if there is one, and then all others.
void PrintAllGoroutines();

// By Main, once: from now on Throw prints traces. Says so if GOTRACEBACK means
// nothing.
void TracebackInit();

// What Throw prints after its message (core/fatal.h): the calling goroutine,
// and all others if `all` or GOTRACEBACK says so. Any stack, a signal handler's
// too. Does not return if GOTRACEBACK is `crash`.
void TracebackForFatal(bool all);

// The std::terminate handler. An exception that nobody caught:
//   panic: WHAT [TYPE]
// (a mn::Panic without the type; nested exceptions oldest first, each further
// one on a line of its own), the goroutine that threw, exit status 2. Without
// an exception: `fatal error: std::terminate called without an active
// exception`.
[[noreturn]] void TerminateHandler();

}  // namespace mn
