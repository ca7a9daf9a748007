// Goroutines: starting them, ending them, and counting them.
//
// The model (document, section 3): goroutines (G) run on OS threads (M), and
// an M must hold a processor (P) to run one. There are GOMAXPROCS Ps.
//
// What has to be called from inside a goroutine says so; called from a thread
// that the runtime does not know it ends the process with a message that names
// the function.
//
// After any call that may park, the goroutine may continue on another thread.
// Do not keep a thread_local's address or std::this_thread::get_id() across
// one, and do not use errno in a function that parks: compilers compute its
// address once per function. Read it in a function of its own (noinline) or
// inside BlockingCall.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace mn {

// Options of one goroutine.
struct GoOptions {
  // Bytes of address space for the stack; rounded up to a power of two, at
  // least 16 KiB. Only pages that are touched cost memory. The default carries
  // everything tried but std::regex on long input; whoever overflows gets a
  // report that names this option.
  std::size_t stack_size = 64 * 1024;
};

// Starts the runtime, runs `fn` as goroutine 1 and ends the process with fn's
// result as its exit status when fn returns. Never returns; typed int so that
// it reads `int main() { return mn::Main([] { ...; return 0; }); }`.
//
// Other goroutines are not waited for: those that are parked never run again
// and their destructors do not run. Exit handlers and static destructors do run
// (std::exit), so what they destroy must not be in use by goroutines that may
// still be running on other threads.
//
// Environment: GOMAXPROCS, GOTRACEBACK and GODEBUG, spelled as for Go, and
// MN_PROFILE: `document` (the default) or `go`, where the two differ; another
// value is a fatal error. GODEBUG is a list of NAME=VALUE, separated by commas:
// schedtrace=N prints a line about the scheduler to stderr every N ms, with
// scheddetail=1 every P, M and G as well; maxprocs, containermaxprocs and
// updatemaxprocs: GOMAXPROCS below; asyncpreemptoff, preempt, preemptslice and
// preempttrace: preempt.h; idlethreadms: thread.h. Other names are ignored.
//
// If no goroutine can ever run again, and no thread lives that could call in,
// the process ends with `fatal error: all goroutines are asleep - deadlock!`
// (after main's Goexit: `no goroutines`), the trace of every one and exit
// status 2.
// Caller: a thread of the program's, once; the second call is a fatal error.
// Mirrors: a Go program's main.main.
int Main(std::function<int()> fn);

namespace internal {
// The three steps of Go(); use Go() instead.
inline constexpr std::size_t kMaxInlineCallable = 1024;
struct NewGoroutineResult {
  void* g;
  void* callable;  // aligned as std::max_align_t
};
NewGoroutineResult NewGoroutine(std::size_t callable_size,
                                std::size_t stack_size);
void StartGoroutine(void* g, void (*run)(void*));

template <class F>
void RunCallable(void* p) {
  struct Destroy {
    F* f;
    ~Destroy() { f->~F(); }
  } destroy{static_cast<F*>(p)};  // also when Goexit unwinds
  (*destroy.f)();
}
}  // namespace internal

// Starts a goroutine that runs `f()` (a move-only callable is fine) and
// returns at once; the new goroutine is next on this P (document, section 3;
// Go's `go` statement). Caller: a goroutine. Does not park, but may give way to
// a preemption and continue on another thread. An exception that leaves f ends
// the process as described in panic.h. Memory: one page per goroutine that is
// parked or running shallow.
//
// A null std::function or function pointer is `fatal error: go of nil func
// value`, as in Go. A stack size above 4 GiB is a fatal error, and so is
// running out of stacks, with a message that names the limit.
//
// Inlined always, so that a trace's `created by` names the caller.
template <class F>
[[gnu::always_inline]] inline void Go(GoOptions options, F&& f);

template <class F>
[[gnu::always_inline]] inline void Go(F&& f) {
  Go(GoOptions{}, std::forward<F>(f));
}

// Lets the other runnable goroutines of this P run first; may continue on
// another thread. Caller: a goroutine. Mirrors runtime.Gosched.
void Gosched();

// Ends the calling goroutine: destructors of everything on its stack run, then
// it is gone. Other goroutines are unaffected. Ending goroutine 1 this way lets
// the program go on until everything else has ended, which is then reported as
// a deadlock. A catch (...) on the way must rethrow; inside a handler of
// another exception not even that is possible (libstdc++ terminates, as for
// pthread_exit). Inside a Callback it is fatal: the C frames below have no
// destructors. Caller: a goroutine. Mirrors runtime.Goexit.
[[noreturn]] void Goexit();

// The number of Ps: how many goroutines may run at once. The environment
// variable GOMAXPROCS sets it (a positive decimal number; anything else is
// ignored, as Go does). Without it the number is that of the CPUs that the
// process may use or its cgroup's CPU quota, rounded up, whichever is less
// (document, section 9), looked at again once a second while the program is
// busy. GODEBUG=maxprocs=1 prints at the start what it is and why;
// GODEBUG=containermaxprocs=0 ignores the quota, updatemaxprocs=0 does not look
// again. Callable from any thread once Main has started.
// Mirrors runtime.GOMAXPROCS(0).
int GOMAXPROCS();

// Sets the number of Ps to n and returns the old one; n <= 0 only reads, as
// GOMAXPROCS() does. Stops all goroutines for a moment. The number stays until
// it is set again: the quota no longer matters. More than 65 536, here or in
// the environment, is a fatal error. Caller: a goroutine. May park. Mirrors
// runtime.GOMAXPROCS(n).
int GOMAXPROCS(int n);

// Undoes GOMAXPROCS(n) and the environment variable: the number follows CPUs
// and quota again, from now on. Caller: a goroutine. May park. Mirrors
// runtime.SetDefaultGOMAXPROCS.
void SetDefaultGOMAXPROCS();

// Goroutines that have started and not ended, main included; 0 before Main. A
// snapshot. Any thread; does not park. Mirrors runtime.NumGoroutine.
int NumGoroutine();

// CPUs in the affinity mask of the process when Main started; never changes
// afterwards; 0 before. Any thread; does not park. Mirrors runtime.NumCPU.
int NumCPU();

// ---------------------------------------------------------------------------

namespace internal {
[[noreturn]] void GoOfNil();

template <class F>
concept Nullable = requires(const F& f) {
  { f == nullptr } -> std::convertible_to<bool>;
};
}  // namespace internal

template <class F>
[[gnu::always_inline]] inline void Go(GoOptions options, F&& f) {
  using Callable = std::decay_t<F>;
  if constexpr (internal::Nullable<Callable>) {
    if (f == nullptr) internal::GoOfNil();
  }
  if constexpr (sizeof(Callable) <= internal::kMaxInlineCallable &&
                alignof(Callable) <= alignof(std::max_align_t) &&
                std::is_nothrow_constructible_v<Callable, F&&>) {
    const auto [g, callable] =
        internal::NewGoroutine(sizeof(Callable), options.stack_size);
    new (callable) Callable(std::forward<F>(f));
    internal::StartGoroutine(g, &internal::RunCallable<Callable>);
  } else {
    // Too large for the goroutine's first page, or its copy may throw: the heap
    // holds it.
    Go(options,
       [box = std::make_unique<Callable>(std::forward<F>(f))]() { (*box)(); });
  }
}

}  // namespace mn
