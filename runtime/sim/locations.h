// What is known about each atomic: who uses it, and what its readers
// synchronise with.
//
// Which atomics are contended is learned while exploring and outlives an
// execution. Learning of another contended one starts an exhaustive search
// anew, because choices have been missed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/sim/clock.h"

namespace mn::sim {

struct Location {
  const void* addr = nullptr;
  // ---- learned over all executions -----------------------------------------
  // Two threads have used it, one of them writing, with nothing else to order
  // them: only then does it matter when a thread uses it.
  bool contended = false;
  // ---- of this execution ---------------------------------------------------
  std::uint32_t execution = 0;
  std::uint64_t last_write = 0;  // the history of its writes
  Clock sync;                    // of the last one's release sequence
  int writer = -1;               // of the last one
  std::uint32_t write_clock = 0;
  Clock reads;
};

// The atomic at addr, as fresh if it was not used in this execution. The
// reference stays good.
Location& FindLocation(const void* addr);

// A use of an atomic. True: nothing orders it with another thread's.
bool NoteAtomic(Location& l, bool write, int thread, const Clock& clock);

// A new execution / a new model.
void StartLocations();
void ForgetLocations();

}  // namespace mn::sim
