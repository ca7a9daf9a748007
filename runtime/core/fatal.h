// Fatal errors, which are the runtime's last words.
//
// All of them go to stderr. They begin with a prefix that tests and people grep
// for, and the process ends with exit status 2, as a Go program does.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mn {

// A number that is printed in base 16, as in 0x1f.
struct Hex {
  std::uint64_t n;
};

// Collects a text and writes the text to stderr.
//
// Nothing is allocated and no lock is taken, so a signal handler may use this
// class, and so may any stack with 2 KiB left. A text of up to 1024 bytes is
// one write(2), so that texts of two threads do not mix.
class FatalText {
 public:
  FatalText& operator<<(const char* s);
  FatalText& operator<<(std::int64_t n);
  FatalText& operator<<(Hex hex);
  // Writes the collected text to stderr and empties the buffer.
  // An error of write(2) drops the rest, since nobody is left to be told.
  void Print();

 private:
  char buf_[1024];
  std::size_t n_ = 0;
};

// Prints `fatal error: WHAT` and ends the process with exit status 2. If the
// scheduler has come up that far, every goroutine is printed in between.
// A program cannot catch this. Throw is for broken invariants and for misuse
// after which no step is right.
// Any thread, any stack. Does not return.
// Mirrors: runtime.throw and runtime.fatal.
[[noreturn]] void Throw(const char* what);

// Does the same, with the line `runtime: DETAIL` before the text. Null leaves
// the line out.
[[noreturn]] void Throw(const char* detail, const char* what);

// Prints the goroutines for Throw. `all` asks for every goroutine, and
// GOTRACEBACK may overrule the wish. Null until the reports' own code has set
// it, because core does not know who prints goroutines.
extern void (*fatal_traceback)(bool all);

// Ends the process with exit status 2 and runs no exit handlers.
// Async-signal-safe. A caller that reports has passed EnterFatal before, so
// that only one thread does.
[[noreturn]] void Die();

// Makes the calling thread the reporter. Only the first thread returns. All
// others wait here for ever, so that two reports do not mix.
// A reporter that comes here a second time has died of its own report. The
// process then says `panic during panic` and ends with exit status 4.
// The reporter stays in the runtime for good. Async-signal-safe.
void EnterFatal();

// True on the thread that reports. Async-signal-safe.
bool IsDying();

// Waits for ever if another thread reports, and returns otherwise.
// The reporter ends the process. Its exit status wins over that of a main
// function that returns meanwhile, as in Go.
void WaitIfDying();

// Ends the process unless `cond` holds. `id` is the invariant that `cond`
// belongs to. MN_CHECK looks in every build. MN_DCHECK looks in debug builds
// only and costs nothing in the others.
#define MN_CHECK(cond, id)                                        \
  do {                                                            \
    if (!(cond)) [[unlikely]] {                                   \
      ::mn::Throw("invariant " id " broken: " #cond, "internal"); \
    }                                                             \
  } while (0)
#ifdef NDEBUG
#define MN_DCHECK(cond, id) ((void)0)
#else
#define MN_DCHECK(cond, id) MN_CHECK(cond, id)
#endif

}  // namespace mn
