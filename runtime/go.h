// Starting goroutines, ending them, and counting them.
//
// Example:
//
//   int main() {
//     return mn::Main([] {
//       mn::WaitGroup greeted;
//       greeted.Add(1);
//       mn::Go([&] {
//         std::puts("hello");
//         greeted.Done();
//       });
//       greeted.Wait();  // Main waits for nobody
//       return 0;
//     });
//   }
//
// Goroutines (G) run on OS threads (M). To run a goroutine, an M must hold a
// processor (P). There are GOMAXPROCS Ps.
//
// Some functions require that the caller is a goroutine. If such a function is
// called anywhere else, the process ends with a message that names the
// function.
//
// After a call that may park, the goroutine may be on another thread. So a
// program must not keep the address of a thread_local, or the result of
// std::this_thread::get_id(), across such a call. A function that parks must
// not use errno, because compilers compute its address once in each function.
// Read errno inside Syscall or BlockingCall, or in a noinline function of its
// own.
//
// Mirrors: the document, section 3.
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
  // The size of the stack in bytes of address space. Rounded up to a power of
  // two, and to 16 KiB at least. Only pages that are touched cost memory. The
  // default was too small only for std::regex on long input. The report on a
  // stack overflow names this option.
  std::size_t stack_size = 64 * 1024;
};

// Starts the runtime and runs `fn` as goroutine 1. When fn returns, the process
// ends with the result of fn as exit status.
// REQUIRES: the program calls Main once. A second call is a fatal error.
// Never returns. The result type is int so that main can say `return mn::Main`.
//
// Main waits for no other goroutine. A goroutine that is parked never runs
// again, and the destructors on its stack do not run. Exit handlers and static
// destructors run, as after std::exit. Goroutines may still run on other
// threads then, and must not use what these destructors destroy.
//
// If no goroutine can ever run again, and no thread lives that could call in,
// the process ends with `fatal error: all goroutines are asleep - deadlock!`, a
// trace of every goroutine and exit status 2. After a Goexit of goroutine 1 the
// text is `no goroutines (main called runtime.Goexit) - deadlock!`.
//
// Variables of the environment
//   GOMAXPROCS   The number of Ps, see GOMAXPROCS() below.
//   GOTRACEBACK  How much a dying process says, see SetTraceback (panic.h).
//   MN_PROFILE   `document`, the default, or `go`. Says which side wins where
//                the two differ. Another value is a fatal error.
//   GODEBUG      A list of NAME=VALUE with commas between them. Names that are
//                not below are ignored.
//     schedtrace=N    prints a line about the scheduler to stderr every N ms
//     scheddetail=1   adds every P, M and G to that line
//     maxprocs, containermaxprocs, updatemaxprocs       see GOMAXPROCS() below
//     asyncpreemptoff, preempt, preemptslice, preempttrace    see preempt.h
//     idlethreadms                                            see thread.h
// Mirrors: main.main of a Go program.
int Main(std::function<int()> fn);

namespace internal {
// The steps of Go(). Programs call Go().
inline constexpr std::size_t kMaxInlineCallable = 1024;
struct NewGoroutineResult {
  void* g;
  void* callable;  // aligned for std::max_align_t
};
NewGoroutineResult NewGoroutine(std::size_t callable_size,
                                std::size_t stack_size);
void StartGoroutine(void* g, void (*run)(void*));

template <class F>
void RunCallable(void* p) {
  struct Destroy {
    F* f;
    ~Destroy() { f->~F(); }
  } destroy{static_cast<F*>(p)};  // destroys f also when Goexit unwinds
  (*destroy.f)();
}
}  // namespace internal

// Starts a goroutine that runs f(), and returns at once. f may be a callable
// that can only be moved. The new goroutine is the next to run on this P.
// REQUIRES: the caller is a goroutine.
// Does not park. May give way to a preemption and continue on another thread. A
// goroutine that is parked, or whose stack is shallow, costs a page of memory.
//
// An exception that leaves f ends the process (panic.h). A null std::function
// or function pointer is `fatal error: go of nil func value`. A stack size
// above 4 GiB is a fatal error. If no stack can be had, a fatal error names the
// limit.
//
// Always inlined, so that `created by` in a trace names the caller.
// Mirrors: the go statement.
template <class F>
[[gnu::always_inline]] inline void Go(GoOptions options, F&& f);

template <class F>
[[gnu::always_inline]] inline void Go(F&& f) {
  Go(GoOptions{}, std::forward<F>(f));
}

// Lets the other runnable goroutines of this P run first.
// REQUIRES: the caller is a goroutine.
// Leaves the thread and stays runnable. May continue on another thread.
// Mirrors: runtime.Gosched.
void Gosched();

// Ends the calling goroutine, after the destructors of everything on its stack.
// REQUIRES: the caller is a goroutine.
// Does not return. Other goroutines go on. After a Goexit of goroutine 1 the
// program goes on until no goroutine is left, which is reported as a deadlock.
//
// A catch (...) on the way must rethrow. Inside a handler of another exception
// libstdc++ ends the process, as it does for pthread_exit. Inside a Callback
// Goexit is a fatal error, since the C frames below have no destructors.
// Mirrors: runtime.Goexit.
[[noreturn]] void Goexit();

// The number of Ps. So many goroutines can run at once.
// REQUIRES: Main has started.
// Any thread may call. Does not park.
//
// The environment variable GOMAXPROCS sets the number. Its value is a positive
// decimal number, and any other value is ignored, as Go does. Without the
// variable the number follows the CPUs that the process may use, and the CPU
// quota of its cgroup, rounded up. The smaller of the two counts. While the
// program is busy, both are read again once a second.
//
// GODEBUG=maxprocs=1 prints the number and its reason at the start.
// GODEBUG=containermaxprocs=0 ignores the quota. With GODEBUG=updatemaxprocs=0
// the number stays as it was at the start.
// Mirrors: runtime.GOMAXPROCS(0); the document, section 9.
int GOMAXPROCS();

// Sets the number of Ps to n and returns the old number. With n <= 0 the number
// stays.
// REQUIRES: the caller is a goroutine.
// May park. Stops all goroutines for a moment. From then on the number follows
// the CPU quota no more. More than 65 536 is a fatal error, in the environment
// too.
// Mirrors: runtime.GOMAXPROCS(n).
int GOMAXPROCS(int n);

// Lets the number of Ps follow CPUs and quota again. Undoes GOMAXPROCS(n) and
// the environment variable.
// REQUIRES: the caller is a goroutine.
// May park. Stops all goroutines for a moment if the number changes.
// Mirrors: runtime.SetDefaultGOMAXPROCS.
void SetDefaultGOMAXPROCS();

// How many goroutines have started and not ended, goroutine 1 included.
// Any thread may call. Does not park. Returns 0 before Main. The number may be
// out of date on return.
// Mirrors: runtime.NumGoroutine.
int NumGoroutine();

// How many CPUs the affinity mask of the process had when Main started.
// Any thread may call. Does not park. Returns 0 before Main, and afterwards
// always the same number.
// Mirrors: runtime.NumCPU.
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
    // The heap holds a callable that is too large for the goroutine's first
    // page, or whose copy may throw.
    Go(options,
       [box = std::make_unique<Callable>(std::forward<F>(f))]() { (*box)(); });
  }
}

}  // namespace mn
