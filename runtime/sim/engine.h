// The engine: runs one execution of a model, one step at a time, on one OS
// thread, asking a Strategy at every point of choice.
//
// Why it is hard: the sources under test are the runtime's own, so a "thread"
// must be a full stack that can be left anywhere, even on a goroutine's stack;
// memory must behave as the processor's does, not as this single thread's; and
// an execution that goes wrong must end without ending the process.
//
// What was decided:
//   * A thread of the model is a stack and a context (Boost.Context). A step is
//     one atomic operation (or fence, futex call ...) and all the plain code up
//     to the next. Uses of an atomic that happens-before always orders (it is
//     guarded by a lock, or handed over) are not points of choice: no schedule
//     changes what they see. Which atomics these are is learned while
//     exploring, and learning of another contended one starts the exploration
//     anew.
//   * An execution that ends early is abandoned: no stack is unwound. All
//     memory is the model's statics, made anew by its setup, and the arenas.
//   * x86-TSO: a store may stay in its thread's FIFO buffer; loads look there
//     first; locked operations, fences and system calls drain it. A buffered
//     store reaches memory as a step of its own.
//   * Happens-before is C++'s, from the orders as written, however strong the
//     modelled processor is: a relaxed store that should be a release is found
//     as a data race on what it was to publish.
//   * Spinning is fair: a thread that said CpuRelax twice and saw no other
//     thread write memory in between does not run until one has.
//
// Rejected: real threads that are stopped and released (100 times slower, and
// the store buffer is then the real one); modelling the weaker orders' values
// (the runtime's targets would need other hardware to confirm what is found).
//
// Invariants:
//   EXP-1 an execution is a function of its schedule;
//   EXP-2 an execution that cannot go on ends: every thread done (or a daemon
//         asleep), or a violation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/sim/clock.h"
#include "runtime/sim/model.h"
#include "runtime/sim/ops.h"
#include "runtime/sim/strategy.h"

namespace mn::sim {

enum class Memory : std::uint8_t { kSc, kTso };

enum class Outcome : std::uint8_t {
  kDone,       // everything came to its end and was right
  kViolation,  // see Result
  kPruned,     // the strategy knows the rest
  kLearned,    // another atomic turned out to be contended: explore anew
};

// What a row of the timeline says.
enum class Verb : std::uint8_t {
  kRead,
  kReadOwn,  // from the own store buffer
  kWrite,
  kBuffer,  // a store that stays in the buffer
  kReach,   // ... and reaches memory
  kExchange,
  kAdd,
  kSub,
  kOr,
  kAnd,
  kCasOk,
  kCasFails,
  kFence,
  kRelax,
  kAwait,
  kSleep,
  kNoSleep,  // the word has another value: no sleep
  kEarly,
  kWoken,
  kWake,
  kTimeout,
  kEnd,
  kPlainRead,
  kPlainWrite,
  kSay,
};

struct Row {
  std::uint8_t thread;
  Verb verb;
  std::memory_order order;
  ValueType type;
  bool quiet;      // no other thread could have noticed
  bool preempted;  // the thread was switched to though another could go on
  const void* addr;
  Word before;
  Word after;
  Where where;
  const char* text;
};

struct Named {
  const void* addr;
  std::size_t size;
  const char* name;
  int index;
  bool show;
};

struct Result {
  Outcome outcome = Outcome::kDone;
  std::string kind;  // "deadlock", "data race", ...
  std::string text;
  Schedule schedule;
  std::uint32_t steps = 0;
  int preemptions = 0;
  // If recorded:
  std::vector<Row> rows;
  std::vector<Named> names;
  std::vector<std::string> threads;
};

struct Settings {
  Memory memory = Memory::kSc;
  bool record = false;
  std::uint32_t max_steps = 20'000;
};

// Runs one execution.
Result Execute(const Config& config, const Settings& settings,
               Strategy& strategy);

// Forgets which atomics are contended. Between models or memories.
void Unlearn();

}  // namespace mn::sim
