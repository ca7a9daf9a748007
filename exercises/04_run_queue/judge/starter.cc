// Lesson 04: the local run queue of a P. This file is yours.
//
//   read   lessons/04_run_queue/README.md   why the queue is built like this
//   read   runtime/plug/run_queue.h         the contract: layout, who may call
//                                           what, invariants RQ-1 to RQ-7
//   edit   the three functions below
//   run    bazel test //exercises/04_run_queue
//
// It compiles as it is, and the test is red: that is the start, not a broken
// setup. One step at a time turns one case after the other green:
//   1. RunqPut and RunqGet for one thread, without runnext    RQ-1, RQ-6
//   2. runnext                                                RQ-2, RQ-7
//   3. RunqPutSlow                                            RQ-3
//   4. thieves: who may still read the slot that you reuse?   RQ-4, RQ-5
// Stuck? `bazel run //tools:wb -- hint 04` has three hints, and nobody minds.

#include "runtime/plug/run_queue.h"

namespace mn {

// Moves half of a full ring and gp to the global queue (RQ-3).
bool RunqPutSlow(RunQueue& /*q*/, G* /*gp*/, std::uint32_t /*head*/,
                 std::uint32_t /*tail*/) {
  return true;
}

// Queues gp: in runnext if next, else at the ring's tail.
void RunqPut(RunQueue& /*q*/, G* /*gp*/, bool /*next*/) {}

// The next goroutine to run, or null if there is none.
G* RunqGet(RunQueue& /*q*/) { return nullptr; }

}  // namespace mn
