// Preemption, as far as a program sees it.
//
// A goroutine that computes for 10 ms while others wait (for 200 us while a
// timer is overdue, or a goroutine is back from a system call and every P is
// taken) is interrupted (signal SIGURG): its thread stops until it is its turn
// again, as if the kernel had scheduled it away. Nothing is required of the
// code; what a thread may do a goroutine may do. The price is one sleeping
// thread for every goroutine that is interrupted at the same time. Code that
// keeps the contract below pays no thread: it is switched away like a goroutine
// that parks.
//
// GODEBUG=asyncpreemptoff=1      no signals: only calls that may park give way
// GODEBUG=preempt=stop           the default, as described
// GODEBUG=preempt=handoff        interrupted code runs on, on its thread,
//                                beside GOMAXPROCS others, until its next call
//                                into the runtime
// GODEBUG=preempt=off            as asyncpreemptoff=1
// GODEBUG=preemptslice=N         N microseconds instead of 10 000, for tests
// GODEBUG=preempttrace=1         where goroutines are interrupted: the stack of
//                                one, once for every function, to stderr
// How it works and why it is safe: sched/preempt_signal.h.
#pragma once

namespace mn {

namespace internal {
void BeginPreemptible();
void EndPreemptible();
}  // namespace internal

// Declares that the code of this scope may be continued on another thread at
// any instruction. The contract, for as long as the scope lasts:
//   - no lock of the thread's is held (std::mutex, std::call_once, a static
//     initialiser in progress);
//   - no use of thread_local variables or of errno across two statements;
//   - no exception in flight, and nothing called *from* libc (a qsort
//     comparator).
// Calls into libc are fine as such: only code of the program itself is switched
// away from. For number crunching: loops over memory and arithmetic.
//
// Caller: a goroutine; scopes nest. Ends on the goroutine that began it. Does
// not park. A goroutine pinned by LockOSThread or with less than 6 KiB of its
// stack left, and platforms other than x86-64, are interrupted in the ordinary
// way. Go needs no such thing: its compiler knows what is safe.
class PreemptibleScope {
 public:
  PreemptibleScope() { internal::BeginPreemptible(); }
  ~PreemptibleScope() { internal::EndPreemptible(); }
  PreemptibleScope(const PreemptibleScope&) = delete;
  PreemptibleScope& operator=(const PreemptibleScope&) = delete;
};

}  // namespace mn
