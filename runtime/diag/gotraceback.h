// How much a dying process says: GOTRACEBACK and mn::SetTraceback (panic.h).
//
// GOTRACEBACK, as for Go: `none` no traces; `single` (default) the goroutine
// that failed, or all of them if the runtime itself gave up (deadlock, misuse)
// or a signal ends the process (crash_signals.h); `all` every goroutine;
// `system` also the runtime's frames; `crash` as system, then SIGABRT instead
// of exit status 2. A number n is that level and all. mn::SetTraceback adds to
// it.
//
// Why it is hard: a signal handler asks, so nothing here may lock or allocate.
// The environment is read at each report, and what SetTraceback has set is one
// atomic word.
#pragma once

#include <optional>
#include <string_view>

namespace mn {

struct TracebackSettings {
  int level = 1;  // 0: nothing; 1: the program's frames; 2: the runtime's too
  bool all = false;
  bool crash = false;
  // The calling thread may have been interrupted anywhere, inside malloc too.
  bool may_allocate = true;
};

// What a value of GOTRACEBACK means; nothing if it means nothing.
std::optional<TracebackSettings> ParseGotraceback(std::string_view value);

// Says so if GOTRACEBACK means nothing. By Main, once.
void CheckGotraceback();

// The sum of GOTRACEBACK (`single` if unset or nonsense) and SetTraceback.
// Async-signal-safe.
TracebackSettings CurrentTraceback();

namespace internal {
// The end of every report: SIGABRT if `settings` ask for it, else returns.
void CrashIfAsked(const TracebackSettings& settings);
}  // namespace internal

}  // namespace mn
