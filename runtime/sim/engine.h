// The engine: runs one execution of a model, one step at a time, on one OS
// thread, asking a Strategy at every point of choice.
//
// Why it is hard: threads must be stopped anywhere (threads.h), memory must
// behave as the processor's does, not as this single thread's (memory.h), races
// must be seen in a schedule that keeps them apart (races.h), and an execution
// that goes wrong must end without ending the process (crash.h, Leave).
//
// How the parts meet: an operation on an atomic (ops.h) is a step. Before a
// step the engine asks the strategy which thread makes it (choice.h). All that
// the parts share about the execution stands in execution.h.
//
//   * Uses of an atomic that happens-before always orders are not points of
//     choice. Which atomics these are is learned while exploring (locations.h).
//   * An execution that ends early is abandoned. No stack is unwound. All
//     memory is the model's statics, made anew by its set-up, and the arenas.
//
// Invariants:
//   EXP-1 an execution is a function of its schedule;
//   EXP-2 an execution that cannot go on ends: every thread done (or a daemon
//         asleep), or a violation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/sim/model.h"
#include "runtime/sim/names.h"
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
