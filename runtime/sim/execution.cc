#include "runtime/sim/execution.h"

#include <cstdio>
#include <cstdlib>

#include "runtime/sim/arena.h"
#include "runtime/sim/model.h"
#include "runtime/sim/threads.h"

namespace mn::sim {

Execution execution;
Thread threads[kMaxThreads];

void RecordRow(Verb verb, Where where, const void* addr, ValueType type,
               Word before, Word after, std::memory_order order, int thread,
               bool quiet) {
  const OutsideArena outside;
  execution.result.rows.push_back(
      {static_cast<std::uint8_t>(thread < 0 ? execution.current : thread), verb,
       order, type, quiet, execution.preempting, addr, before, after, where,
       nullptr});
  execution.preempting = false;
}

void Leave(Outcome outcome) {
  UseArena(-1);
  execution.result.outcome = outcome;
  execution.current = -1;
  SwitchOutside();
}

void Violate(const char* kind, const char* text) {
  {
    const OutsideArena outside;
    if (execution.result.kind.empty()) {
      execution.result.kind = kind;
      execution.result.text = text;
    }
  }
  execution.result.outcome = Outcome::kViolation;
  if (!Outside()) Leave(Outcome::kViolation);
  if (execution.running) {
    execution.running = false;
    throw Outcome::kViolation;  // from check; Execute catches it
  }
  std::fprintf(stderr, "sim: %s during setup: %s\n", kind, text);
  std::abort();
}

void Expect(bool cond, const char* what) {
  if (!cond) Violate("expectation", what);
}

void Name(const void* addr, std::size_t size, const char* name, int index,
          bool show) {
  if (!execution.settings->record) return;
  const OutsideArena outside;
  execution.result.names.push_back({addr, size, name, index, show});
}

void Say(const char* what, const void* object) {
  if (Outside() || !execution.settings->record) return;
  Record(Verb::kSay, {nullptr, 0}, object);
  execution.result.rows.back().text = what;
}

}  // namespace mn::sim
