#include "runtime/diag/frames.h"

#include <cstdint>

#include "absl/debugging/symbolize.h"
#include "runtime/diag/names.h"
#include "runtime/diag/sigpanic.h"

namespace mn::internal {

namespace {

constexpr int kInnermost = 50;  // Go's
constexpr int kOutermost = 50;

// First pass: numbers the frames and finds the ones to show.
struct Survey {
  int frames = 0;
  int first = -1;  // the first and the last that are the program's
  int last = -1;
  bool api_before = false;  // the frame before `first` is what it called
  bool in_signal = false;   // the walk came through a signal frame
  int skip_pcs = 0;         // addresses that belong to a signal handler
  int pcs = 0;
  std::uintptr_t last_pc = 0;
  bool last_is_plumbing = false;

  bool previous_is_api = false;

  void Restart() {
    frames = 0;
    first = last = -1;
    previous_is_api = false;
  }
  void Count(const Frame& frame) {
    const bool plumbing = frame.IsPlumbing();
    // The nameless are not shown either, but one (a function of a library
    // without debug symbols) does not show that the stack ends there.
    last_is_plumbing = plumbing && (frame.function || frame.file);
    if (!plumbing) {
      if (first < 0) {
        first = frames;
        api_before = previous_is_api;
      }
      last = frames;
    }
    previous_is_api = frame.IsRuntime();
    frames++;
  }
};

void SurveyPc(void* arg, std::uintptr_t pc, bool exact) {
  auto& survey = *static_cast<Survey*>(arg);
  const bool faulted = IsTrampoline(survey.last_pc);
  if (exact || faulted) {
    survey.Restart();
    survey.in_signal = survey.in_signal || !faulted;
    survey.skip_pcs = survey.pcs;
  }
  survey.pcs++;
  survey.last_pc = pc;
  Symbolize(
      pc, exact,
      [](void* s, const Frame& f) { static_cast<Survey*>(s)->Count(f); },
      &survey);
}

// Second pass.
struct Printer {
  FatalText* out;
  int skip_pcs = 0;
  int begin = 0;  // frames [begin, end) are shown ...
  int end = 0;
  int elide_begin = 0;  // ... except [elide_begin, elide_end)
  int elide_end = 0;
  bool may_allocate = true;
  int frame = 0;
  int pcs = 0;
};

void PrintFrame(void* arg, const Frame& frame) {
  auto& p = *static_cast<Printer*>(arg);
  const int i = p.frame++;
  if (i < p.begin || i >= p.end) return;
  if (i >= p.elide_begin && i < p.elide_end) {
    if (i == p.elide_begin) {
      *p.out << "..." << static_cast<std::int64_t>(p.elide_end - p.elide_begin)
             << " frames elided...\n";
    }
    return;
  }
  AppendName(*p.out, frame, p.may_allocate);
  *p.out << "(...)\n";
  AppendPlace(*p.out, frame);
}

void PrintPc(void* arg, std::uintptr_t pc, bool exact) {
  auto& p = *static_cast<Printer*>(arg);
  if (p.pcs++ < p.skip_pcs) return;
  Symbolize(pc, exact, &PrintFrame, &p);
}

}  // namespace

void AppendName(FatalText& out, const Frame& frame, bool may_allocate) {
  char name[256];
  if (may_allocate) {
    AppendFunctionName(out, frame.function);
  } else if (!frame.inlined && frame.entry != 0 &&
             absl::Symbolize(reinterpret_cast<const void*>(frame.entry), name,
                             sizeof name)) {
    AppendShortName(out, name);
  } else {
    out << (frame.function != nullptr ? frame.function : "??");
  }
}

void AppendPlace(FatalText& out, const Frame& frame) {
  out << "\t" << (frame.file != nullptr ? frame.file : "??") << ":"
      << static_cast<std::int64_t>(frame.line);
  if (!frame.inlined && frame.entry != 0 && frame.pc > frame.entry) {
    out << " +" << Hex{frame.pc - frame.entry};
  }
  out << "\n";
}

void PrintFrames(FatalText& out, const Stack& stack, TraceStyle& style) {
  Survey survey;
  stack.Walk(&SurveyPc, &survey);
  if (survey.in_signal) style.may_allocate = false;
  Printer p{.out = &out,
            .skip_pcs = survey.skip_pcs,
            .end = survey.frames,
            .may_allocate = style.may_allocate};
  if (style.level < 2 && survey.first >= 0) {
    p.begin = survey.first - (survey.api_before ? 1 : 0);
    p.end = survey.last + 1;
  }
  if (p.end - p.begin > kInnermost + kOutermost) {
    p.elide_begin = p.begin + kInnermost;
    p.elide_end = p.end - kOutermost;
  }
  stack.Walk(&PrintPc, &p);
}

Stack StackFrom(std::uintptr_t fp, StackBounds bounds) {
  Stack stack{.fp = fp, .bounds = bounds};
  if (!stack.bounds.Holds(stack.fp, 16) || stack.fp % 8 != 0) return stack;
  Survey survey;
  stack.Walk(&SurveyPc, &survey);
  if (!survey.last_is_plumbing) stack.point = CallerOf(stack.fp);
  return stack;
}

}  // namespace mn::internal
