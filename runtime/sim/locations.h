// What is known about addresses: atomics (who uses them, what a reader
// synchronises with) and plain memory (who touched it when).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/sim/clock.h"

namespace mn::sim {

struct Named;

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

// Two accesses to the same bytes, one of them a write, unordered by
// happens-before. with: the other thread, -1: there is no race.
struct Race {
  int with = -1;
  bool other_wrote = false;
  const void* other_pc = nullptr;
};

// FastTrack (Flanagan and Freund, PLDI 2009), per run of bytes that is accessed
// as one.
Race NotePlain(const void* addr, std::size_t size, bool write, int thread,
               const Clock& clock, const void* pc);

std::string DescribeRace(const Race& race, bool write, const void* pc,
                         const char* thread, const char* other,
                         const void* addr, const std::vector<Named>& names);

// "file.cc:12 Function", from the debug information; "?" without.
std::string SourceOf(const void* pc);

// The name of the smallest object that contains addr, or of the largest that
// begins there; "" if it has none.
std::string NameOfObject(const void* addr, const std::vector<Named>& names);
std::string NameOf(const void* addr, const std::vector<Named>& names);

}  // namespace mn::sim
