// Lesson 04: the local run queue of a P. This file is yours.
//
//   read   lessons/04_run_queue/README.md   why the queue is built like this
//   read   runtime/plug/run_queue.h         the contract: layout, who may call
//                                           what, invariants RQ-1 to RQ-7
//   edit   the three functions below
//   run    bazel test //exercises/04_run_queue
//
// It compiles as it is, and the test is red: that is the start, not a broken
// setup. "From red to green" on the page says which case to turn green first.
// Stuck? `wb hint 04` has three hints, and nobody minds.

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
