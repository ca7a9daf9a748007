// An adversary at every instruction: deterministic interleavings of real code.
//
// What: StepThrough runs an operation under the processor's single-step flag
// and, after the chosen instruction, lets the adversary act as if it were
// another thread that ran exactly then. Trying every position tries every
// interleaving with one pre-emption, on the machine code that will really run.
//
// Why it is hard: a race between two threads has to fall into a window of a few
// nanoseconds; a stress test on a busy machine with few CPUs can miss it for
// minutes. Single-stepping finds it in the same run every time, even on one
// CPU.
//
// How: SIGTRAP after each instruction; the handler is the other thread. So the
// adversary must be async-signal-safe and must not need a lock that the
// operation holds. Rejected: hooks in mn::atomic (they would see only code that
// uses it, and another binary than the one that runs).
//
// Limits: x86-64 only; not under TSan (it delays signals); one pre-emption; a
// weaker memory order than the processor's is invisible (TSan's business).
#pragma once

#include <cstdint>
#include <functional>

#include "tools/judge/protocol.h"

namespace mn::judge {

// Runs op; after its `position`-th instruction (1 is the first) runs adversary
// once. A position beyond the end means that it does not act. Returns the
// number of instructions that were stepped through: all of op's if the
// adversary did not act, else `position`. Returns -1, without running op, where
// stepping is not possible.
std::int64_t StepThrough(std::int64_t position, const std::function<void()>& op,
                         const std::function<void()>& adversary);

// The instruction after which the last adversary acted, for Driver::CodeOffset;
// 0 if none has.
std::uintptr_t StruckAfter();

// Calls at(position) for the positions of an operation of `length`
// instructions: all of a short one, a random sample of a long one. A step costs
// some ten microseconds in a virtual machine, and all positions are length²/2
// steps.
void ForPositions(std::int64_t length, Random& rng,
                  const std::function<void(std::int64_t)>& at);

inline constexpr std::int64_t kNever = INT64_MAX;

// Instructions in its scope are neither counted nor interrupted: for what the
// operation calls and the learner did not write.
class NotStepped {
 public:
  NotStepped();
  ~NotStepped();

 private:
  bool stepping_;
};

}  // namespace mn::judge
