// Fatal errors: the runtime's last words. All of them go to stderr, begin with
// a prefix that tests and people grep for, and end with exit status 2, as Go's.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mn {

// A number to be printed as 0x1f.
struct Hex {
  std::uint64_t n;
};

// Unbuffered, allocation-free output to stderr; safe in a signal handler and on
// any stack. One Print is one write(2).
class FatalText {
 public:
  FatalText& operator<<(const char* s);
  FatalText& operator<<(std::int64_t n);
  FatalText& operator<<(Hex hex);
  // Writes what was collected to stderr and empties the buffer.
  void Print();

 private:
  char buf_[1024];
  std::size_t n_ = 0;
};

// `fatal error: WHAT`, then every goroutine if the scheduler has come up that
// far, exit 2. Cannot be caught. For broken invariants and misuse that leaves
// no sane way on. Any thread, any stack. Mirrors runtime.throw/fatal.
[[noreturn]] void Throw(const char* what);

// As Throw, with a line of explanation before: `runtime: DETAIL`.
[[noreturn]] void Throw(const char* detail, const char* what);

// Set by the scheduler: prints the goroutines for Throw. `all` asks for every
// one of them (GOTRACEBACK may say otherwise).
extern void (*fatal_traceback)(bool all);

// Ends the process with exit status 2 without running exit handlers. If another
// thread is already dying this one waits for ever, so reports do not mix.
[[noreturn]] void Die();

// Returns exactly once: the caller is the one who reports. Other threads wait
// in here; the same thread again has died of its report: `panic during panic`,
// exit status 4.
void EnterFatal();

// The calling thread is the one who reports. Async-signal-safe.
bool IsDying();

// Waits for ever if another thread is reporting: it ends the process, and the
// report and its exit status win over a main that returns meanwhile, as in Go.
void WaitIfDying();

// A checked invariant; `id` is its name in the file's opening comment. Debug
// builds only (MN_DCHECK) or always (MN_CHECK).
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
