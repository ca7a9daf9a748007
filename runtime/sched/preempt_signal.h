// Preemption: taking the processor from C++ code that makes no runtime call.
//
// Why it is hard: Go's compiler knows at every instruction what a goroutine
// holds; ours does not. Four ways were built and put under fire (16 to 112
// goroutines of malloc, printf, exceptions, std::mutex, call_once, errno; a
// tick every 200 us for a minute):
//   signal yield   switch goroutines in the signal handler. Corrupts the heap
//                  at arbitrary instructions, and at "safe" ones deadlocks on
//                  std::mutex and call_once: no program counter shows a held
//                  lock. Only for code that declares itself (PreemptibleScope).
//   thread stop    the thread sleeps in the handler until it has a P again.
//                  Survives everything, keeps at most GOMAXPROCS running, costs
//                  a sleeping thread per interrupted goroutine.
//   P handoff      the P goes, the thread runs on and must get a P at its next
//                  call into the runtime. Survives everything; more than
//                  GOMAXPROCS threads run meanwhile.
//   compiled checks 1.3 to 4 times slower loops.
// So: a thread found in the program's own text is stopped; one found in a
// library, which may hold a lock of libc's that everybody needs, is detached:
// it runs on without a P, and is stopped when a later tick finds it in own
// text. Code in the runtime is left alone and gives way at its next call that
// may park (PRE-2).
//
// Why a stopped thread cannot deadlock the rest: what it may hold is the
// program's own (a std::mutex). Goroutines that want that block in the kernel
// with their P until the next tick finds them in libc and takes the P; the
// stopped one is on the global queue and gets a P in turn, as every runnable
// goroutine does. The runtime itself never waits for a lock that a stopped
// thread can hold: sched.lock is not held outside the runtime, and malloc's
// lock not in the program's own text. (An exception: text of the program called
// back by libc under a lock of libc's, such as a dl_iterate_phdr callback that
// runs for 10 ms.)
//
// Invariants:
//   PRE-3 the handler runs on the thread it concerns, so what it changes in M
//         races with nobody; a signal without preempt_request is not ours.
//         Every one goes on to whoever had SIGURG before (the kernel may make
//         one of ours and somebody else's);
//   PRE-4 a goroutine whose thread sleeps in the handler is runnable, pinned to
//         that thread until it runs again;
//   MON-5 a loop that never calls the runtime gives way when it is asked to.
// MON-4 and MON-7 of sysmon_step.h rest on these.
#pragma once

#include <cstdint>

#include "runtime/core/sched.h"

namespace mn {

enum class PreemptMode { kStop, kHandoff, kOff };

// Installs the handler. Reads GODEBUG. Once.
void PreemptInit();
PreemptMode CurrentPreemptMode();

// Asks p's goroutine to give way to others (a preempt request). It may not:
// the caller asks again. Any thread.
void PreemptOne(P* p);
// Asks a detached goroutine to stop. Any thread.
void PreemptDetached(M* m);
// Asks everybody, for whoever stops the world: a goroutine that is interrupted
// for this alone keeps its place (StopInPlace in lockedm.h).
void PreemptAll();

}  // namespace mn
