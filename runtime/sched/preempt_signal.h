// Preemption takes the processor from C++ code that makes no runtime call.
//
// Why it is hard: Go's compiler knows at every instruction what a goroutine
// holds, and ours does not. Four ways were built and put under fire. The fire
// was 16 to 112 goroutines of malloc, printf, exceptions, std::mutex, call_once
// and errno, with a tick every 200 us for a minute.
//   signal yield   The signal handler switches goroutines. At arbitrary
//                  instructions this corrupts the heap. At "safe" instructions
//                  this deadlocks on std::mutex and call_once, since no program
//                  counter shows a held lock. Only code that declares itself
//                  may be treated this way (PreemptibleScope).
//   thread stop    The thread sleeps in the handler until it has a P again.
//                  This survives everything and keeps at most GOMAXPROCS
//                  running. The price is a sleeping thread for each goroutine
//                  that is interrupted.
//   P handoff      The P goes, and the thread runs on. Its next call into the
//                  runtime must get a P. This survives everything, but more
//                  than GOMAXPROCS threads run meanwhile.
//   compiled checks   Loops become 1.3 to 4 times slower.
//
// Protocol: a thread found in the program's own text is stopped. A thread found
// in a library may hold a lock of libc's that everybody needs, so its goroutine
// is detached. The thread runs on without a P, and is stopped when a later tick
// finds it in own text. Code in the runtime is left alone, and gives way at its
// next call that may park (PRE-2).
//
// Why a stopped thread cannot deadlock the rest: the thread can only hold locks
// of the program's own, such as a std::mutex. Goroutines that want the mutex
// block in the kernel with their P. The next tick finds them in libc and takes
// the P. The stopped goroutine is on the global queue and gets a P in turn, as
// every runnable goroutine does. The runtime itself never waits for a lock that
// a stopped thread can hold. sched.lock is not held outside the runtime, and
// malloc's lock is not held in the program's own text.
//
// Known exception: libc may call text of the program back under a lock of
// libc's. An example is a dl_iterate_phdr callback that runs for 10 ms.
//
// Invariants:
//   PRE-3 The handler runs on the thread it concerns, so what it changes in M
//         races with nobody; a signal without preempt_request is not ours.
//         Every one goes on to whoever had SIGURG before (the kernel may make
//         one of ours and somebody else's).
//   PRE-4 A goroutine whose thread sleeps in the handler is runnable, pinned to
//         that thread until it runs again.
//   MON-5 A loop that never calls the runtime gives way when it is asked to.
// MON-4 and MON-7 of sysmon_step.h rest on these.
#pragma once

#include <cstdint>

#include "runtime/core/sched.h"

namespace mn {

// What the handler does with a goroutine outside the runtime.
enum class PreemptMode {
  kStop,     // stops the thread, or detaches the goroutine in a library
  kHandoff,  // always detaches the goroutine
  kOff       // there is no handler, and only calls that may park give way
};

// Reads GODEBUG and installs the handler of SIGURG. Main calls PreemptInit
// once, before the first goroutine.
// REQUIRES: InstallCrashSignals has run.
// Mirrors: the part of runtime.initsig for sigPreempt.
void PreemptInit();

// Returns the mode that PreemptInit has chosen. Callable from any thread.
PreemptMode CurrentPreemptMode();

// Asks p's goroutine to give way to others (a preempt request). The goroutine
// may miss the request, so the caller asks again.
// REQUIRES: sched.lock is not held.
// Callable from any thread. Does not park.
// Mirrors: runtime.preemptone.
void PreemptOne(P* p);

// Asks the detached goroutine of m to stop. The goroutine may miss the request.
// Callable from any thread. Does not park. Go detaches nothing.
void PreemptDetached(M* m);

// Asks every goroutine that holds a P to give way, since the world stops. A
// goroutine that is interrupted for this alone keeps its place (StopInPlace in
// lockedm.h). The caller asks again until every P has stopped.
// REQUIRES: sched.gcwaiting is set. sched.lock is not held.
// Callable from any thread. Does not park.
// Mirrors: runtime.preemptall.
void PreemptAll();

}  // namespace mn
