#include "runtime/sim/locations.h"

#include <cstdio>
#include <cstdlib>

#include "runtime/sim/hash.h"

namespace mn::sim {

namespace {

constexpr std::size_t kLocations = 1 << 14;

Location locations[kLocations];
std::size_t locations_used = 0;
std::uint32_t number = 0;  // of the execution

}  // namespace

Location& FindLocation(const void* addr) {
  std::size_t i = Mix(reinterpret_cast<std::uintptr_t>(addr), 1) % kLocations;
  while (locations[i].addr != addr) {
    if (locations[i].addr == nullptr) {
      if (++locations_used > kLocations / 2) {
        std::fprintf(stderr, "sim: a model uses too many atomics\n");
        std::abort();
      }
      locations[i].addr = addr;
      break;
    }
    i = (i + 1) % kLocations;
  }
  Location& l = locations[i];
  if (l.execution != number) {
    l.execution = number;
    l.last_write = Mix(reinterpret_cast<std::uintptr_t>(addr), 2);
    l.sync = Clock{};
    l.writer = -1;
    l.reads = Clock{};
  }
  return l;
}

bool NoteAtomic(Location& l, bool write, int thread, const Clock& clock) {
  bool race =
      l.writer >= 0 && l.writer != thread && l.write_clock > clock.at[l.writer];
  if (write) {
    for (int i = 0; i < kMaxThreads; i++) {
      race = race || (i != thread && l.reads.at[i] > clock.at[i]);
    }
    l.writer = thread;
    l.write_clock = clock.at[thread];
  } else {
    l.reads.at[thread] = clock.at[thread];
  }
  return race;
}

void StartLocations() { number++; }

void ForgetLocations() {
  for (Location& l : locations) l = Location{};
  locations_used = 0;
}

}  // namespace mn::sim
