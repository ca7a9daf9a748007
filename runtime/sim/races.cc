#include "runtime/sim/races.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "runtime/sim/arena.h"
#include "runtime/sim/clock.h"
#include "runtime/sim/execution.h"
#include "runtime/sim/memory.h"
#include "runtime/sim/model.h"
#include "runtime/sim/names.h"
#include "runtime/sim/threads.h"

namespace mn::sim {

namespace {

constexpr std::size_t kCells = 1 << 14;
constexpr int kRuns = 4;

// Two accesses to the same bytes, one of them a write, unordered by
// happens-before.
struct Race {
  int with = -1;  // the other thread; -1: there is no race
  bool other_wrote = false;
  const void* other_pc = nullptr;
};

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

Cell cells[kCells];
std::size_t cells_used = 0;
std::uint32_t number = 0;  // of the execution

Cell& FindCell(std::uintptr_t word) {
  std::size_t i = Mix(word, 3) % kCells;
  while (cells[i].execution == number && cells[i].word != word) {
    i = (i + 1) % kCells;
  }
  if (cells[i].execution != number) {
    if (++cells_used > kCells / 2) {
      std::fprintf(stderr, "sim: a model touches too much plain memory\n");
      std::abort();
    }
    cells[i].word = word;
    cells[i].execution = number;
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

}  // namespace

void StartRaces() {
  number++;
  cells_used = 0;
}

void OpPlain(const void* addr, std::size_t size, bool write, const void* pc) {
  if (Outside() || !execution.running) return;
  if (IsPerThread(addr)) return;
  const Race race =
      NotePlain(addr, size, write, execution.current, Current().clock, pc);
  if (execution.settings->record) {
    for (const Named& named : execution.result.names) {
      const auto at = reinterpret_cast<std::uintptr_t>(addr);
      const auto base = reinterpret_cast<std::uintptr_t>(named.addr);
      if (!named.show || at - base >= named.size) continue;
      const ValueType type{static_cast<std::uint8_t>(size < 8 ? size : 8),
                           size == 8 ? Form::kPointer : Form::kSigned};
      Record(write ? Verb::kPlainWrite : Verb::kPlainRead, {nullptr, 0}, addr,
             type, RawLoad(addr, type));
      const OutsideArena outside;
      execution.result.rows.back().text = static_cast<const char*>(pc);
      break;
    }
  }
  if (race.with < 0) return;
  const OutsideArena outside;
  execution.result.kind = "data race";
  execution.result.text =
      DescribeRace(race, write, pc, Current().name, threads[race.with].name,
                   addr, execution.result.names);
  Leave(Outcome::kViolation);
}

void PlainAccess(const void* addr, std::size_t size, bool write) {
  OpPlain(addr, size, write, __builtin_return_address(0));
}

}  // namespace mn::sim
