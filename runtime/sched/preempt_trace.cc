// The room for one stack, between the signal handler and sysmon.
//
// preempt_trace.h says why.
#include "runtime/sched/preempt_trace.h"

#include <algorithm>

#include "runtime/base/atomic.h"
#include "runtime/core/fatal.h"
#include "runtime/core/godebug.h"
#include "runtime/diag/pcs.h"

namespace mn {

namespace {

// Written before the handler is installed, so a plain bool is enough.
bool enabled = false;

constexpr int kHogFrames = 32;
// A goroutine that was interrupted, and where. Whoever has moved `state` owns
// the rest.
struct Hog {
  mn::atomic<std::uint32_t> state{0};  // 0 free, 1 being written, 2 to print
  std::uint64_t goid = 0;
  int frames = 0;
  std::uintptr_t pc[kHogFrames];
};
Hog hog;

}  // namespace

void PreemptTraceInit() { enabled = Godebug("preempttrace") == "1"; }

void NoteHog(const G* gp, std::uintptr_t pc, std::uintptr_t fp) {
  if (!enabled) return;
  // If the room is taken the stack is dropped. The handler must not wait, and
  // the goroutine will be interrupted again.
  std::uint32_t free = 0;
  // acquire: pairs with the release in ReportHogs.
  if (!hog.state.compare_exchange_strong(free, 1, memory_order_acquire)) return;
  hog.goid = gp->goid;
  hog.pc[0] = pc;
  hog.frames =
      1 + StackPcs(fp, gp->stack_lo, gp->stack_hi, hog.pc + 1, kHogFrames - 1);
  // release: pairs with the acquire in ReportHogs.
  hog.state.store(2, memory_order_release);
}

void ReportHogs() {
  // acquire: pairs with the release in NoteHog.
  if (hog.state.load(memory_order_acquire) != 2) return;
  // Each place is printed once, since a hog is interrupted a hundred times a
  // second. Only sysmon comes here, so no lock guards the list.
  constexpr int kPlaces = 64;
  static std::uintptr_t places[kPlaces];
  static int known = 0;
  const std::uintptr_t place = ProgramFunction(hog.pc, hog.frames);
  const bool fresh = known < kPlaces &&
                     std::find(places, places + known, place) == places + known;
  if (fresh) {
    places[known++] = place;
    FatalText text;
    text << "runtime: goroutine " << static_cast<std::int64_t>(hog.goid)
         << " ran without a call that may park; it was interrupted at\n";
    text.Print();
    PrintPcs(hog.pc, hog.frames);
  }
  // release: pairs with the acquire in NoteHog.
  hog.state.store(0, memory_order_release);
}

}  // namespace mn
