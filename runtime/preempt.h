// Preemption, as far as a program sees it.
//
// Example:
//
//   std::vector<double> numbers(1000, 0.5);
//   double sum = 0;
//   {
//     mn::PreemptibleScope arithmetic_only;
//     for (double x : numbers) sum += x * x;
//   }
//   assert(sum == 250);
//
// A goroutine that computes for 10 ms while others wait is interrupted by the
// signal SIGURG. After 200 us the same happens if a timer is overdue, or if a
// goroutine is back from a system call and every P is taken. The thread then
// stops until its goroutine has its next turn. For the program this looks as if
// the kernel had taken the CPU away.
//
// The code need not do anything for this. A goroutine may do what a thread may
// do. Each interrupted goroutine costs one sleeping thread for as long as it is
// interrupted. Code in a PreemptibleScope costs no thread, because it is
// switched away as a goroutine that parks is.
//
// GODEBUG in the environment changes this
//   asyncpreemptoff=1  No signals. Only calls that may park give way.
//   preempt=stop       The default, as described above.
//   preempt=handoff    Interrupted code runs on, beside GOMAXPROCS others,
//                      until its next call into the runtime.
//   preempt=off        The same as asyncpreemptoff=1.
//   preemptslice=N     N microseconds instead of 10 000. For tests.
//   preempttrace=1     Prints where goroutines are interrupted to stderr. One
//                      stack for every function, and each function once.
// sched/preempt_signal.h says how preemption works and why preemption is safe.
#pragma once

namespace mn {

namespace internal {
void BeginPreemptible();
void EndPreemptible();
}  // namespace internal

// Declares that the code in this scope may continue on another thread after any
// instruction. The scope is for loops over memory and for arithmetic.
// REQUIRES: the caller is a goroutine. The same goroutine ends the scope. While
// the scope lasts
//   - no lock of the thread is held (std::mutex, std::call_once, a static
//     initialiser in progress);
//   - no thread_local variable and no errno is used across two statements;
//   - no exception is in flight;
//   - the code is not called *from* libc, as a comparator of qsort is.
// The code may call libc, because only the program's own code is switched away.
//
// Scopes nest. Does not park. A goroutine is interrupted in the ordinary way if
// LockOSThread has pinned it or less than 6 KiB of its stack is left. On
// processors other than x86-64 every goroutine is.
// Mirrors: nothing. Go's compiler knows by itself where a switch is safe.
class PreemptibleScope {
 public:
  PreemptibleScope() { internal::BeginPreemptible(); }
  ~PreemptibleScope() { internal::EndPreemptible(); }
  PreemptibleScope(const PreemptibleScope&) = delete;
  PreemptibleScope& operator=(const PreemptibleScope&) = delete;
};

}  // namespace mn
