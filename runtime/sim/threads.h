// The threads of a model, and who of them makes the next step.
//
// Why it is hard: the sources under test are the runtime's own, so a thread
// must be a full stack that can be left anywhere, even on a goroutine's stack.
// And an execution must end although its threads may spin or wait for ever.
//
// A thread is a stack and a context (Boost.Context). A step is one operation
// and all the plain code up to the next. Uses of an atomic that happens-before
// always orders (a lock guards it, or it is handed over) are not points of
// choice, because no schedule changes what they see.
//
// Spinning is fair. A thread that said CpuRelax twice and saw no other thread
// write memory in between does not run until one has. A thread that makes
// kTurn steps in a row is taken to spin without saying so.
//
// Rejected: real threads that are stopped and released. They are 100 times
// slower, and the store buffer is then the real one.
//
// Protocol: an operation calls Step before its effect. A thread that cannot go
// on sets its state and calls PickNext, which returns when it is the thread's
// turn again. When no thread can go on, virtual time passes, or spinners may
// look once more, or the execution ends.
//
// Invariant, with EXP-2 of engine.h:
//   EXP-3 PickNext returns on the stack of the current thread.
#pragma once

#include "runtime/sim/execution.h"

namespace mn::sim {

// Steps in a row before the others must have one.
inline constexpr int kTurn = 1000;

// Who goes on? Returns in the thread that called once it is its turn. Called
// by the explorer it starts the first thread, and returns when the execution is
// over.
void PickNext();

// Leaves the current thread for the explorer, which called PickNext.
[[noreturn]] void SwitchOutside();

// The current thread spins without saying so.
void YieldAfterTurn();

// True: addr is a thread_local that each thread has for itself.
bool IsPerThread(const void* addr);

// Before an operation of the current thread. `visible`: another thread may
// notice it.
inline void Step(bool visible, Where where) {
  Thread& t = Current();
  t.where = where;
  if (execution.result.steps > execution.settings->max_steps) {
    Violate("livelock", "the execution does not end");
  }
  if (++t.turn > kTurn && !t.relaxing) {
    YieldAfterTurn();
  } else if (visible || execution.every_step) {
    PickNext();
  } else {
    execution.choices++;
  }
}

}  // namespace mn::sim
