#include "runtime/sim/locations.h"

#include <backtrace.h>
#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/sim/engine.h"
#include "runtime/sim/hash.h"

namespace mn::sim {

namespace {

constexpr std::size_t kLocations = 1 << 14;
constexpr std::size_t kCells = 1 << 14;
constexpr int kRuns = 4;

// Bytes of one word that are accessed together.
struct Run {
  std::uint8_t bytes;  // a bit each
  bool written;
  std::int8_t writer;
  std::int8_t reader;  // the last
  std::uint32_t write_clock;
  Clock reads;
  const void* write_pc;
  const void* read_pc;
};

struct Cell {
  std::uintptr_t word;
  std::uint32_t execution;  // another one's: empty
  int runs;
  Run run[kRuns];
};

Location locations[kLocations];
std::size_t locations_used = 0;
Cell cells[kCells];
std::size_t cells_used = 0;
std::uint32_t execution = 0;

Cell& FindCell(std::uintptr_t word) {
  std::size_t i = Mix(word, 3) % kCells;
  while (cells[i].execution == execution && cells[i].word != word) {
    i = (i + 1) % kCells;
  }
  if (cells[i].execution != execution) {
    if (++cells_used > kCells / 2) {
      std::fprintf(stderr, "sim: a model touches too much plain memory\n");
      std::abort();
    }
    cells[i].word = word;
    cells[i].execution = execution;
    cells[i].runs = 0;
  }
  return cells[i];
}

Race NoteRun(Run& r, bool write, int thread, const Clock& clock,
             const void* pc) {
  Race race;
  if (r.written && r.writer != thread && r.write_clock > clock.at[r.writer]) {
    race = {r.writer, true, r.write_pc};
  } else if (write) {
    for (int i = 0; i < kMaxThreads; i++) {
      if (i != thread && r.reads.at[i] > clock.at[i]) {
        race = {i, false, r.reader == i ? r.read_pc : nullptr};
      }
    }
  }
  if (write) {
    r.written = true;
    r.writer = static_cast<std::int8_t>(thread);
    r.write_clock = clock.at[thread];
    r.write_pc = pc;
  } else {
    r.reads.at[thread] = clock.at[thread];
    r.reader = static_cast<std::int8_t>(thread);
    r.read_pc = pc;
  }
  return race;
}

Race NoteBytes(std::uintptr_t word, std::uint8_t bytes, bool write, int thread,
               const Clock& clock, const void* pc) {
  Cell& cell = FindCell(word);
  Race race;
  bool exact = false;
  for (int i = 0; i < cell.runs; i++) {
    Run& r = cell.run[i];
    if ((r.bytes & bytes) == 0) continue;
    if (r.bytes == bytes) exact = true;
    const Race here = NoteRun(r, write, thread, clock, pc);
    if (race.with < 0) race = here;
  }
  if (!exact && cell.runs < kRuns) {
    Run& r = cell.run[cell.runs++];
    r = Run{};
    r.bytes = bytes;
    NoteRun(r, write, thread, clock, pc);
  }
  return race;
}

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
  if (l.execution != execution) {
    l.execution = execution;
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

void StartLocations() {
  execution++;
  cells_used = 0;
}

void ForgetLocations() {
  for (Location& l : locations) l = Location{};
  locations_used = 0;
}

Race NotePlain(const void* addr, std::size_t size, bool write, int thread,
               const Clock& clock, const void* pc) {
  Race race;
  auto at = reinterpret_cast<std::uintptr_t>(addr);
  while (size != 0) {
    const std::size_t skip = at % 8;
    const std::size_t here = size < 8 - skip ? size : 8 - skip;
    const auto bytes = static_cast<std::uint8_t>(((1u << here) - 1) << skip);
    const Race r = NoteBytes(at - skip, bytes, write, thread, clock, pc);
    if (race.with < 0) race = r;
    at += here;
    size -= here;
  }
  return race;
}

namespace {

void OnError(void*, const char*, int) {}

int OnFrame(void* out, std::uintptr_t, const char* file, int line,
            const char* function) {
  if (file == nullptr) return 0;
  const char* slash = std::strrchr(file, '/');
  std::string text = std::string(slash != nullptr ? slash + 1 : file) + ":" +
                     std::to_string(line);
  if (function != nullptr) {
    char* name = abi::__cxa_demangle(function, nullptr, nullptr, nullptr);
    text += std::string(" ") + (name != nullptr ? name : function);
    std::free(name);
  }
  *static_cast<std::string*>(out) = text;
  return 1;  // the innermost is enough
}

}  // namespace

std::string SourceOf(const void* pc) {
  static backtrace_state* state =
      backtrace_create_state(nullptr, 0, OnError, nullptr);
  std::string text = "?";
  if (pc != nullptr) {
    backtrace_pcinfo(state, reinterpret_cast<std::uintptr_t>(pc) - 1, OnFrame,
                     OnError, &text);
  }
  return text;
}

namespace {

std::string Spell(const Named& n, std::uintptr_t offset) {
  std::string text = n.name;
  if (n.index >= 0) text += "[" + std::to_string(n.index) + "]";
  if (offset != 0) text += "+" + std::to_string(offset);
  return text;
}

}  // namespace

std::string NameOf(const void* addr, const std::vector<Named>& names) {
  const auto at = reinterpret_cast<std::uintptr_t>(addr);
  const Named* best = nullptr;
  for (const Named& n : names) {
    if (at - reinterpret_cast<std::uintptr_t>(n.addr) >= n.size) continue;
    if (best == nullptr || n.size <= best->size) best = &n;
  }
  if (best == nullptr) return "";
  return Spell(*best, at - reinterpret_cast<std::uintptr_t>(best->addr));
}

std::string NameOfObject(const void* addr, const std::vector<Named>& names) {
  const Named* best = nullptr;
  for (const Named& n : names) {
    if (n.addr == addr && (best == nullptr || n.size > best->size)) best = &n;
  }
  return best == nullptr ? "" : Spell(*best, 0);
}

std::string DescribeRace(const Race& race, bool write, const void* pc,
                         const char* thread, const char* other,
                         const void* addr, const std::vector<Named>& names) {
  std::string name = NameOf(addr, names);
  if (name.empty()) name = "the same memory";
  return std::string(thread) + (write ? " writes " : " reads ") + name +
         " at " + SourceOf(pc) + ", " + other +
         (race.other_wrote ? " wrote" : " read") + " it at " +
         SourceOf(race.other_pc) + ", and nothing orders the two";
}

}  // namespace mn::sim
