// The execution that is under way, as the files of the engine share it.
//
// Why one global: an execution is a process's whole world. Atomics, futex calls
// and plain accesses arrive from code that knows nothing of the explorer, so
// nothing can hand them a context. Rejected: an object that each file gets by
// reference. Every entry point would begin with the same global pointer.
//
// Protocol: Execute (engine.cc) makes `execution` anew and starts the first
// thread. The engine's files then run on the stack of the current thread.
// Nothing here is atomic, because one OS thread runs all.
//
// Invariants:
//   EXE-1 execution.current is the thread whose stack is in use. It is -1 while
//         the explorer itself runs (set-up, check, between executions);
//   EXE-2 whatever the rest of an execution depends on stands in the threads'
//         histories and in `events`, because DepthFirst compares only these.
#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstdint>

#include "runtime/sim/clock.h"
#include "runtime/sim/engine.h"
#include "runtime/sim/hash.h"
#include "runtime/sim/ops.h"
#include "runtime/sim/strategy.h"

namespace mn::sim {

inline constexpr int kBufferSize = 8;

// A store that its thread has made and that memory has not seen.
struct Buffered {
  void* addr;
  ValueType type;
  Word value;
  Clock sync;
  std::uint64_t hash;
  Where where;
};

struct Thread {
  enum State : std::uint8_t { kFree, kReady, kBlocked, kAwaiting, kEnded };
  State state = kFree;
  bool daemon = false;
  bool relaxing = false;      // at a CpuRelax
  bool relaxed_last = false;  // its last operation was one
  bool timed_out = false;
  std::uint8_t spins = 0;  // CpuRelaxes since another thread wrote
  int buffered = 0;
  int turn = 0;  // steps since it was switched to
  boost::context::detail::fcontext_t context = nullptr;
  void (*run)(void*) = nullptr;
  void* arg = nullptr;
  const char* name = "";
  const void* key = nullptr;  // what it is blocked on, or awaits
  ValueType await_type{};
  Word await_value = 0;
  std::int64_t deadline = 0;  // 0: none
  std::uint64_t since = 0;    // order of blocking
  std::int64_t looks = 0;     // at the clock
  std::uint64_t hash = 0;     // its history
  Where where{};              // of the operation it is at
  Clock clock;
  Clock to_acquire;  // seen by relaxed loads; an acquire fence takes it
  Clock released;    // at its last release fence
  Buffered buffer[kBufferSize];
  void* slot[4] = {};  // its thread_locals
};

struct Execution {
  bool running = false;  // past its set-up
  int current = -1;
  int nthreads = 0;
  Strategy* strategy = nullptr;
  const Settings* settings = nullptr;
  bool every_step = false;
  std::uint32_t choices = 0;
  std::uint64_t events = 0;  // commutative hash of all of them
  std::uint64_t block_order = 0;
  int idle_releases = 0;
  std::int64_t time_base = 0;
  bool preempting = false;  // the switch under way was not voluntary
  Result result;
};

extern Execution execution;
extern Thread threads[kMaxThreads];

inline Thread& Current() { return threads[execution.current]; }

// True: the explorer itself runs, so an operation is no step.
inline bool Outside() { return execution.current < 0; }

// The thread has done something: its history grows.
inline void Happens(Thread& t, std::uint64_t what, std::uint64_t depends_on) {
  t.hash = Mix(Mix(t.hash, what), depends_on);
  execution.events += Mix(t.hash, 0x5EED);
  t.relaxed_last = false;
}

// Counts a step, and writes its row if the execution is recorded.
// `thread`: -1 is the current one. `quiet`: no other thread can notice it.
void RecordRow(Verb verb, Where where, const void* addr, ValueType type,
               Word before, Word after, std::memory_order order, int thread,
               bool quiet);
inline void Record(Verb verb, Where where, const void* addr = nullptr,
                   ValueType type = {}, Word before = 0, Word after = 0,
                   std::memory_order order = std::memory_order_relaxed,
                   int thread = -1, bool quiet = false) {
  execution.result.steps++;
  if (!execution.settings->record) return;
  RecordRow(verb, where, addr, type, before, after, order, thread, quiet);
}

// Ends the execution, whichever thread is current. No stack is unwound.
[[noreturn]] void Leave(Outcome outcome);

}  // namespace mn::sim
